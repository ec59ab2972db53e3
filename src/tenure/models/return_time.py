"""When customers come back, day by day, so that every day of silence counts as evidence.

Time since an order is cut into spans that hold about equally many returns; in each span, who has not come back yet does
so with a chance that depends on the span and on what is known (a discrete-time hazard: Singer & Willett 1993, Journal
of Educational Statistics 18(2)). Customers whose next order is still out simply stop being watched, so the latest
cohorts teach too. Let S(t) be the chance that nothing has come t days after the order. Then

    P(nothing within H days | nothing within the first s days) = S(H) ÷ S(s).

Where the records hold enough of two years to tell season from trend, the chance also moves with the time of the year:
who first came in October is seen again in a quiet spring, who first came in April in a busy autumn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.models.logistic import chances
from tenure.models.span_logistic import Spans, span_logistic

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_SPANS = 8
_FEWEST = 30  # returns in a span
_YEAR = 365.25
_ENOUGH = 1.5  # years; with less, a wave over the year is taken for a trend, or a trend for it
_FADING = 10.0  # how much more the change of a slope over time is drawn to 0 than the slope
_PARTS = ("edges", "levels", "slopes", "fading", "season")


@dataclass(frozen=True, slots=True)
class ReturnTime:
    """A fitted model of the time until the next order.

    Attributes:
        edges: the last day of each span after the order.
        levels: log-odds of coming back in each span, for an average customer.
        slopes: change of these per unit of each known thing.
        fading: change of the slopes with the (centred) logarithm of time: what a first order tells wears off.
        season: weights of the sine and cosine of the time of the year, once and twice around; empty where too little of
            two years is known.
    """

    edges: Numbers
    levels: Numbers
    slopes: Numbers
    fading: Numbers
    season: Numbers

    def survival(self, known: Numbers, ordered: Numbers, days: Numbers) -> Numbers:
        """The chance that nothing has come so many whole days after the order, one per row.

        Args:
            known: rows × columns, as `return_time` got them.
            ordered: the day of each order, in days since 1970.
            days: whole days after it, up to the horizon.
        """
        alive = np.hstack([np.ones((len(known), 1)), np.cumprod(1 - self._hazards(known, ordered), axis=1)])
        ends = np.concatenate([[0.0], self.edges])
        at = np.clip(days, 0.0, ends[-1])
        span = np.clip(np.searchsorted(ends, at, side="right") - 1, 0, len(self.edges) - 1)
        part = (at - ends[span]) / (ends[span + 1] - ends[span])
        rows = np.arange(len(known))
        # Within a span the hazard is even: the logarithm of the survival falls along a line.
        return np.asarray(alive[rows, span] ** (1 - part) * alive[rows, span + 1] ** part)

    def nothing_at_all(self, known: Numbers, ordered: Numbers, silent: Numbers) -> Numbers:
        """The chance of no order within the horizon, given so many whole days of silence; 1 once these fill it."""
        ends = self.survival(known, ordered, np.full(len(known), self.edges[-1]))
        return np.asarray(ends / self.survival(known, ordered, silent))

    def _hazards(self, known: Numbers, ordered: Numbers) -> Numbers:
        linear = (known @ self.slopes)[:, None] + (known @ self.fading)[:, None] * _wear(self.edges)[None, :]
        linear = linear + self.levels[None, :]
        if len(self.season):
            linear = linear + _waves(ordered[:, None] + _middle(self.edges)[None, :]) @ self.season
        return chances(linear)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {name: getattr(self, name).tolist() for name in _PARTS}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ReturnTime:
        """What `as_json` described."""
        return cls(*(np.array(stored[name], np.float64) for name in _PARTS))


def return_time(
    known: Numbers, ordered: Numbers, days: Numbers, watched: Numbers, horizon: int, penalty: float
) -> ReturnTime:
    """Learn from orders and what came after them.

    Args:
        known: rows × columns, centred and scaled.
        ordered: the day of each order, in days since 1970.
        days: until the next order; infinite where there is none yet.
        watched: whole days after the order that have been seen.
        horizon: days after which nobody is watched any more.
        penalty: how strongly slopes are drawn to 0, in cases.
    """
    seen = np.minimum(watched, horizon)
    edges = _edges(days[days <= seen], horizon)
    begins = np.concatenate([[0.0], edges[:-1]])
    # A span that was not watched to its end is left out, even where an order came in it: to keep those alone would
    # make returns look more frequent than they are.
    at_risk = (days[:, None] > begins) & (seen[:, None] >= edges)
    came = at_risk & (days[:, None] <= edges)
    is_year = len(ordered) > 0 and float((ordered + seen).max() - ordered.min()) >= _ENOUGH * _YEAR
    season = _waves(ordered[:, None] + _middle(edges)) if is_year else np.zeros((*at_risk.shape, 0))
    spans = Spans(known, _wear(edges), season, at_risk.astype(np.float64), came.astype(np.float64))
    width = known.shape[1]
    drawn = [np.full(len(edges), 0.01), np.full(width, penalty), np.full(width, _FADING * penalty),
             np.full(season.shape[2], penalty)]  # fmt: skip
    return ReturnTime(edges, *span_logistic(spans, np.concatenate(drawn)))


def _edges(returns: Numbers, horizon: int) -> Numbers:
    """Ends of spans with about equally many returns in each; the last, long and thin one is cut in two."""
    spans = int(np.clip(len(returns) // _FEWEST, 1, _SPANS))
    inner = np.quantile(returns, np.arange(1, spans) / spans, method="lower") if spans > 1 else np.empty(0)
    inner = inner[(inner > 0) & (inner < horizon)]
    half = [(inner[-1] + horizon) // 2] if len(inner) and inner[-1] < horizon - 1 else []
    return np.unique(np.concatenate([inner, half, [float(horizon)]]))


def _middle(edges: Numbers) -> Numbers:
    return np.asarray((np.concatenate([[0.0], edges[:-1]]) + edges) / 2)


def _wear(edges: Numbers) -> Numbers:
    """The logarithm of each span's middle, centred and scaled."""
    middle = np.log1p(_middle(edges))
    return np.asarray((middle - middle.mean()) / max(float(middle.std()), 1e-9), dtype=np.float64)


def _waves(day: Numbers) -> Numbers:
    """Sine and cosine of the time of the year, once and twice around, along a new last axis."""
    turn = 2 * np.pi * day / _YEAR
    return np.stack([np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn)], axis=-1)
