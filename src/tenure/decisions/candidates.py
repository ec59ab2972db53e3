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
_SPARE = 3  # rows of a customer looked at beyond those wanted, once the multipliers are nearly known
_BLOCK = 1_000_000  # rows priced at once: they and their prices stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Limits:
    """What is scarce: contacts per channel and money, each NaN-free and at least 0.

    Attributes:
        names: one per limit, channels first, then `budget` if there is one, then campaigns with a budget of their own.
        amounts: contacts per channel in numbers, money in the unit of `cost`.
        channels: how many of the first limits are channels.
        has_budget: whether the limit after the channels is on all money.
    """

    names: tuple[str, ...]
    amounts: Numbers
    channels: int
    has_budget: bool


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows sorted by customer.

    Attributes:
        starts: the first row of each customer, and the number of rows at the end.
        worth, cost: one per row; cost is at least 0.
        channel: per row the number of the limit on its channel, −1 without one.
        campaign: per row the number of the limit on its campaign's money, −1 without one.
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
        found = self.worth[rows] - by_channel[self.channel[rows]]
        if by_money.any():
            found -= self.cost[rows] * by_money[self.campaign[rows]]
        return np.asarray(found)

    def usage(self, rows: Whole) -> Numbers:
        """What chosen rows take of each limit."""
        limits, size = self.limits, len(self.limits.names)
        channel, campaign = self.channel[rows].astype(np.int64), self.campaign[rows].astype(np.int64)
        taken = np.bincount(channel[channel >= 0], minlength=size).astype(np.float64)
        own = campaign >= 0
        taken += np.bincount(campaign[own], weights=self.cost[rows][own], minlength=size)
        if limits.has_budget:
            taken[limits.channels] = self.cost[rows].sum()
        return taken

    def sample(self, customers: Whole) -> Candidates:
        """The candidates of some customers, with limits in proportion."""
        lengths = np.diff(self.starts)[customers]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.repeat(self.starts[customers] - starts[:-1], lengths) + np.arange(starts[-1])
        share = len(customers) / max(self.customers, 1)
        limits = Limits(self.limits.names, self.limits.amounts * share, self.limits.channels, self.limits.has_budget)
        return replace(self.only(rows), limits=limits)

    def likeliest(self, rates: Numbers, wanted: int) -> Whole:
        """The rows of each customer that may come to be chosen at multipliers near the given ones, in order."""
        kept = []
        for low, high in self.blocks():
            first, last = self.starts[low], self.starts[high]
            reduced = self.reduced(rates, first, last)
            reduced[self.worth[first:last] <= 0] = -np.inf
            above = reduced - float(np.min(reduced, where=np.isfinite(reduced), initial=0.0)) + 1.0
            kept.append(np.sort(best_rows(above, self.starts[low : high + 1] - first, wanted + _SPARE)) + first)
        return np.concatenate(kept)

    def only(self, rows: Whole) -> Candidates:
        """The same customers and limits with some of their rows, given in order; customers without any are left out."""
        counts = np.diff(np.searchsorted(rows, self.starts))
        starts = np.concatenate([[0], np.cumsum(counts[counts > 0])])
        return Candidates(
            starts, self.worth[rows], self.cost[rows], self.channel[rows], self.campaign[rows], self.limits
        )  # fmt: skip

    def _rates(self, rates: Numbers) -> tuple[Numbers, Numbers]:
        """Price by channel and by money, each with one more entry at the end, which −1 finds: no limit."""
        limits = self.limits
        by_channel = np.append(np.where(np.arange(len(rates)) < limits.channels, rates, 0.0), 0.0)
        everywhere = float(rates[limits.channels]) if limits.has_budget else 0.0
        first = limits.channels + int(limits.has_budget)
        by_money = np.append(np.where(np.arange(len(rates)) >= first, rates, 0.0), 0.0) + everywhere
        return by_channel, by_money


def best_rows(reduced: Numbers, starts: Whole, wanted: int) -> Whole:
    """The up to `wanted` best rows of each customer among those above 0, first come first where equal.

    Args:
        reduced: of some customers' rows; it is used up.
        starts: their first rows, and the number of rows at the end, from 0.
    """
    lengths = np.diff(starts)
    whose = np.repeat(np.arange(len(lengths)), lengths)
    chosen = []
    for _ in range(wanted):
        best = np.maximum.reduceat(reduced, starts[:-1])
        best[best <= 0] = np.inf  # nobody equals that
        found = np.flatnonzero(reduced == best[whose])
        if not found.size:
            break
        found = found[np.concatenate([[True], np.diff(whose[found]) > 0])]
        chosen.append(found)
        if wanted > 1:
            reduced[found] = -np.inf
    return np.concatenate(chosen) if chosen else np.empty(0, np.int64)
