"""A past made of a plain list of order days, for kinds that read nothing but what these say of a customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.domain.moments import MICROS_PER_DAY, AsOf

TODAY = 18_000


def moment(day: int) -> AsOf:
    return AsOf(day * MICROS_PER_DAY, day)


@dataclass
class OrderPast:
    """Orders of `customers` people (some of whom may have none), one row each: who, on which day, for how much.

    Attributes:
        margin: share of the amounts. cost: to serve one order.
        pace: how many days of the customers' seasonal clocks pass in one day.
    """

    customers: int
    who: np.ndarray
    day: np.ndarray
    amount: np.ndarray
    margin: Any = 0.4
    cost: float = 0.0
    pace: float = 1.0
    as_of: AsOf = field(default_factory=lambda: moment(TODAY))
    made: dict[str, Any] = field(default_factory=dict, init=False)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def earlier(self, days: int) -> AsOf:
        return moment(self.as_of.day - days)

    def days(self) -> tuple[int, int] | None:
        return (int(self.day.min()), int(self.day.max())) if len(self.day) else None

    def relation(self, name: str, as_of: AsOf) -> pa.Table:
        raise AssertionError(f"{name} is not read")

    def profiles(self, as_of: AsOf) -> pa.Table:
        assert as_of.at <= self.as_of.at, "training looked past its moment"
        known = self.day < as_of.day
        who, day, amount = self.who[known], self.day[known], self.amount[known]
        count = self.customers
        orders, revenue = np.bincount(who, minlength=count), np.bincount(who, amount, count)
        days = np.bincount(np.unique(who * 100_000 + day) // 100_000, minlength=count)
        first, last = np.full(count, 10**6), np.zeros(count, dtype=np.int64)
        np.minimum.at(first, who, day)
        np.maximum.at(last, who, day)
        none = orders == 0
        span, since = (np.rint(1000 * self.pace * gap).astype(np.int64) for gap in (last - first, as_of.day - last))
        return pa.table({
            "customer_key": np.arange(count), "orders": orders, "frequency": np.maximum(days - 1, 0),
            "span_milli": pa.array(span, mask=none), "since_milli": pa.array(since, mask=none),
            "revenue": revenue, "margin": revenue * self.margin, "cost_to_serve": orders * self.cost,
        })  # fmt: skip


def shop(customers: int = 1_500, span: int = 500, seed: int = 1, idle: int = 5, **more: Any) -> OrderPast:
    """Customers of Pareto/NBD and Gamma-Gamma, first seen evenly over a span; the last `idle` never ordered."""
    rng = np.random.default_rng(seed)
    first = TODAY - span + rng.integers(0, span, customers)
    life = rng.exponential(1, customers) / rng.gamma(1.0, 1 / 150, customers)
    lived = np.minimum(life, TODAY - first)
    count = rng.poisson(rng.gamma(0.8, 1 / 25, customers) * lived)
    who = np.repeat(np.arange(customers), count)
    day = first[who] + np.floor(rng.random(len(who)) * lived[who]).astype(np.int64)
    who, day = np.concatenate([np.arange(customers), who]), np.concatenate([first, day])
    scale = rng.gamma(3.7, 1 / 15, customers)
    amount = np.round(rng.gamma(6.0, 1, len(who)) / scale[who], 2)
    return OrderPast(customers + idle, who, day, amount, **more)
