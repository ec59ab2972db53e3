"""The course of a year in orders: which categories have a season, and how each week compares with an average one.

Orders of a category per week are negative-binomial around level × growth × season. The season is a sum of waves around
the circle of the year, so December runs into January without a step; growth is not periodic, and over more than one
year the two part. Over a single year they do not: the prior on growth (a factor of 1.35 a year, one deviation) decides
what share of a slope is growth, and what is left as season is drawn further to 1. How strong the waves are, how fine,
and whether there are any, is decided by the evidence (MacKay 1992): a category is seasonal where the odds against a
flat year reach a bar. Weeks that were not seen, or only in part, count by the days that were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

WEEKS = 52
_WAVES = 10  # the tenth repeats every five weeks: as sharp as an Easter
_STRENGTHS = (0.12, 0.35, 0.8, 1.6)  # deviations of a wave, on the log scale
_REACH = (2.0, 5.0, 9.0)  # the wave from which on finer ones fade
_GROWTH = 0.3  # log of a year's growth, one deviation
_LEVEL = 10.0  # the prior on the level says nothing
_NEWTON = 12
_LOWEST, _HIGHEST = 0.005, 0.5  # extra variance of a week, as a share of its square: promotions, weather, holidays


@dataclass(frozen=True, slots=True)
class Weeks:
    """Orders by category and week; one column per week from the first to the last that was seen.

    Attributes:
        orders, seen: categories × weeks; `seen` is the share of the week's days on which orders could be seen.
        week: 0 to 51, the place of each column in its year; `year`: years since the first column, as a fraction.
    """

    orders: Numbers
    seen: Numbers
    week: NDArray[np.int64]
    year: Numbers


@dataclass(frozen=True, slots=True)
class Curves:
    """What was found, one row per category.

    Attributes:
        logs: categories × 52, log of each week's share of a year's orders ÷ (1/52), before any further shrinking.
        odds: log odds for a season against a flat year.
        growth: log growth per year.
        noise: extra variance of a week as a share of its square, one for all.
    """

    logs: Numbers
    odds: Numbers
    growth: Numbers
    noise: float


def curves(weeks: Weeks) -> Curves:
    """Fit every category at every strength and reach, and take the likeliest."""
    waves = _waves(weeks.week)
    design = np.column_stack([np.ones(len(weeks.year)), weeks.year - weeks.year.mean(), waves])
    noise = _noise(weeks, design)
    flat = _fitted(weeks, design[:, :2], _precision(0.0, 1.0)[:2], noise)
    best_odds, best, growth = (
        np.full(len(weeks.orders), -np.inf),
        np.zeros((len(weeks.orders), waves.shape[1])),
        flat[0],
    )
    growth = growth[:, 1].copy()
    for strength in _STRENGTHS:
        for reach in _REACH:
            found, evidence = _fitted(weeks, design, _precision(strength, reach), noise)
            better = evidence - flat[1] > best_odds
            best_odds = np.where(better, evidence - flat[1], best_odds)
            best[better], growth[better] = found[better, 2:], found[better, 1]
    return Curves(best @ _waves(np.arange(WEEKS)).T, best_odds, growth, noise)


def _waves(week: NDArray[np.int64]) -> Numbers:
    phase = 2 * np.pi * (week + 0.5)[:, None] / WEEKS * np.arange(1, _WAVES + 1)
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1)


def _precision(strength: float, reach: float) -> Numbers:
    """Prior precision of level, growth and waves; finer waves are weaker."""
    order = np.arange(1, _WAVES + 1)
    spread = np.maximum(strength * np.exp(-((order / reach) ** 2) / 2), 1e-4)
    return np.concatenate([[1 / _LEVEL**2, 1 / _GROWTH**2], np.tile(1 / spread**2, 2)])


def _noise(weeks: Weeks, design: Numbers) -> float:
    """How much more than Poisson a week varies around its season, as a share of the square; from all categories."""
    noise = 0.05
    for _ in range(3):
        found, _evidence = _fitted(weeks, design, _precision(0.8, 5.0), noise)
        mean = _means(weeks, design, found)
        spare = ((weeks.orders - mean) ** 2 - mean) * (weeks.seen > 0)
        noise = float(np.clip(spare.sum() / max(float((mean**2).sum()), 1.0), _LOWEST, _HIGHEST))
    return noise


def _means(weeks: Weeks, design: Numbers, found: Numbers) -> Numbers:
    return np.asarray(weeks.seen * np.exp(np.clip(found @ design.T, -30, 30)))


def _fitted(weeks: Weeks, design: Numbers, precision: Numbers, noise: float) -> tuple[Numbers, Numbers]:
    """Posterior modes by Newton's method, all categories at once, and their evidence by Laplace's approximation."""
    terms = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    rate = weeks.orders.sum(axis=1) / np.maximum(weeks.seen.sum(axis=1), 1e-9)
    found = np.zeros((len(weeks.orders), terms))
    found[:, 0] = np.log(np.maximum(rate, 1e-6))
    for _ in range(_NEWTON):
        mean = _means(weeks, design, found)
        slope = ((weeks.orders - mean) / (1 + noise * mean)) @ design - precision * found
        bend = _bend(mean, products, precision, noise)
        step = np.linalg.solve(bend, slope[:, :, None])[:, :, 0]
        found += np.clip(step, -2.0, 2.0)
    mean = _means(weeks, design, found)
    evidence = _log_likelihood(weeks, mean, noise) - 0.5 * (precision * found**2).sum(axis=1)
    evidence += 0.5 * np.log(precision).sum()
    evidence -= 0.5 * np.linalg.slogdet(_bend(mean, products, precision, noise))[1]
    return found, evidence


def _bend(mean: Numbers, products: Numbers, precision: Numbers, noise: float) -> Numbers:
    """The expected curvature, one matrix per category."""
    terms = len(precision)
    return np.asarray((mean / (1 + noise * mean) @ products).reshape(-1, terms, terms) + np.diag(precision))


def _log_likelihood(weeks: Weeks, mean: Numbers, noise: float) -> Numbers:
    """Negative-binomial log-likelihood without the terms in which only the orders stand."""
    seen = weeks.seen > 0
    safe = np.where(seen, mean, 1.0)
    whole = weeks.orders * np.log(safe) - (weeks.orders + 1 / noise) * np.log1p(noise * safe)
    return np.asarray(np.where(seen, whole, 0.0).sum(axis=1))
