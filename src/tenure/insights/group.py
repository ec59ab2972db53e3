"""The money of a group of customers, whatever made them a group."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """The money of one group of customers, lifetime to date, in minor units.

    Attributes:
        clv: what the next 365 days are expected to bring, None where no model says.
    """

    name: str
    customers: int
    revenue: int
    margin: int
    cost_to_serve: int
    contact_cost: int
    profit: int
    clv: int | None = None
