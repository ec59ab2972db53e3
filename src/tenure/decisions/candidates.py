"""Candidates as arrays: the rows of each customer side by side, and what each row takes of what is scarce.

A row's price under given multipliers is  rate[channel] + cost · rate[money]  where money is the whole budget's and its
campaign's together, so a handful of numbers prices millions of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
ROUNDING = 1e-12  # sums of money may pass a limit by so much, as 0.1 + 0.2 passes 0.3
_SPARE = 3  # rows of a customer looked at beyond those wanted, once the multipliers are nearly known
_BLOCK = 60_000  # rows priced at once: they stay in the processor's cache, which makes them three times as quick


@dataclass(frozen=True, slots=True)
class Limits:
    """What is scarce: contacts per channel and money, each NaN-free and at least 0.

    Attributes:
        names: one per limit, channels first, then `budget` if there is one, then campaigns with a budget of their own.
        amounts: contacts per channel in numbers, money in the unit of `cost`.
        channel_names: of the first limits.
        campaign_names: of the last limits.
        has_budget: whether the limit after the channels is on all money.
    """

    names: tuple[str, ...]
    amounts: Numbers
    channel_names: tuple[str, ...]
    campaign_names: tuple[str, ...]
    has_budget: bool

    @property
    def channels(self) -> int:
        """How many of the first limits are on channels."""
        return len(self.channel_names)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows sorted by customer.

    Attributes:
        starts: the first row of each customer, and the number of rows at the end.
        worth, cost: one per row; cost is at least 0.
        channel: per row 1 more than the number of the limit on its channel, 0 without one.
        campaign: per row 1 more than the number of the limit on its campaign's money, 0 without one.
    """

    starts: Whole
    worth: Numbers
    cost: Numbers
    channel: NDArray[np.int16]
    campaign: NDArray[np.int16]
    limits: Limits

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return len(self.starts) - 1

    @property
    def whose(self) -> Whole:
        """The customer of each row."""
        return np.repeat(np.arange(self.customers), np.diff(self.starts))

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Ranges of customers with about `_BLOCK` rows each."""
        low = 0
        while low < self.customers:
            high = int(np.searchsorted(self.starts, self.starts[low] + _BLOCK, side="right")) - 1
            high = min(max(high, low + 1), self.customers)
            yield low, high
            low = high

    def reduced(self, rates: Numbers, low: int, high: int) -> Numbers:
        """Worth less price of the rows from `low` to `high`."""
        by_channel, by_money = self._rates(rates)
        rows = slice(low, high)
        # Numbers are known to be in range, so `clip` changes none; it spares numpy a search for those that are not.
        found = self.worth[rows] - by_channel.take(self.channel[rows], mode="clip")
        if (by_money == by_money[0]).all():
            found -= self.cost[rows] * by_money[0]
        else:
            found -= self.cost[rows] * by_money.take(self.campaign[rows], mode="clip")
        return np.asarray(found)

    def usage(self, rows: Whole) -> Numbers:
        """What chosen rows take of each limit."""
        limits, size = self.limits, len(self.limits.names) + 1
        taken = np.bincount(self.channel[rows], minlength=size).astype(np.float64)
        taken += np.bincount(self.campaign[rows], weights=self.cost[rows] * (self.campaign[rows] > 0), minlength=size)
        if limits.has_budget:
            taken[limits.channels + 1] = self.cost[rows].sum()
        return taken[1:]

    def fits(self, left: Numbers) -> NDArray[np.bool_]:
        """Which rows would fit into what is left of the limits, each by itself."""
        is_channel = np.arange(len(left)) < self.limits.channels
        places = np.append(np.inf, np.where(is_channel, left, np.inf))
        money = np.append(np.inf, np.where(is_channel, np.inf, left))
        found = (places[self.channel] >= 1) & (self.cost <= money[self.campaign] + ROUNDING)
        if self.limits.has_budget:
            found &= self.cost <= left[self.limits.channels] + ROUNDING
        return np.asarray(found)

    def ranking(self) -> Whole:
        """The customers by their greatest worth: an order that does not depend on that of the rows, but for ties."""
        return np.argsort(np.maximum.reduceat(self.worth, self.starts[:-1]), kind="stable")

    def sample(self, size: int) -> Candidates:
        """The candidates of so many customers, evenly spaced in their ranking, with limits in proportion."""
        customers = np.sort(self.ranking()[np.linspace(0, self.customers - 1, size).astype(np.int64)])
        lengths = np.diff(self.starts)[customers]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.repeat(self.starts[customers] - starts[:-1], lengths) + np.arange(starts[-1])
        amounts = self.limits.amounts * (len(customers) / self.customers)
        return replace(self.only(rows), limits=replace(self.limits, amounts=amounts))

    def likeliest(self, rates: Numbers, wanted: int) -> Whole:
        """The rows of each customer that may come to be chosen at multipliers near the given ones, in order."""
        kept = []
        for low, high in self.blocks():
            first, last = self.starts[low], self.starts[high]
            reduced = self.reduced(rates, first, last)
            reduced[self.worth[first:last] <= 0] = -np.inf
            starts = self.starts[low : high + 1] - first
            kept.append(np.sort(best_rows(reduced, starts, wanted + _SPARE, floor=-np.inf)) + first)
        return np.concatenate(kept)

    def only(self, rows: Whole) -> Candidates:
        """The same customers and limits with some of their rows, given in order; customers without any are left out."""
        counts = np.diff(np.searchsorted(rows, self.starts))
        starts = np.concatenate([[0], np.cumsum(counts[counts > 0])])
        return Candidates(
            starts, self.worth[rows], self.cost[rows], self.channel[rows], self.campaign[rows], self.limits
        )  # fmt: skip

    def _rates(self, rates: Numbers) -> tuple[Numbers, Numbers]:
        """Price by channel and by money; the first entry is for rows without a limit of their own."""
        limits, places = self.limits, np.arange(len(rates))
        by_channel = np.append(0.0, np.where(places < limits.channels, rates, 0.0))
        everywhere = float(rates[limits.channels]) if limits.has_budget else 0.0
        first = limits.channels + int(limits.has_budget)
        return by_channel, np.append(0.0, np.where(places >= first, rates, 0.0)) + everywhere


def best_rows(reduced: Numbers, starts: Whole, wanted: int, floor: float = 0.0) -> Whole:
    """The up to `wanted` best rows of each customer among those above the floor, first come first where equal.

    Args:
        reduced: of some customers' rows; it is used up where more than one is wanted.
        starts: their first rows, and the number of rows at the end, from 0.
    """
    lengths = np.diff(starts)
    whose = np.repeat(np.arange(len(lengths)), lengths)
    chosen = []
    for _ in range(wanted):
        best = np.maximum.reduceat(reduced, starts[:-1])
        best[best <= floor] = np.inf  # nobody equals that
        found = np.flatnonzero(reduced == np.repeat(best, lengths))
        if not found.size:
            break
        found = found[np.concatenate([[True], np.diff(whose[found]) > 0])]
        chosen.append(found)
        if wanted > 1:
            reduced[found] = -np.inf
    return np.concatenate(chosen) if chosen else np.empty(0, np.int64)
