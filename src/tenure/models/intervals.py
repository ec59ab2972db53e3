"""Intervals that hold as often as they say, of totals of which many are nothing at all.

An interval of level l leaves 1 − l outside. Nothing lies below 0, so the more likely it is that a customer buys
nothing, the less can be left out below: with p0 for that probability, the low end is the quantile (1 − l)/2 − p0 (0
where that is at most p0) and the high end the quantile (1 + l)/2 − p0, but at least l. Both ends belong to the
interval, and so does the expected total: a total of 0 is held if the low end is 0. So at least l of a customer's
chances lie within, and more than l where p0 alone is more.

Models are a little too sure or too timid, shop by shop. How much so is read from held-out days: `surprise` is how often
totals fell outside, over how often the model itself says they should. Levels are then chosen so that, surprise
included, the wanted share of all customers' totals is held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenure.models.totals import Totals

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Levels: where nearly all buy nothing even the narrowest intervals hold more than is wanted, and a lower level would
# only leave out those who do buy.
_LEAST, _MOST = 0.7, 0.99
_LEFT_OUT = 5.0  # customers who count as having behaved as the model says, so that few others decide little
_SURPRISES = (1 / 3, 3.0)  # beyond these a back-test says more of its days than of the model
_ENOUGH = 20_000  # customers tell a share to a third of a percent; more only cost time


@dataclass(frozen=True, slots=True)
class Outlook:
    """What each customer's total may come to, one entry per customer.

    Attributes:
        x, age: repeat purchases and age now.
        mean: the expected total; `active`: the probability of any purchase.
    """

    totals: Totals
    x: Numbers
    age: Numbers
    mean: Numbers
    active: Numbers

    def quantile(self, share: Numbers | float) -> Numbers:
        """The total that so large a share of a customer's chances stays below."""
        idle = 1 - self.active
        among = (np.broadcast_to(share, idle.shape) - idle) / np.maximum(self.active, 1e-12)
        found = self.totals.quantile(self.x, self.age, np.clip(among, 0.0, 1.0))
        return np.where(among > 0, found * self.mean / np.maximum(self.active, 1e-12), 0.0)

    def interval(self, level: float) -> tuple[Numbers, Numbers]:
        """Low and high ends; the expected total lies between them."""
        idle = 1 - self.active
        low = self.quantile(np.maximum((1 - level) / 2 - idle, 0.0))
        high = self.quantile(np.maximum((1 + level) / 2 - idle, level))
        return np.minimum(low, self.mean), np.maximum(high, self.mean)

    def holds(self, level: float, seen: Numbers) -> Flags:
        """Whether each interval, ends included, holds what was seen; several rows of it are several worlds."""
        low, high = self.interval(level)
        slack = 1e-9 * (1 + np.abs(seen))
        return np.asarray((seen >= low - slack) & (seen <= high + slack))

    def imagined(self, rng: Generator) -> Numbers:
        """One possible total per customer."""
        return self.quantile(rng.random(len(self.x)))

    def among(self, rows: NDArray[np.intp] | Flags | slice) -> Outlook:
        """That of some customers."""
        return Outlook(self.totals, self.x[rows], self.age[rows], self.mean[rows], self.active[rows])


def surprise(outlook: Outlook, seen: Numbers, coverage: float, rng: Generator) -> float:
    """How much oftener totals fell outside their intervals than the model says: 1 where it is right.

    It is read at the level whose intervals held the wanted share; where even the narrowest held more, at that share.
    """
    some = _some(len(seen))
    outlook, seen = outlook.among(some), seen[some]
    level = _level(lambda level: float(outlook.holds(level, seen).mean()), coverage)
    if level <= _LEAST:
        level = coverage
    fell = float((~outlook.holds(level, seen)).sum())
    expected = float((~outlook.holds(level, _imagined(outlook, rng))).mean()) * len(seen)
    return float(np.clip((fell + _LEFT_OUT) / (expected + _LEFT_OUT), *_SURPRISES))


def level_for(outlook: Outlook, coverage: float, surprise: float, rng: Generator) -> float:
    """The level at which the wanted share of these customers' totals is held, such a surprise included."""
    some = outlook.among(_some(len(outlook.x)))
    imagined = _imagined(some, rng)
    return _level(lambda level: float(some.holds(level, imagined).mean()), 1 - (1 - coverage) / surprise)


def _imagined(outlook: Outlook, rng: Generator) -> Numbers:
    """Possible totals, one row a world: as many as tell a share to a third of a percent."""
    worlds = min(20, max(1, _ENOUGH // max(len(outlook.x), 1)))
    return np.stack([outlook.imagined(rng) for _ in range(worlds)])


def _level(held: Callable[[float], float], wanted: float) -> float:
    """The least level at which so much is held; held grows with the level."""
    low, high = _LEAST, _MOST
    if held(low) >= wanted:
        return low
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (low, middle) if held(middle) >= wanted else (middle, high)
    return high


def _some(count: int) -> slice:
    """At most about `_ENOUGH` customers, evenly among all."""
    return slice(None, None, max(1, count // _ENOUGH))
