"""How much each customer may spend in a time to come: the whole distribution, not only its mean.

The total of a customer is 0 with the probability that they buy nothing, which the purchase model gives exactly. Of
those who do buy, given v, x, z and T, it is Gamma(p N) ÷ Gamma(p x + q) · (v + x z): N, the number of purchases, varies
with x and T alone, and money is nothing but a scale. So the distribution of total ÷ its mean is drawn once for some
hundred pairs of x and T, with the parameters of both models in doubt, and read from that table for anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tenure.models.gamma_gamma import GammaGamma
    from tenure.models.purchase_model import PurchaseModel

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]

SHARES = np.concatenate(([0.002, 0.005], np.linspace(0.01, 0.99, 50), [0.995, 0.998]))
_AGES = 6  # grid points between the youngest and the oldest customer: the shape hardly changes with age
_DRAWS = 4_000
_FEW = 400  # of these who buy; with fewer, draws are added
_MORE = 60_000


@dataclass(frozen=True, slots=True)
class Totals:
    """Quantiles of total ÷ its mean among those who buy, on a grid.

    Attributes:
        counts, ages: repeat purchases and ages of the grid, ascending.
        logs: logarithms of the quantiles, counts × ages × `SHARES`.
    """

    counts: Numbers
    ages: Numbers
    logs: NDArray[np.float64]

    @classmethod
    def drawn(
        cls, purchases: PurchaseModel, spend: GammaGamma, x: Numbers, age: Numbers, horizon: float, rng: Generator
    ) -> Totals:
        """The table for customers with such counts and ages."""
        counts = _steps(float(x.max(initial=0.0)))
        ages = np.linspace(float(age.min()), max(float(age.max()), float(age.min()) + 1), _AGES)
        grid = [each.ravel() for each in np.meshgrid(counts, ages, indexing="ij")]
        buying = purchases.sample(_histories(*grid), horizon, rng, _DRAWS, doubt=True)
        sets = spend.possible(rng, _DRAWS)
        logs = np.empty((len(grid[0]), len(SHARES)))
        for place, (count, years) in enumerate(zip(*grid, strict=True)):
            mine = buying[place]
            if np.count_nonzero(mine) < _FEW:
                mine = purchases.sample(_histories(count, years), horizon, rng, _MORE, doubt=True)[0]
            logs[place] = _quantiles(mine, count, sets, spend.mean_, rng)
        return cls(counts, ages, logs.reshape(len(counts), len(ages), -1))

    def quantile(self, x: Numbers, age: Numbers, share: Numbers) -> Numbers:
        """Total ÷ its mean that so large a share of those who buy stays below, one per customer."""
        corners = (_between(np.log1p(self.counts), np.log1p(x)), _between(self.ages, age), _between(SHARES, share))
        found = np.zeros(len(x))
        for corner in range(8):
            places, weight = [], np.ones(len(x))
            for axis, (low, part) in enumerate(corners):
                above = corner >> axis & 1
                places.append(low + above)
                weight = weight * (part if above else 1 - part)
            found += weight * self.logs[tuple(places)]
        quantile: Numbers = np.exp(found)
        return quantile

    def to_json(self) -> dict[str, Any]:
        """Plain data, four digits each."""
        return {"counts": self.counts.tolist(), "ages": self.ages.tolist(), "logs": np.round(self.logs, 4).tolist()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Totals:
        """The table that `to_json` described."""
        return cls(*(np.asarray(stored[name], dtype=np.float64) for name in ("counts", "ages", "logs")))


def _steps(most: float) -> Numbers:
    """Counts from 0, in steps that grow by half, up to at least `most`."""
    steps = [0, 1, 2, 3, 4, 6, 8]
    while steps[-1] < most:
        steps.append(steps[-1] * 3 // 2)
    return np.array(steps, dtype=np.float64)


def _histories(x: Any, age: Any) -> dict[str, Numbers]:
    """Customers of such counts and ages whose latest purchase is as old as is usual for them."""
    counts, ages = np.atleast_1d(np.asarray(x, np.float64)), np.atleast_1d(np.asarray(age, np.float64))
    recency = ages * counts / (counts + 1)
    # At age 0 nobody has repeats; the grid asks all the same, and a moment later is as good.
    recency = np.where(counts > 0, np.maximum(recency, 1e-6), 0.0)
    return {"frequency": counts, "recency": recency, "T": np.maximum(ages, recency)}


def _quantiles(purchases: NDArray[np.int64], x: float, sets: Numbers, mean: float, rng: Generator) -> Numbers:
    """Logarithms of the quantiles of total ÷ its mean, of a customer who spent as all do on x + 1 days."""
    buys = purchases > 0
    n = purchases[buys].astype(np.float64)
    if not len(n):  # so unlikely that it does not matter what would be bought
        n = np.ones(_FEW)
    p, q, v = sets[np.arange(len(n)) % len(sets)].T
    days = x + 1
    ratio = rng.gamma(p * n) / np.maximum(rng.gamma(p * days + q), 1e-300) * (v + days * mean)
    found: Numbers = np.log(np.maximum(np.quantile(ratio, SHARES) / max(float(ratio.mean()), 1e-300), 1e-9))
    return found


def _between(grid: Numbers, values: Numbers) -> tuple[Places, Numbers]:
    """The grid point below each value and how far it lies to the next, kept within the grid."""
    low = np.clip(np.searchsorted(grid, values, side="right") - 1, 0, len(grid) - 2)
    part = (values - grid[low]) / (grid[low + 1] - grid[low])
    return low, np.clip(part, 0.0, 1.0)
