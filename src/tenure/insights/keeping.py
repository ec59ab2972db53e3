"""Whom to keep and whom to let go, in money: what is at stake, and how much churn is cheaper to accept than to fight.

An effort to keep a customer brings lift · churn · value, and has its cost. Churn is acceptable where that does not pay.
Only customers with a lifetime value are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenure.insights.group import Group
from tenure.insights.words import Words

if TYPE_CHECKING:
    from tenure.insights.table import Cell

ACCEPTABLE = "churn is acceptable where lift · churn_90d · clv_365d does not reach the cost of an effort to keep"
INVESTMENT_NAMES: dict[str, str] = {"grow": "Grow", "keep": "Keep", "serve": "Serve", "let_go": "Let go"}
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Keeping:
    """Customers by investment.

    Attributes:
        groups: in the order grow, keep, serve, let go; empty without fitted models.
        leaving: millionths of customers expected to leave in 90 days; `acceptable`: those of them who may go.
        at_stake: minor units of next year's profit expected to leave with them.
        segments: costs booked to a segment, each a group without customers.
    """

    groups: Sequence[Group] = field(default=())
    leaving: int = 0
    acceptable: int = 0
    at_stake: int = 0
    segments: Sequence[Group] = field(default=())

    @property
    def customers(self) -> int:
        """How many customers have a lifetime value."""
        return sum(group.customers for group in self.groups)

    def figures(self, unit: int) -> dict[str, Cell]:
        """The main figures, money in units; none without fitted models."""
        if not self.customers:
            return {}
        return {
            "expected_churn_90d": self.leaving / _MICRO / self.customers,
            "acceptable_churn_90d": self.acceptable / _MICRO / self.customers,
            "at_stake": self.at_stake / unit,
            "expected_profit_365d": sum(group.clv or 0 for group in self.groups) / unit,
        }


def in_order_of_investment(groups: Sequence[Group]) -> list[Group]:
    """Grow, keep, serve, let go, without the empty ones."""
    found = {group.name: group for group in groups}
    return [found[name] for name in INVESTMENT_NAMES if name in found]


def keeping_sentences(keeping: Keeping, words: Words) -> list[str]:
    """What is at stake and what may go, in words; nothing without fitted models."""
    if not keeping.customers:
        return []
    expected, allowed = keeping.leaving / _MICRO, keeping.acceptable / _MICRO
    said = [
        f"The next 365 days are expected to bring {words.money(sum(g.clv or 0 for g in keeping.groups))} of profit.",
        f"{words.share(expected / keeping.customers)} of customers are expected to leave within 90 days, and "
        f"{words.money(keeping.at_stake)} of next year's profit with them. Acceptable churn is "
        f"{words.share(allowed / keeping.customers)}: keeping those would cost more than it brings.",
    ]
    going = next((g for g in keeping.groups if g.name == "let_go"), None)
    if going is not None:
        said.append(
            f"{words.count(going.customers)} customers cost more than they bring and may go; they brought "
            f"{words.money(going.profit)} so far."
        )
    booked = sum(group.cost_to_serve for group in keeping.segments)
    if booked:
        said.append(f"{words.money(booked)} of costs are booked to segments and stand in no customer's own.")
    return said
