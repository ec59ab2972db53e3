"""What winning customers cost, customer by customer, so that any group of them has its own figure.

A customer's own `acquisition_cost` goes first. Where a channel has some, its other customers are taken to cost the
same; a channel without any is taken to cost nothing. Costs of the kind `acquisition` come on top: those of one
customer, those booked to a channel, and those booked to anything else, which everybody bears. What was spent on people
who never began is borne by those of their channel who did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tenure.insights.lives import Flags, Floats, Ints, Lives

UNKNOWN = ""  # channel or country of those of whom none is recorded


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Listed customers, one entry each: key, moment, channel, country, and own cost in minor units or NaN."""

    customer: Ints
    at: Ints
    channel: tuple[str, ...]
    country: tuple[str, ...]
    cost: Floats

    def labels(self, name: str, customers: Ints) -> list[str]:
        """The `acquisition_channel` or `country` of some customers, `UNKNOWN` where nothing is recorded."""
        known = dict(zip(self.customer.tolist(), self.channel if name != "country" else self.country, strict=True))
        return [known.get(key, UNKNOWN) for key in customers.tolist()]


@dataclass(frozen=True, slots=True)
class Won:
    """What each new customer cost.

    Attributes:
        new: which lives began in the time looked at, (L,).
        cost: of each life, 0 where it is not new, (L,).
        known: new customers whose own cost is recorded.
        is_recorded: whether any cost of winning is recorded at all.
    """

    new: Flags
    cost: Floats
    known: int
    is_recorded: bool


def won(lives: Lives, arrivals: Arrivals, own: Mapping[int, float], booked: Mapping[str, float], since: int) -> Won:
    """The cost of winning each customer who began at a moment or after it.

    Args:
        own: costs of the kind `acquisition` by customer key.
        booked: the same by segment.
    """
    new = lives.starts >= since
    began = set(lives.customers.tolist())
    recorded = dict(zip(arrivals.customer.tolist(), arrivals.cost.tolist(), strict=True))
    listed = np.array([recorded.get(key, np.nan) for key in lives.customers.tolist()])
    channels = np.array(arrivals.labels("acquisition_channel", lives.customers), dtype=object)
    lost: dict[str, float] = {}
    for key, at, channel, cost in zip(
        arrivals.customer.tolist(), arrivals.at.tolist(), arrivals.channel, arrivals.cost.tolist(), strict=True
    ):
        if key not in began and at >= since and not np.isnan(cost):
            lost[channel] = lost.get(channel, 0.0) + cost
    cost = np.zeros(len(new))
    for channel in sorted(set(channels[new].tolist())):
        here = new & (channels == channel)
        some = here & ~np.isnan(listed)
        cost[here] = np.where(some[here], listed[here], listed[some].mean() if some.any() else 0.0)
        cost[here] += (lost.pop(channel, 0.0) + booked.get(channel, 0.0)) / here.sum()
    shared = sum(lost.values()) + sum(a for name, a in booked.items() if name not in set(channels[new].tolist()))
    cost[new] += shared / max(int(new.sum()), 1)
    cost += np.where(new, [own.get(key, 0.0) for key in lives.customers.tolist()], 0.0)
    known = int((new & ~np.isnan(listed)).sum())
    return Won(new, cost, known, bool(known or own or booked or lost))
