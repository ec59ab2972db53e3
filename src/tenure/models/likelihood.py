"""Maximum likelihood with analytic gradients: the same few steps for every model with positive parameters.

Parameters are searched on their logarithms, so that none can become negative and scales do not matter. L-BFGS finds the
valley, Newton steps on a numerically differenced gradient end at its bottom, and the same Hessian gives the standard
errors (delta method back to the natural scale).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError

Numbers = NDArray[np.float64]
# The objective: natural parameters in, log-likelihood and its gradient by the natural parameters out.
Objective = Callable[[Numbers], tuple[float, Numbers]]
Lost = Callable[[Numbers], tuple[float, Numbers]]  # minus the objective, by the logarithms

_LOWEST, _HIGHEST = np.log(1e-6), np.log(1e6)
_STEP = 1e-5  # on the logarithm, for the Hessian by central differences of the gradient
_LOST = 1e300  # where the objective is not finite
_NEGLIGIBLE = 1e-9  # of log-likelihood won by a step: an end
_SMALL = 1e-5  # the same where a step costs a pass over very many cells


@dataclass(frozen=True, slots=True)
class Fit:
    """The end of a search.

    Attributes:
        values: natural parameters, in the order of `names`.
        log_likelihood: at `values`, without any prior.
        covariance: of the natural parameters; NaN where the likelihood is flat.
        log_covariance: of their logarithms, finite always: where the likelihood is flat a parameter is left open by a
            factor of e, not more.
        is_converged: False where the best point lies on a bound or the gradient did not vanish.
    """

    names: tuple[str, ...]
    values: Numbers
    log_likelihood: float
    covariance: Numbers
    log_covariance: Numbers
    is_converged: bool

    @property
    def standard_errors(self) -> Numbers:
        """One per parameter; NaN where the data do not tell."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.covariance))


@dataclass(frozen=True, slots=True)
class _End:
    logs: Numbers
    lost: float
    hessian: Numbers
    is_converged: bool


def maximise(
    objective: Objective,
    names: Sequence[str],
    starts: Sequence[Sequence[float]],
    prior: Objective | None = None,
    roughly: Objective | None = None,
) -> Fit:
    """The parameters at which an objective is greatest.

    Args:
        objective: log-likelihood and gradient by the natural parameters, all positive.
        names: the parameters.
        starts: points to begin from; the best end wins, and later ones are tried only if an earlier one fails.
        prior: added to the objective during the search (a weak penalty), not to the reported likelihood.
        roughly: a cheaper objective with nearly the same maximum; it is searched first, then a few Newton steps with
            its Hessian end on the objective itself, whose value never falls on the way.

    Raises:
        TenureError: no start leads anywhere.
    """
    exact = _penalised(objective, prior)
    if roughly is None:
        end = _best(exact, starts)
    else:
        rough = _best(_penalised(roughly, prior), starts)
        end = _finish(exact, rough) if rough.is_converged else _search(exact, rough.logs)
    if end.lost >= _LOST:
        raise TenureError("the likelihood is not finite anywhere", "Look for outliers or mixed time units in the data.")
    natural = np.exp(end.logs)
    covariance = np.outer(natural, natural) * _inverse(end.hessian)
    value = -end.lost - (prior(natural)[0] if prior is not None else 0.0)
    return Fit(tuple(names), natural, value, covariance, _open_inverse(end.hessian), end.is_converged)


def _penalised(objective: Objective, prior: Objective | None) -> Lost:
    def lost(logs: Numbers) -> tuple[float, Numbers]:
        natural = np.exp(logs)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, gradient = objective(natural)
        if prior is not None:
            extra, slope = prior(natural)
            value, gradient = value + extra, gradient + slope
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            return _LOST, np.zeros_like(logs)
        return -value, -gradient * natural

    return lost


def _best(lost: Lost, starts: Sequence[Sequence[float]]) -> _End:
    ends: list[_End] = []
    for start in starts:
        ends.append(_search(lost, np.log(np.asarray(start, dtype=np.float64))))
        if ends[-1].is_converged:
            break
    return min(ends, key=lambda end: end.lost)


def _search(lost: Lost, start: Numbers) -> _End:
    from scipy.optimize import minimize

    bounds = [(_LOWEST, _HIGHEST)] * len(start)
    found = minimize(lost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "ftol": 1e-12})
    logs, value = np.asarray(found.x, dtype=np.float64), float(found.fun)
    hessian, slope = _hessian(lost, logs), lost(logs)[1]
    for _ in range(8):
        moved, better, next_slope, won = _newton(lost, logs, value, slope, hessian)
        if not better < value:
            break
        logs, value, slope = moved, better, next_slope
        hessian = _hessian(lost, logs)
        if won < _NEGLIGIBLE:
            break
    is_inside = bool(((logs > _LOWEST + 0.01) & (logs < _HIGHEST - 0.01)).all())
    is_level = bool(np.abs(slope).max() <= 1e-4 * max(1.0, abs(value)))
    return _End(logs, value, hessian, is_inside and is_level)


def _finish(lost: Lost, rough: _End) -> _End:
    """From the end of a rough search to that of the exact one, by Newton steps with the rough Hessian."""
    logs = rough.logs
    value, slope = lost(logs)
    for _ in range(6):
        moved, better, next_slope, _ = _newton(lost, logs, value, slope, rough.hessian, _SMALL)
        if not better < value:
            break
        logs, value, slope = moved, better, next_slope
    return _End(logs, value, rough.hessian, rough.is_converged)


def _newton(
    lost: Lost, logs: Numbers, value: float, slope: Numbers, hessian: Numbers, enough: float = 0.0
) -> tuple[Numbers, float, Numbers, float]:
    """A Newton step, shortened until it gains: its end, value and slope there, and the gain that was to be expected.

    No step is made where less than `enough` is to be gained, or no more than rounding.
    """
    step = _inverse(hessian) @ slope
    won = float(slope @ step) / 2
    if not won > max(enough, 1e-15 * abs(value)):
        return logs, value, slope, 0.0
    size = min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-300))
    for _ in range(4):
        moved = np.clip(logs - size * step, _LOWEST, _HIGHEST)
        better, slope_there = lost(moved)
        if better < value:
            return moved, better, slope_there, won
        size /= 4
    return logs, value, slope, won


def _hessian(lost: Lost, logs: Numbers) -> Numbers:
    rows = []
    for i in range(len(logs)):
        step = np.zeros_like(logs)
        step[i] = _STEP
        rows.append((lost(logs + step)[1] - lost(logs - step)[1]) / (2 * _STEP))
    found = np.array(rows)
    return (found + found.T) / 2


def _inverse(hessian: Numbers) -> Numbers:
    """The inverse, or NaN where the matrix is not that of a minimum: a flat valley has no standard error."""
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        return np.full_like(hessian, np.nan)
    return np.asarray(np.linalg.inv(hessian))


def _open_inverse(hessian: Numbers) -> Numbers:
    """The inverse with every direction's variance at most 1."""
    curvature, directions = np.linalg.eigh(np.nan_to_num(hessian))
    found: Numbers = (directions / np.maximum(curvature, 1.0)) @ directions.T
    return found
