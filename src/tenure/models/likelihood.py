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

_LOWEST, _HIGHEST = np.log(1e-6), np.log(1e6)
_STEP = 1e-5  # on the logarithm, for the Hessian by central differences of the gradient


@dataclass(frozen=True, slots=True)
class Fit:
    """The end of a search.

    Attributes:
        values: natural parameters, in the order of `names`.
        log_likelihood: at `values`, without any prior.
        covariance: of the natural parameters; NaN where the likelihood is flat.
        is_converged: False where the best point lies on a bound or the gradient did not vanish.
    """

    names: tuple[str, ...]
    values: Numbers
    log_likelihood: float
    covariance: Numbers
    is_converged: bool

    @property
    def standard_errors(self) -> Numbers:
        """One per parameter; NaN where the data do not tell."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.covariance))


def maximise(
    objective: Objective, names: Sequence[str], starts: Sequence[Sequence[float]], prior: Objective | None = None
) -> Fit:
    """The parameters at which an objective is greatest.

    Args:
        objective: log-likelihood and gradient by the natural parameters, all positive.
        names: the parameters.
        starts: points to begin from; the best end wins, and later ones are tried only if an earlier one fails.
        prior: added to the objective during the search (a weak penalty), not to the reported likelihood.

    Raises:
        TenureError: no start leads anywhere.
    """

    def penalised(logs: Numbers) -> tuple[float, Numbers]:
        natural = np.exp(logs)
        value, gradient = objective(natural)
        if prior is not None:
            extra, slope = prior(natural)
            value, gradient = value + extra, gradient + slope
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            return 1e300, np.zeros_like(logs)
        return -value, -gradient * natural

    ends = [_search(penalised, np.log(np.asarray(start, dtype=np.float64))) for start in starts[:1]]
    if not ends[0][2]:
        ends += [_search(penalised, np.log(np.asarray(start, dtype=np.float64))) for start in starts[1:]]
    logs, lost, is_converged = min(ends, key=lambda end: end[1])
    if lost >= 1e300:
        raise TenureError("the likelihood is not finite anywhere", "Look for outliers or mixed time units in the data.")
    natural = np.exp(logs)
    covariance = np.outer(natural, natural) * _inverse(_hessian(penalised, logs))
    return Fit(tuple(names), natural, objective(natural)[0], covariance, is_converged)


def _search(lost: Callable[[Numbers], tuple[float, Numbers]], start: Numbers) -> tuple[Numbers, float, bool]:
    from scipy.optimize import minimize

    bounds = [(_LOWEST, _HIGHEST)] * len(start)
    found = minimize(lost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "ftol": 1e-12})
    logs, value = np.asarray(found.x, dtype=np.float64), float(found.fun)
    for _ in range(8):
        _, slope = lost(logs)
        step = _inverse(_hessian(lost, logs)) @ slope
        if not np.isfinite(step).all() or np.abs(step).max() < 1e-10:
            break
        moved = np.clip(logs - step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-300)), _LOWEST, _HIGHEST)
        better = lost(moved)[0]
        if better > value:
            break
        logs, value = moved, better
    _, slope = lost(logs)
    is_inside = bool(((logs > _LOWEST + 0.01) & (logs < _HIGHEST - 0.01)).all())
    return logs, value, is_inside and bool(np.abs(slope).max() <= 1e-4 * max(1.0, abs(value)))


def _hessian(lost: Callable[[Numbers], tuple[float, Numbers]], logs: Numbers) -> Numbers:
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
