"""How good a forecast was: ranking, calibration and error, each from what was said and what was seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


def auc(said: ArrayLike, seen: ArrayLike) -> float:
    """The chance that one to whom it happened was given the higher score than one to whom it did not; ties count half.

    Returns:
        Between 0 and 1, 0.5 for chance; NaN where it happened to all or to none.
    """
    truth = np.asarray(seen, dtype=bool)
    happened, spared = int(truth.sum()), int((~truth).sum())
    if not happened or not spared:
        return float("nan")
    _, place, counts = np.unique(np.asarray(said, dtype=np.float64), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # scipy.stats would cost a second to import
    return float((ranks[truth].sum() - happened * (happened + 1) / 2) / (happened * spared))


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of about the same size: how many, what was said and what was seen, both as means."""

    count: int
    said: float
    seen: float


def calibration(said: ArrayLike, seen: ArrayLike, bins: int = 10) -> list[Bin]:
    """Forecasts cut into bins of about equal count by what was said, lowest first."""
    forecast, truth = np.asarray(said, dtype=np.float64), np.asarray(seen, dtype=np.float64)
    order = np.argsort(forecast, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, max(len(order), 1))) if len(part)]
    return [Bin(len(part), float(forecast[part].mean()), float(truth[part].mean())) for part in parts]


def calibration_error(said: ArrayLike, seen: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error (ECE): mean absolute gap between said and seen over bins of equal count."""
    found = calibration(said, seen, bins)
    total = sum(part.count for part in found)
    return sum(part.count * abs(part.said - part.seen) for part in found) / total if total else float("nan")


def log_loss(said: ArrayLike, seen: ArrayLike) -> float:
    """Mean negative log-likelihood of what was seen, in nats; forecasts are kept 1e-12 away from 0 and 1."""
    forecast = np.clip(np.asarray(said, dtype=np.float64), 1e-12, 1 - 1e-12)
    truth = np.asarray(seen, dtype=np.float64)
    return float(-(truth * np.log(forecast) + (1 - truth) * np.log1p(-forecast)).mean())


def brier(said: ArrayLike, seen: ArrayLike) -> float:
    """Mean squared difference between a said probability and what was seen."""
    return float(((np.asarray(said, dtype=np.float64) - np.asarray(seen, dtype=np.float64)) ** 2).mean())


def mean_absolute_error(said: ArrayLike, seen: ArrayLike) -> float:
    """Mean absolute difference between a forecast and what was seen, in its unit."""
    return float(np.abs(np.asarray(said, dtype=np.float64) - np.asarray(seen, dtype=np.float64)).mean())


def median_absolute_error(said: ArrayLike, seen: ArrayLike) -> float:
    """Median absolute difference between a forecast and what was seen, in its unit."""
    return float(np.median(np.abs(np.asarray(said, dtype=np.float64) - np.asarray(seen, dtype=np.float64))))


def bias(said: ArrayLike, seen: ArrayLike) -> float:
    """Sum said ÷ sum seen − 1: above 0 the forecast was too high in all; NaN where nothing was seen."""
    total = float(np.asarray(seen, dtype=np.float64).sum())
    return float(np.asarray(said, dtype=np.float64).sum()) / total - 1 if total else float("nan")


def share_of_top(said: ArrayLike, seen: ArrayLike, top: float = 0.1) -> float:
    """The share of all that was seen which went to the `top` share of customers ranked by what was said."""
    forecast, truth = np.asarray(said, dtype=np.float64), np.asarray(seen, dtype=np.float64)
    count = max(1, round(top * len(forecast)))
    best = np.argsort(-forecast, kind="stable")[:count]
    total = float(truth.sum())
    return float(truth[best].sum()) / total if total else float("nan")
