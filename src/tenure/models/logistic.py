"""The chance of something from what is known, by logistic regression with a penalty that keeps every answer finite.

Minimised is the negative log-likelihood + ½ · penalty · Σ coefficient² over the penalised columns (ridge; le Cessie &
van Houwelingen 1992, Applied Statistics 41(1)), by Newton's method. The problem is convex: it ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.models.newton import ascend

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic regression.

    Attributes:
        coefficients: one per column.
        covariance: the inverse of the penalised Hessian.
        log_likelihood: without the penalty.
    """

    coefficients: Numbers
    covariance: Numbers
    log_likelihood: float


def logistic(rows: Numbers, happened: Numbers, weights: Numbers, penalty: Numbers) -> Logistic:
    """The coefficients that explain what happened.

    Args:
        rows: one row per case; a column of ones is the intercept.
        happened: 0 or 1 per case.
        weights: how many cases a row stands for.
        penalty: one per column, 0 or more.
    """

    def value(at: Numbers) -> float:
        return _value(rows, happened, weights, penalty, at)

    def shape(at: Numbers) -> tuple[Numbers, Numbers]:
        chance = chances(rows @ at)
        slope = rows.T @ (weights * (happened - chance)) - penalty * at
        return slope, _hessian(rows, weights * chance * (1 - chance), penalty)

    at, top = ascend(value, shape, np.zeros(rows.shape[1]))
    covariance = np.linalg.pinv(shape(at)[1], hermitian=True)
    return Logistic(at, np.asarray(covariance, np.float64), top + float(penalty @ at**2) / 2)


def chances(log_odds: Numbers) -> Numbers:
    """1 ÷ (1 + e^−x), without overflow."""
    from scipy.special import expit

    return np.asarray(expit(log_odds))


def _value(rows: Numbers, happened: Numbers, weights: Numbers, penalty: Numbers, at: Numbers) -> float:
    log_odds = rows @ at
    return float(weights @ (happened * log_odds - np.logaddexp(0.0, log_odds))) - float(penalty @ at**2) / 2


def _hessian(rows: Numbers, curvature: Numbers, penalty: Numbers) -> Numbers:
    return np.asarray(rows.T @ (rows * curvature[:, None]) + np.diag(penalty))
