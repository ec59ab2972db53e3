"""A small world: customers with profiles, facts and decisions in a real warehouse, and the campaigns of a shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from tenure.domain.arms import is_left_alone
from tenure.domain.business import Business, ChannelSettings
from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion, Offer
from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import AsOf, as_of, to_micros
from tenure.domain.profile import COLUMNS
from tenure.domain.segment import Column, Compare, Constant
from tenure.operations.decide import Decided, decide
from tenure.warehouse.candidates import DuckCandidates
from tenure.warehouse.choices import DuckDecisions
from tenure.warehouse.duckdb import DuckWarehouse

NOW = datetime(2024, 6, 3, 6, 0, tzinfo=UTC)


class Silent:
    """A progress that nobody watches."""

    def start(self, task: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1) -> None: ...
    def finish(self, summary: str = "") -> None: ...


class World:
    """Customers of one business as of one morning; days are counted back from it."""

    def __init__(self) -> None:
        self.warehouse = DuckWarehouse(":memory:", threads=1)
        self.business = Business(
            name="The Shop", salt="pepper", margin=0.4, channels=(ChannelSettings("email", "maildir", 200),)
        )
        self.as_of: AsOf = as_of(NOW, "UTC")
        self.candidates = DuckCandidates(self.warehouse)
        self.decisions = DuckDecisions(self.warehouse, "USD")
        body = ", ".join(f"{c.name} {c.published}" for c in COLUMNS)
        self.warehouse.run(f"CREATE TABLE profiles (customer_key BIGINT, {body})")
        self.keys: dict[str, int] = {}

    def ago(self, days: float) -> datetime:
        return (NOW - timedelta(days=days)).replace(tzinfo=None)

    def micros(self, days_ago: float) -> int:
        return to_micros(NOW - timedelta(days=days_ago))

    def customer(self, customer_id: str, facts: dict[str, Any] | None = None, **profile: Any) -> None:
        """An active buyer of 50 a week, reachable by e-mail and in no holdout, unless told otherwise."""
        key = self.keys[customer_id] = len(self.keys) + 1
        last = profile.get("recency_days", 3.0)
        row = {
            "customer_id": customer_id, "as_of": NOW.replace(tzinfo=None), "channels": ["email"], "orders": 11,
            "revenue": 550.0, "margin": 220.0, "average_order": 50.0, "recency_days": last, "frequency": 10,
            "gap_expected_days": 7.0, "overdue": last / profile.get("gap_expected_days", 7.0),
            "last_order_at": self.ago(last), "contacts_7d": 0, "contacts_30d": 0, "stage": "active", "holdout": False,
            "locale": "en", "next_order_at": self.ago(last - profile.get("gap_expected_days", 7.0)),
        } | profile  # fmt: skip
        if row["orders"] == 0:
            empty = ("revenue", "margin", "average_order", "recency_days", "gap_expected_days", "overdue",
                     "last_order_at", "next_order_at")  # fmt: skip
            row |= dict.fromkeys(empty) | {"frequency": 0}
        names = ", ".join(("customer_key", *row))
        self.warehouse.run(f"INSERT INTO profiles ({names}) VALUES ({', '.join('?' * (len(row) + 1))})",
                           [key, *row.values()])  # fmt: skip
        own = {"email": f"{customer_id}@example.org", "name": "Ada Lovelace", "locale": row["locale"]} | (facts or {})
        self.fact("customers", customer_id=customer_id, customer_key=key, **own)

    def fact(self, table: str, days_ago: float | None = None, received_ago: float | None = None, **row: Any) -> None:
        """One row of a fact table; `customer` names its customer."""
        if "customer" in row:
            row["customer_id"] = row["customer"]
            row["customer_key"] = self.keys[row.pop("customer")]
        if days_ago is not None:
            row["at"] = self.micros(days_ago)
        if received_ago is not None:
            row["received_at"] = self.micros(received_ago)
        columns = TABLES[table].stored if table in TABLES else OWN_TABLES[table]
        row = {name: row[name] for name, _ in columns if name in row}
        named = ", ".join(f'"{name}"' for name in row)
        self.warehouse.run(f"INSERT INTO facts.{table} ({named}) VALUES ({', '.join('?' * len(row))})",
                           list(row.values()))  # fmt: skip

    def order(
        self, customer: str, days_ago: float, total: float = 50.0, order_id: str = "", status: str = "paid"
    ) -> None:
        self.fact("orders", days_ago, customer=customer, order_id=order_id or f"{customer}-{days_ago}",
                  total=round(total * 100), status=status)  # fmt: skip

    def profiles(self, *customers: str) -> pa.Table:
        """The published profiles of the named, as the profile computes them anew."""
        marks = ", ".join("?" * len(customers))
        return self.warehouse.arrow(f"SELECT * EXCLUDE (customer_key) FROM profiles WHERE customer_id IN ({marks})",
                                    list(customers))  # fmt: skip

    def decide(self, *campaigns: Campaign, run_id: str = "run-1") -> Decided:
        return decide(campaigns, self.candidates, self.decisions, self.as_of, self.business, run_id, Silent())

    def outcomes(self, run_id: str = "run-1") -> dict[tuple[str, str], tuple[str, str | None]]:
        """(customer, campaign) → (outcome, rule) as kept."""
        rows = self.warehouse.fetch(
            "SELECT customer_id, campaign, outcome, rule FROM decisions WHERE run_id = ?", [run_id]
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}

    def chosen(self, run_id: str = "run-1") -> set[str]:
        return {who for (who, _), (outcome, _) in self.outcomes(run_id).items() if outcome == "chosen"}


def campaign(name: str, **changes: Any) -> Campaign:
    """A marketing campaign for everyone, on any order of the last week, with no control group."""
    plain = Campaign(
        name=name, version="v1", title=name.title(), purpose="marketing", stages=(), audience=Audience(""),
        occasion=Occasion(key="order_id", event="Order Completed", within_days=7), channels=("email",),
        goal=Goal(within_days=14), effect=Belief(lift=0.05), control=0.0,
    )  # fmt: skip
    return replace(plain, **changes)


def win_back(**changes: Any) -> Campaign:
    changes = {"stages": ("lapsed",), "occasion": Occasion(key="last_order_at")} | changes
    return campaign("win-back", **changes)


def above(column: str, value: float) -> tuple[str, Compare]:
    return f"{column} > {value:g}", Compare(">", Column(column), Constant(value))


def audience(*terms: tuple[str, Any]) -> Audience:
    return Audience(" AND ".join(words for words, _ in terms), terms)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.warehouse.close()


@pytest.fixture
def kit() -> SimpleNamespace:
    """The makers of this folder, for tests that cannot import a conftest."""
    return SimpleNamespace(World=World, campaign=campaign, win_back=win_back, above=above, audience=audience,
                           Offer=Offer, NOW=NOW, Silent=Silent, is_left_alone=is_left_alone)  # fmt: skip
