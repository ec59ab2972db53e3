"""Straightens log-odds that are too sure or too timid, so that probabilities mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# The weak belief that nothing is to be corrected, as precisions of slope and intercept: few cases turn nothing around.
_BELIEF = np.array([25.0, 1.0])
_SMALLEST = 0.05  # a slope of 0 would say that all are alike, one below that the ranking is upside down


def straightened(margins: Numbers, happened: Numbers, weights: Numbers) -> tuple[float, float]:
    """Slope and intercept that make log-odds fit what happened, by logistic regression (Platt 1999).

    Args:
        margins: log-odds of cases that their model had not seen.
        happened: 0 or 1, for each; `weights`: how much each counts.
    """
    inputs = np.column_stack([margins, np.ones(len(margins))])
    nothing = np.array([1.0, 0.0])
    found = nothing.copy()
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ found, -35, 35)))
        gradient = inputs.T @ (weights * (happened - chance)) - _BELIEF * (found - nothing)
        curvature = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs + np.diag(_BELIEF)
        step = np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
        found += step
        if np.abs(step).max() < 1e-10:
            break
    return max(float(found[0]), _SMALLEST), float(found[1])
