"""Policies compared on the same shop: profit of each, and differences customer by customer.

Every policy meets the same customers with the same coins, so the difference of one customer's profit under two policies
holds only what contacts changed. Customers do not influence one another; the sum of their differences therefore has the
standard error √n · s, s being the standard deviation of one customer's difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from tenure.simulation.people import Numbers
from tenure.simulation.tally import Tally

NONE, HOME = "none", "tenure"
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Difference:
    """A policy's profit less another's in units, with its 95% interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Plain data, to a hundredth of a cent."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def difference(one: Numbers, other: Numbers) -> Difference:
    """How much more one policy earned than another.

    Args:
        one, other: profit of each customer in units, in the same order.
    """
    each = one - other
    half = _Z * sqrt(len(each)) * float(np.std(each, ddof=1)) if len(each) > 1 else 0.0
    total = float(each.sum())
    return Difference(total, total - half, total + half)


def share_of(one: Numbers, best: Numbers, none: Numbers) -> Difference | None:
    """The share of the best policy's gain over silence that a policy gained; None where the best gained nothing surely.

    The interval of the ratio of the two sums by the delta method (Cochran, "Sampling Techniques", 1977, eq. 6.9).
    """
    gained, possible = one - none, best - none
    whole = float(possible.sum())
    if not difference(best, none).low > 0:
        return None
    ratio = float(gained.sum()) / whole
    half = _Z * sqrt(len(gained)) * float(np.std(gained - ratio * possible, ddof=1)) / whole
    return Difference(ratio, ratio - half, ratio + half)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What to simulate.

    Attributes:
        customers: how many sign up, over history and days together.
        days: for how long the policies decide and profit is counted.
        seed: another seed is another shop.
        policies: which to run, all if none are named; `none` is always run, for the others are compared with it.
        every: days between decisions.
        history: days that pass before the first decision.
    """

    customers: int = 2_000
    days: int = 180
    seed: int = 1
    policies: tuple[str, ...] = ()
    every: int = 7
    history: int = 365


@dataclass(frozen=True, slots=True)
class Run:
    """One policy's time in the shop.

    Attributes:
        unsubscribed, orders: how many, on the days that count.
        profit: of each customer, in units; `parts` the sums of what brought and cost it.
        tally: its contacts by campaign, with what they were worth.
    """

    policy: str
    unsubscribed: int
    orders: int
    profit: Numbers = field(repr=False)
    parts: dict[str, float]
    tally: Tally = field(default_factory=Tally)

    @property
    def contacts(self) -> int:
        """How many it sent."""
        return self.tally.total.contacts

    @property
    def total(self) -> float:
        """Profit in units."""
        return float(self.profit.sum())


@dataclass(frozen=True, slots=True)
class Simulated:
    """The policies side by side on one shop, in the order asked for; `none` comes first."""

    plan: Simulation
    runs: tuple[Run, ...]

    def run(self, policy: str) -> Run:
        """One policy's time; StopIteration if it was not run."""
        return next(run for run in self.runs if run.policy == policy)

    def gain(self, policy: str, over: str = NONE) -> Difference:
        """How much more a policy earned than another, in units."""
        return difference(self.run(policy).profit, self.run(over).profit)

    def share_of_oracle(self, policy: str) -> Difference | None:
        """What share of the oracle's gain a policy gained; None without an oracle that gained."""
        if "oracle" not in {run.policy for run in self.runs}:
            return None
        return share_of(self.run(policy).profit, self.run("oracle").profit, self.run(NONE).profit)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Column names and one row a policy, for people: gains over silence with their interval."""
        columns = ("policy", "profit", "gain", "low", "high", "of oracle", "contacts", "left")
        rows = []
        for run in self.runs:
            gain, share = self.gain(run.policy), self.share_of_oracle(run.policy)
            rows.append((run.policy, round(run.total), round(gain.value), round(gain.low), round(gain.high),
                         f"{share.value:.0%}" if share else None, run.contacts, run.unsubscribed))  # fmt: skip
        return columns, rows

    def sentences(self) -> list[str]:
        """What the comparison says of `tenure`, in words."""
        if HOME not in {run.policy for run in self.runs}:
            return []
        all_of_it = self.run(HOME).tally.total
        said = [
            f"tenure's {all_of_it.contacts:,} contacts were believed to be worth {all_of_it.believed:,.0f} and were "
            f"worth {all_of_it.worth:,.0f}; {all_of_it.held:,} held back to learn would have been worth "
            f"{all_of_it.held_worth:,.0f}."
        ]
        for run in self.runs:
            if run.policy == HOME:
                continue
            less = self.gain(HOME, run.policy)
            verdict = "more" if less.low > 0 else "less" if less.high < 0 else "neither more nor less for certain"
            said.append(
                f"tenure less {run.policy}: {less.value:+,.0f} ({less.low:+,.0f} to {less.high:+,.0f}), {verdict}."
            )
        return said

    def as_json(self) -> dict[str, Any]:
        """The figures, for machines."""
        has_home = HOME in {run.policy for run in self.runs}
        return {
            "customers": self.plan.customers, "days": self.plan.days, "every": self.plan.every,
            "history": self.plan.history, "seed": self.plan.seed, "policies": [self._row(run) for run in self.runs],
            "tenure_less": {run.policy: self.gain(HOME, run.policy).as_json()
                            for run in self.runs if has_home and run.policy != HOME},
        }  # fmt: skip

    def _row(self, run: Run) -> dict[str, Any]:
        share = self.share_of_oracle(run.policy)
        return {
            "policy": run.policy, "profit": round(run.total, 2), "gain": self.gain(run.policy).as_json(),
            "share_of_oracle": share.as_json() if share else None, "contacts": run.contacts,
            "held": run.tally.total.held, "unsubscribed": run.unsubscribed, "orders": run.orders,
            "parts": {part: round(value, 2) for part, value in run.parts.items()}, "campaigns": run.tally.as_json(),
        }  # fmt: skip
