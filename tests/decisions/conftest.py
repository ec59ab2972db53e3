"""A small world: customers with profiles, facts and decisions in a real warehouse, and the campaigns of a shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import strategies as st

from tenure.decisions.explain import Explanation
from tenure.domain.arms import is_left_alone
from tenure.domain.business import Business, ChannelSettings
from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion, Offer
from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import AsOf, as_of, to_micros
from tenure.domain.profile import COLUMNS
from tenure.domain.segment import Column, Compare, Constant
from tenure.operations.decide import Decided, decide
from tenure.operations.explain import explain
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
            name="The Shop", salt="pepper", margin=Fraction(2, 5), channels=(ChannelSettings("email", "maildir", 200),)
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
        self.warehouse.touch()

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

    def clear(self) -> None:
        """Forget everybody, so that one warehouse serves many examples."""
        for name in ("profiles", "decisions", "refusals", *(f"facts.{t}" for t in (*TABLES, *OWN_TABLES))):
            self.warehouse.run(f"DELETE FROM {name}")
        self.warehouse.touch()
        self.keys.clear()

    def compute(self, as_of: AsOf, business: Business, customer_ids: Any) -> pa.Table:
        """The port `Profiles`, as far as `explain` uses it."""
        return self.profiles(*customer_ids)

    def explain(self, customer_id: str, *campaigns: Campaign, **more: Any) -> Explanation:
        return explain(customer_id, campaigns, self, self.candidates, self.decisions, self.as_of, self.business, **more)

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


def shop_campaigns() -> list[Campaign]:
    """What a shop would run: they overlap, so that contacts compete."""
    return [
        campaign("follow-up", stages=("new", "active"), control=0.3,
                 quiet_after=(("contact", 10.0), ("Parcel Lost", 5.0)),
                 goal=Goal("Visit Completed", 30), effect=Belief(lift=0.05)),
        win_back(control=0.3, stages=("at_risk", "lapsed", "active"), audience=audience(above("overdue", 1.0),
                 above("orders", 1)), offer=Offer("percent", 10, audience(above("discount_share", 0.4)))),
        campaign("replace", effect=Belief(lift=0.01), control=0.1, occasion=Occasion(
                 key="replacement_product", date="replacement_due_at", before_days=5, late_days=5)),
        campaign("receipt", purpose="service", control=0.5),
    ]  # fmt: skip


people = st.fixed_dictionaries({
    "stage": st.sampled_from(["new", "active", "at_risk", "lapsed"]),
    "channels": st.sampled_from([["email"], ["email", "sms"], ["sms"], [], None]),
    "recency_days": st.sampled_from([0.5, 2.0, 6.9, 7.0, 9.0, 20.0, 60.0]),
    "gap_expected_days": st.sampled_from([3.0, 7.0, 30.0]),
    "orders": st.sampled_from([0, 1, 2, 11]),
    "contacts_7d": st.integers(0, 3), "contacts_30d": st.integers(0, 7),
    "discount_share": st.sampled_from([None, 0.0, 0.4, 0.9]),
    "average_order": st.sampled_from([0.0, 0.5, 50.0]),
    "complained": st.sampled_from([None, None, 1.0, 13.99, 14.0, 40.0]),
    "contacted": st.sampled_from([None, None, 3.0, 9.9, 10.0]),
    "due": st.sampled_from([None, -4.0, 2.0, 5.0, 5.1]),
    "visited": st.sampled_from([None, None, 1.0, 8.0]), "lost": st.sampled_from([None, None, 4.0]),
    "used": st.sampled_from([None, None, "treated", "control"]), "waiting": st.integers(0, 2),
    "address": st.sampled_from(["a@example.org", None]), "refused": st.sampled_from([None, None, "denied", "granted"]),
})  # fmt: skip


def populate(world: World, persons: list[dict[str, Any]]) -> None:
    """Put generated persons into an empty world."""
    world.clear()
    for number, person in enumerate(persons):
        who = f"c{number}"
        row = {name: person[name] for name in ("stage", "channels", "recency_days", "gap_expected_days", "orders",
               "contacts_7d", "contacts_30d", "discount_share", "average_order")}  # fmt: skip
        row["holdout"] = is_left_alone(world.business.salt, who, world.business.holdout)
        for name, column in (("complained", "last_complaint_at"), ("contacted", "last_contact_at"),
                             ("due", "replacement_due_at")):  # fmt: skip
            row[column] = None if person[name] is None else world.ago(person[name])
        row["replacement_product"] = None if person["due"] is None else "p1"
        world.customer(who, facts={"email": person["address"]}, **row)
        if person["orders"]:
            world.order(who, person["recency_days"], order_id=f"o-{who}")
        for name, event in (("visited", "Visit Completed"), ("lost", "Parcel Lost")):
            if person[name] is not None:
                world.fact("events", person[name], customer=who, name=event, event_id=f"{who}-{name}")
        if person["used"]:
            world.fact(
                "assignments", 1, customer=who, campaign="follow-up", occasion_key=f"o-{who}", arm=person["used"]
            )
        if person["refused"]:
            world.fact("consents", 2, customer=who, channel="email", purpose="service", state=person["refused"],
                       consent_id=who)  # fmt: skip
        for past in range(person["waiting"]):
            world.warehouse.run(
                "INSERT INTO decisions (run_id, as_of, customer_key, customer_id, campaign, occasion_key, outcome, "
                "purpose) VALUES ('old', ?, ?, ?, 'other', ?, 'chosen', 'marketing')",
                [world.ago(1 + 8 * past), world.keys[who], who, str(past)],
            )


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.warehouse.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    """One warehouse for all tests of a file."""
    made = World()
    yield made
    made.warehouse.close()


@pytest.fixture
def afresh(shared: World) -> World:
    """The file's warehouse, empty and as of the usual morning."""
    with shared.warehouse.transaction():
        shared.clear()
    shared.as_of = as_of(NOW, "UTC")
    return shared


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The makers of this folder, for tests that cannot import a conftest."""
    return SimpleNamespace(
        World=World, campaign=campaign, win_back=win_back, above=above, audience=audience, Offer=Offer, NOW=NOW,
        shop_campaigns=shop_campaigns, people=people, populate=populate, Silent=Silent, is_left_alone=is_left_alone,
    )  # fmt: skip
