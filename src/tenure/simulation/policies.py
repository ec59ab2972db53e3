"""Rivals of the engine: whom a simple rule, chance, or somebody who knows the truth would write to.

All of them choose among the same options: what the campaigns' audiences, occasions, consents and caps leave open on a
day. Service messages are nobody's choice and go in every policy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.simulation.people import Flags, Indices, Numbers

# Classic segments by thirds of recency, frequency and money, and the kinds of campaign that each gets, best first
# (after Hughes, "Strategic Database Marketing", 1994).
_SEGMENTS: dict[str, tuple[str, ...]] = {
    "champions": ("general", "thanks", "season", "worn"),
    "steady": ("worn", "season", "general", "thanks", "cart"),
    "new": ("early", "thanks", "cart", "general"),
    "leaving": ("back", "worn"),
    "gone": (),
}


@dataclass(frozen=True, slots=True)
class Options:
    """Contacts that nothing forbids, one entry each, by customer and then in the campaigns' order.

    Attributes:
        customer: whom.
        campaign: number of the campaign; `kind` what kind of answer it gets.
        offered: whether its offer is promised.
        service: whether it is a service message.
        room: how many more marketing contacts the caps leave this customer.
    """

    customer: Indices
    campaign: Indices
    kind: NDArray[np.str_]
    offered: Flags
    service: Flags
    room: Indices


@dataclass(frozen=True, slots=True)
class Standing:
    """What the shop's own records say of every customer on the day, for the classic segments.

    Attributes:
        recency_days, orders, revenue: NaN or 0 for who has not bought.
    """

    recency_days: Numbers
    orders: Numbers
    revenue: Numbers


def everyone(options: Options) -> Flags:
    """Every campaign to its whole audience, with its offer where it has one, as far as the caps allow."""
    best = options.service | _first_of(options, options.offered)
    order = np.flatnonzero(best & ~options.service)
    starts = np.append(True, options.customer[order][1:] != options.customer[order][:-1])[: len(order)]
    place = np.arange(len(order)) - np.repeat(
        np.flatnonzero(starts), np.diff(np.append(np.flatnonzero(starts), len(order)))
    )
    chosen = options.service.copy()
    chosen[order[place < options.room[order]]] = True
    return chosen


def random(options: Options, chance: np.random.Generator, customers: int) -> Flags:
    """One of the contacts open to each customer, or silence, all equally likely."""
    open_to = np.bincount(options.customer[~options.service], minlength=customers)
    pick = np.floor(chance.random(customers) * (open_to + 1)).astype(np.int64)
    place = np.zeros(len(options.customer), dtype=np.int64)
    marketing = np.flatnonzero(~options.service)
    starts = np.cumsum(open_to) - open_to
    place[marketing] = np.arange(len(marketing)) - starts[options.customer[marketing]]
    chosen: Flags = options.service | (place == pick[options.customer])
    return chosen


def rfm(options: Options, standing: Standing) -> Flags:
    """The campaign that each customer's classic segment calls for: one contact, with its offer where it has one."""
    segment = segments(standing)
    rank = np.full(len(options.customer), np.inf)
    for name, kinds in _SEGMENTS.items():
        mine = segment[options.customer] == name
        for place, kind in enumerate(kinds):
            rank[mine & (options.kind == kind)] = place
    return options.service | best_of(options, -rank + 0.5 * options.offered)


def segments(standing: Standing) -> NDArray[np.str_]:
    """The classic segment of each customer: champions, steady, new, leaving or gone."""
    bought = standing.orders > 0
    recent, often, much = (_third(values, bought) for values in (
        -standing.recency_days, standing.orders, standing.revenue))  # fmt: skip
    worth = often + much
    return np.select(
        [~bought, standing.orders == 1, (recent == 2) & (worth >= 3), (recent == 0) & (worth >= 2), recent == 0],
        ["new", np.where(recent >= 1, "new", "gone"), "champions", "leaving", "gone"], "steady",
    )  # fmt: skip


def best_of(options: Options, worth: Numbers) -> Flags:
    """The marketing option of each customer that is worth most, the first of equals; one of −∞ never wins."""
    worth = np.where(options.service, -np.inf, worth)
    order = np.lexsort((np.arange(len(worth)), -worth, options.customer))
    first = np.append(True, options.customer[order][1:] != options.customer[order][:-1])[: len(order)]
    chosen = np.zeros(len(worth), dtype=np.bool_)
    chosen[order[first]] = True
    winners: Flags = chosen & np.isfinite(worth)
    return winners


def _first_of(options: Options, offered: Flags) -> Flags:
    """One option of each customer and campaign: with the offer where there is one."""
    order = np.lexsort((~offered, options.campaign, options.customer))
    pair = np.stack([options.customer[order], options.campaign[order]])
    first = np.append(True, (pair[:, 1:] != pair[:, :-1]).any(axis=0))[: len(order)]
    chosen = np.zeros(len(order), dtype=np.bool_)
    chosen[order[first]] = True
    return chosen


def _third(values: Numbers, among: Flags) -> Indices:
    """0, 1 or 2: the lowest, middle or highest third."""
    if not among.any():
        return np.zeros(len(values), dtype=np.int64)
    low, high = np.quantile(values[among], [1 / 3, 2 / 3])
    third: Indices = (values > low).astype(np.int64) + (values > high)
    return third
