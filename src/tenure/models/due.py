"""The chance that a purchase comes within days: a logistic stack of three simple views and what the customer is up to.

The views are the elapsed share of the expected gap, the log-normal renewal with drop-out, and a gamma-Poisson rate;
each errs in its own way. The stack is trained on moments before the latest one, when what followed is known, and is
therefore calibrated where the views are not (stacking: Wolpert 1992; with a logistic model: Ting & Witten 1999).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.models.log_gaps import Levels, Placed
from tenure.models.logistic import chances, logistic
from tenure.models.pairs import Pairs

Numbers = NDArray[np.float64]

_NEVER, _SURE = 1e-4, 1 - 1e-3  # views are kept this far from 0 and 1 before their logits are taken
_ENOUGH = 100_000  # rows; more cost time and change the fourth digit of sixteen weights
_FEW = 50  # positives below which a stack would learn accidents


@dataclass(frozen=True, slots=True)
class Stack:
    """A logistic regression on standardised features."""

    means: Numbers
    scales: Numbers
    weights: Numbers
    constant: float

    def chance(self, features: Numbers) -> Numbers:
        """Probabilities, one per row."""
        weights = self.weights / self.scales
        return chances(features @ weights + (self.constant - self.means @ weights))

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "means": self.means.tolist(), "scales": self.scales.tolist(), "weights": self.weights.tolist(),
            "constant": self.constant,
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Stack:
        """The stack that `as_json` described."""
        means, scales, weights = (np.asarray(stored[name], np.float64) for name in ("means", "scales", "weights"))
        return cls(means, scales, weights, float(stored["constant"]))


def survival(placed: Placed, days: Numbers) -> Numbers:
    """The chance that a gap is longer than so many days."""
    from scipy.special import ndtr

    return np.asarray(ndtr((placed.centre - np.log(np.maximum(days, 1e-9))) / placed.spread))


def renewal(placed: Placed, elapsed: Numbers, days: float) -> Numbers:
    """The chance of a purchase within days, by the log-normal renewal with drop-out.

    P(alive | silence) × (S(elapsed) − S(elapsed + days)) ÷ S(elapsed).
    """
    still = np.maximum(survival(placed, elapsed), 1e-300)
    return placed.alive * np.clip(1 - survival(placed, elapsed + days) / still, 0.0, 1.0)


def rate(pairs: Pairs, placed: Placed, levels: Levels, days: float) -> Numbers:
    """The chance of a purchase within days at a gamma-Poisson rate: one gap of the usual length added to those seen."""
    usual = np.exp(levels.level[pairs.product] + placed.tempo[pairs.customer])
    purchases = (pairs.gaps + 1) / (np.maximum(pairs.before - pairs.first, 0.5) + usual)
    return np.asarray(1 - np.exp(-purchases * days))


def features(pairs: Pairs, placed: Placed, levels: Levels, days: float) -> Numbers:
    """One row per pair: the three views, recent purchases of the thing, and recent visits of the customer."""
    elapsed, known = pairs.elapsed, np.maximum(pairs.before - pairs.first, 1.0)
    by_renewal = _logit(renewal(placed, elapsed, days))
    by_rate = _logit(rate(pairs, placed, levels, days))
    share = np.log(elapsed) - placed.centre
    away = np.maximum(pairs.before - pairs.visit_last, 0.5)[pairs.customer]
    since = np.maximum(pairs.before - pairs.visit_first, 1.0)[pairs.customer]
    often = np.log(np.maximum(pairs.visits[pairs.customer], 1.0) / since)
    much = np.log1p(pairs.gaps)
    return np.column_stack([
        by_renewal, by_rate, share, share**2, share * much, share * by_renewal, share * by_rate, much,
        np.log(elapsed), np.log(known), np.log1p(pairs.month), np.log1p(pairs.quarter), np.log(away), often,
        np.log1p(pairs.visits_month)[pairs.customer], np.log1p(pairs.bought_month)[pairs.customer],
    ])  # fmt: skip


def train(parts: Sequence[tuple[Numbers, NDArray[np.bool_]]]) -> Stack | None:
    """A stack from features and what followed; None where too little followed to learn from."""
    if not parts:
        return None
    rows, happened = np.vstack([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    every = max(1, -(-len(rows) // _ENOUGH))
    rows, happened = rows[::every], happened[::every]
    if min(int(happened.sum()), int((~happened).sum())) < _FEW:
        return None
    means, scales = rows.mean(axis=0), rows.std(axis=0)
    scales[scales < 1e-9] = 1.0
    standard = np.column_stack([(rows - means) / scales, np.ones(len(rows))])
    penalty = np.append(np.ones(rows.shape[1]), 0.0)
    found = logistic(standard, happened.astype(np.float64), np.ones(len(rows)), penalty).coefficients
    return Stack(means, scales, found[:-1], float(found[-1]))


def _logit(chance: Numbers) -> Numbers:
    kept = np.clip(chance, _NEVER, _SURE)
    return np.asarray(np.log(kept / (1 - kept)))
