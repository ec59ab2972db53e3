"""A shop whose assignments and orders are written by hand, in days before now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tenure.domain.business import Business
from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion
from tenure.domain.learned import Learned
from tenure.domain.moments import as_of, to_micros
from tenure.domain.silence import Silent
from tenure.operations.learn import learn
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.learned import DuckLearned
from tenure.warehouse.outcomes import DuckOutcomes

NOW = datetime(2024, 6, 3, 6, 0, tzinfo=UTC)
HELLO = Campaign("hello", "1", "Hello", "marketing", (), Audience(""), Occasion("last_order_at"), ("email",), Goal(),
                 Belief())  # fmt: skip
WRITTEN = ("facts.customers", "facts.assignments", "facts.orders", "facts.order_lines", "facts.products",
           "facts.events", "facts.contacts", "facts.deliveries", "facts.costs", "decisions", "effects",
           "learned")  # fmt: skip


class Past:
    """What was assigned and what happened."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse, self.now = warehouse, NOW
        self._outcomes, self.learned = DuckOutcomes(warehouse), DuckLearned(warehouse)
        self._waiting: dict[tuple[str, ...], list[list[object]]] = defaultdict(list)
        self.orders = 0

    def insert(self, table: str, **row: object) -> None:
        """Write a row; rows wait until somebody looks, for one statement of many costs no more than one of one."""
        self._waiting[table, *row].append(list(row.values()))

    @property
    def warehouse(self) -> DuckWarehouse:
        for (table, *names), rows in self._waiting.items():
            where = table if table == "decisions" else f"facts.{table}"
            marks = ", ".join([f"({', '.join('?' * len(names))})"] * len(rows))
            listed = ", ".join(f'"{name}"' for name in names)
            self._warehouse.run(f"INSERT INTO {where} ({listed}) VALUES {marks}", [v for row in rows for v in row])
        self._waiting.clear()
        return self._warehouse

    @property
    def outcomes(self) -> DuckOutcomes:
        assert self.warehouse
        return self._outcomes

    def empty(self) -> None:
        for table in WRITTEN:
            self.warehouse.run(f"DELETE FROM {table}")

    def assigned(self, customer: int, days_ago: float, arm: str = "treated", *, days: float = 14, key: str = "k",
                 share: float = 0.5, campaign: str = "hello", **decision: Any) -> None:  # fmt: skip
        """Put a customer into an arm; with more columns, the decision behind it is kept too."""
        at, chance = self.micros(days_ago), 1 - share if arm == "treated" else share
        self.insert("assignments", customer_key=customer, campaign=campaign, occasion_key=key, arm=arm, at=at,
                    goal_until=at + round(days * 86_400e6), propensity=chance, run_id=f"{days_ago}")  # fmt: skip
        if decision:
            self.insert("decisions", run_id=f"{days_ago}", customer_key=customer, customer_id=f"c{customer}",
                        campaign=campaign, occasion_key=key, purpose="marketing", rank=1, propensity=chance,
                        as_of=(NOW - timedelta(days=days_ago)).replace(tzinfo=None),
                        outcome="chosen" if arm == "treated" else "control", **decision)  # fmt: skip

    def ordered(self, customer: int, days_ago: float, total: int = 1000, status: str = "paid", **more: Any) -> str:
        self.orders += 1
        self.insert("orders", customer_key=customer, order_id=str(self.orders), at=self.micros(days_ago), total=total,
                    status=status, **more)  # fmt: skip
        return str(self.orders)

    def measure(self, moment: datetime = NOW, campaign: Campaign = HELLO, holdout: float = 0.0) -> list[dict[str, Any]]:
        business = Business(salt="s", holdout=Fraction(str(holdout)))
        at = as_of(moment, "UTC")
        return list(learn([campaign], self.outcomes, self.learned, at, business, Silent()).to_pylist())

    def learn(self, goal: str = "Order Completed", moment: datetime = NOW) -> dict[str, Any]:
        rows = self.measure(moment, replace(HELLO, goal=Goal(goal)))
        return rows[0] if rows else {}

    def known(self, moment: datetime) -> Learned:
        return self.learned.learned(as_of(moment, "UTC"))

    @staticmethod
    def micros(days_ago: float) -> int:
        return to_micros(NOW - timedelta(days=days_ago))


@pytest.fixture(scope="session")
def _shop() -> Iterator[Past]:
    with DuckWarehouse(":memory:", threads=1) as warehouse:
        yield Past(warehouse)


@pytest.fixture
def past(_shop: Past) -> Past:
    """An empty shop; one for all tests, since laying out tables costs more than emptying them."""
    _shop.empty()
    return _shop
