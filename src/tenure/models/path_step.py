"""One step of the path: whether another order comes after one, and, if so, whether discounts draw those to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.models.early_orders import Early, Scale, scale
from tenure.models.logistic import chances, logistic
from tenure.models.order_days import OrderDays
from tenure.models.path_reasons import Grounds
from tenure.models.return_time import ReturnTime, return_time

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_FEWEST_OF_CLASS = 20  # bargain hunters, and others, below which a regression learns one customer by heart


@dataclass(frozen=True, slots=True)
class Step:
    """A fitted step.

    Attributes:
        scale: centre and spread of what is known.
        returns: when another order comes.
        base, drawn: log-odds of being drawn by discounts, for an average customer and per unit of what is known; the
            latter are 0 where too few of either kind have been seen, and then everyone has the base rate.
    """

    scale: Scale
    returns: ReturnTime
    base: float
    drawn: Numbers

    def gone(self, known: Early, ordered: Whole, silent: Numbers) -> Numbers:
        """The chance that no order comes within the horizon, given so many whole days of silence."""
        return self.returns.nothing_at_all(self.scale.matrix(known), ordered.astype(np.float64), silent)

    def hunts(self, known: Early) -> Numbers:
        """The chance that discounts draw the orders to come, if there are any."""
        return chances(self.base + self.scale.matrix(known) @ self.drawn)

    def grounds(self, known: Early) -> Grounds:
        """How much each known thing moves the log-odds of both."""
        matrix = self.scale.matrix(known)
        back, drawn = (self.scale.folded(matrix * each) for each in (self.returns.slopes, self.drawn))
        return Grounds(self.scale.names, back, drawn, matrix[:, : len(self.scale.names)] > 0)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"scale": self.scale.as_json(), "returns": self.returns.as_json(), "base": self.base,
                "drawn": self.drawn.tolist()}  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Step:
        """What `as_json` described."""
        return cls(Scale.from_json(stored["scale"]), ReturnTime.from_json(stored["returns"]), float(stored["base"]),
                   np.array(stored["drawn"], np.float64))  # fmt: skip


def step(days: OrderDays, known: Early, seen: Whole, today: int, horizon: int, penalty: float) -> Step:
    """Learn from some orders.

    Args:
        days: order days, none of them later than the day before `today`.
        known: what is known at each of these orders.
        seen: what became of each: 0 nothing, 1 drawn by discounts, 2 just bought, −1 not known yet.
        horizon: days after which nobody is watched any more.
        penalty: how strongly coefficients are drawn to 0, in cases.
    """
    learned = scale(known)
    matrix, ordered = learned.matrix(known), days.day[known.rows].astype(np.float64)
    returns = return_time(
        matrix, ordered, days.next_day[known.rows] - ordered, today - 1 - ordered, horizon, penalty
    )  # fmt: skip
    back = seen > 0
    base, drawn = _hunting(matrix[back], (seen[back] == 1).astype(np.float64), penalty)
    return Step(learned, returns, base, drawn)


def _hunting(matrix: Numbers, drawn: Numbers, penalty: float) -> tuple[float, Numbers]:
    """Base and coefficients of the log-odds of being drawn by discounts, among those who came back."""
    if min(drawn.sum(), len(drawn) - drawn.sum()) < _FEWEST_OF_CLASS:
        rate = (drawn.sum() + 0.5) / (len(drawn) + 1)
        return float(np.log(rate / (1 - rate))), np.zeros(matrix.shape[1])
    rows = np.hstack([np.ones((len(drawn), 1)), matrix])
    drawn_to = np.concatenate([[0.0], np.full(matrix.shape[1], penalty)])
    found = logistic(rows, drawn, np.ones(len(drawn)), drawn_to).coefficients
    return float(found[0]), found[1:]
