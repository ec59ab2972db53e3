"""What the models of contract renewal share: each customer stays at every renewal by a chance of their own.

The chance to leave, θ, differs between customers as a beta distribution with parameters alpha and beta; nobody knows
whose is which, so those who are left after each renewal are ever more those who stay. S(t) = B(alpha, beta + t^c) ÷
B(alpha, beta) is the share that is still there after t renewals; c is 1 in the shifted beta-geometric model (Fader &
Hardie 2007, equation 6) and free in the beta-discrete-Weibull model (Fader, Hardie, Liu, Davin & Steenburgh 2018).
All is computed on logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError
from tenure.models.base import Estimator, Params, Table
from tenure.models.likelihood import maximise
from tenure.models.plots.methods import RenewalPlots
from tenure.models.survivors import Survivors, survivors

Numbers = NDArray[np.float64]

_LARGE = 1e3  # from here on Stirling's series is exact to the last digit, and differences of gammaln are not
_HORIZON = 200_000  # renewals in a discounted sum; enough for a rate of 0.02% a period
_ALIKE = 1e4  # alpha + beta above this: the spread of θ is under a hundredth of its mean, and no data tell it from none


class RenewalModel(RenewalPlots, Estimator):
    """Shares that survive, and what a customer is still worth, from cohorts' survivors. Time counts renewals."""

    names: ClassVar[tuple[str, ...]]
    meanings: ClassVar[Mapping[str, str]]
    starts: ClassVar[tuple[tuple[float, ...], ...]]

    params_: Params
    standard_errors_: Params
    log_likelihood_: float
    is_converged_: bool
    notes_: tuple[str, ...]

    def fit(self, given: Any) -> Self:
        """Learn from survivors by period.

        Args:
            given: a list that begins with the customers at the start (`[1000, 869, 743, 653]`), a list of such
                cohorts of any lengths, or a frame with `period`, `survivors` and perhaps `cohort`. A cohort in a frame
                may begin at a later period than 0: then its earlier losses are taken as unseen.

        Raises:
            TenureError: the survivors cannot be read, or there are fewer renewals than parameters.
        """
        counted = survivors(given)
        if counted.observed < len(self.names):
            raise TenureError(
                f"{counted.observed} renewal{' is too little' if counted.observed == 1 else 's are too few'} for the "
                f"{len(self.names)} parameters of {type(self).__name__}",
                "Give more periods" + (", or use ShiftedBetaGeometric." if len(self.names) > 2 else "."),
            )
        # A mean, for with a sum the first step of a bounded search leaps into a corner of the bounds and stays there.
        size = float((counted.stayed + counted.left).sum())

        def mean(values: Numbers) -> tuple[float, Numbers]:
            value, slope = self._log_likelihood(counted, values)
            return value / size, slope / size

        found = maximise(mean, self.names, self.starts)
        self.params_ = Params(dict(zip(self.names, found.values, strict=True)))
        self.standard_errors_ = Params(dict(zip(self.names, found.standard_errors / np.sqrt(size), strict=True)))
        self.log_likelihood_, self.is_converged_ = found.log_likelihood * size, found.is_converged
        self.notes_ = self._doubts()
        return self

    def survival(self, t: ArrayLike, age: ArrayLike = 0) -> Any:
        """The share of customers who are still there after `t` renewals.

        Args:
            t: renewals from now, 0 or more; fractions are read off the same curve.
            age: renewals already made by those whose share is asked; 0 counts from the start.

        Returns:
            Between 0 and 1: a number for numbers, an array for arrays.

        Raises:
            TenureError: the model is not fitted, or a time is negative.
        """
        self._check_fitted()
        ahead, past = _times(t, "t"), _times(age, "age")
        return _plain(np.exp(self._log_survival(past + ahead)[0] - self._log_survival(past)[0]))

    def retention(self, t: ArrayLike) -> Any:
        """The share of those who came to renewal number `t` (1, 2, …) and stayed: S(t) ÷ S(t − 1).

        Raises:
            TenureError: the model is not fitted, or a renewal is below 1.
        """
        self._check_fitted()
        at = _times(t, "t")
        if (at < 1).any():
            raise TenureError("renewals are numbered from 1", "Ask for the retention at renewal 1 or later.")
        return _plain(np.exp(self._log_survival(at)[0] - self._log_survival(at - 1)[0]))

    def expected_survivors(self, n: ArrayLike, t: ArrayLike, age: ArrayLike = 0) -> Any:
        """How many of `n` customers who have made `age` renewals are expected after `t` more."""
        return _plain(np.asarray(n, dtype=np.float64) * np.asarray(self.survival(t, age)))

    def residual_lifetime(self, age: ArrayLike = 0, rate: float = 0.1) -> Any:
        """Discounted expected residual lifetime: periods still to be paid, each worth less the later it comes.

        Σ over t > age of S(t) ÷ S(age) ÷ (1 + rate)^(t − age − 1): the renewal that is just due counts whole. Times a
        constant margin per period it is the residual value of a customer (Fader & Hardie 2010, Marketing Science
        29(1), equation 6, where it is (β + n − 1) ÷ (α + β + n − 1) · ₂F₁(1, β + n; α + β + n; 1 ÷ (1 + d)) for the
        n-th renewal). A new customer's is `1 + residual_lifetime(0, rate) / (1 + rate)`.

        Args:
            age: renewals made so far, whole.
            rate: discount per period, such as 0.1 for 10%; at least 0.0002.

        Raises:
            TenureError: the model is not fitted, or the rate is too low: without discount the sum has no end.
        """
        self._check_fitted()
        if not np.isfinite(rate) or np.log1p(rate) * _HORIZON < 36:
            raise TenureError(f"a discount of {rate} per period is too low", "Give 0.0002 (0.02%) or more.")
        ahead = np.arange(1, int(np.ceil(36 / np.log1p(rate))) + 1)  # what follows weighs less than 1e-15
        discount = -(ahead - 1) * np.log1p(rate)
        ages = np.atleast_1d(_times(age, "age"))
        sums = [
            np.exp(self._log_survival(one + ahead)[0] - self._log_survival(one)[0] + discount).sum() for one in ages
        ]
        return _plain(np.reshape(sums, np.shape(age)))

    def summary(self) -> Table:
        """Each parameter with its standard error and what it means; the title says how well it fits, and any doubt."""
        self._check_fitted()
        rows = [(name, self.params_[name], self.standard_errors_[name], self.meanings[name]) for name in self.names]
        title = ". ".join([f"{type(self).__name__}, log-likelihood {self.log_likelihood_:.2f}", *self.notes_])
        return Table(("parameter", "estimate", "standard error", "meaning"), rows, title)

    def _learned(self) -> dict[str, Any]:
        errors = {name: value if np.isfinite(value) else None for name, value in self.standard_errors_.items()}
        return {
            "params": self.params_.to_dict(), "standard_errors": errors, "log_likelihood": self.log_likelihood_,
            "is_converged": self.is_converged_, "notes": list(self.notes_),
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        errors = {name: np.nan if value is None else value for name, value in learned["standard_errors"].items()}
        self.params_, self.standard_errors_ = Params(learned["params"]), Params(errors)
        self.log_likelihood_, self.is_converged_ = learned["log_likelihood"], learned["is_converged"]
        self.notes_ = tuple(learned["notes"])

    def _doubts(self) -> tuple[str, ...]:
        if self.params_.alpha + self.params_.beta > _ALIKE:
            return ("Customers look alike: alpha and beta only say how many leave, not how they differ",)
        if not self.is_converged_ or np.isnan(np.asarray(self.standard_errors_)).any():
            return ("No clear best was found: read the curve, not the parameters",)
        return ()

    def _log_survival(self, times: Numbers, values: Numbers | None = None) -> tuple[Numbers, Numbers]:
        """log S at each time and its gradient by the parameters, which are the fitted ones unless given."""
        given = np.asarray(self.params_) if values is None else values
        shape = given[2] if len(given) > 2 else 1.0
        value, by_alpha, by_beta, by_shape = log_survival(times, given[0], given[1], shape)
        return value, np.array([by_alpha, by_beta, by_shape][: len(given)])

    def _log_likelihood(self, counted: Survivors, values: Numbers) -> tuple[float, Numbers]:
        """Σ stayed · log r + left · log(1 − r) over renewals: as S is the product of r, this is the papers' own."""
        log_s, slopes = self._log_survival(np.arange(len(counted.stayed) + 1.0), values)
        kept, kept_slope = np.diff(log_s), np.diff(slopes, axis=1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            lost = np.log(-np.expm1(kept))
            odds = np.exp(kept - lost)
            has = counted.left > 0
            weights = counted.stayed - np.where(has, counted.left * odds, 0.0)
        value = float(counted.stayed @ kept + counted.left[has] @ lost[has])
        with np.errstate(invalid="ignore"):
            return value, np.asarray(kept_slope @ weights)


def log_survival(times: Numbers, alpha: float, beta: float, shape: float) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """log B(alpha, beta + t^shape) − log B(alpha, beta), and its derivatives by alpha, beta and shape."""
    from scipy.special import psi

    logs = np.log(np.maximum(times, 1e-300))
    spent = np.where(times > 0, np.exp(np.minimum(shape * logs, 600.0)), 0.0)  # a search may try any shape
    start, end = np.full_like(spent, beta), beta + spent
    value = _rise(start, alpha) - _rise(end, alpha)
    slope = _slope(end, alpha)
    return value, psi(alpha + beta) - psi(alpha + end), _slope(start, alpha) - slope, -slope * spent * logs


def _rise(at: Numbers, by: float) -> Numbers:
    """log Γ(at + by) − log Γ(at), by Stirling's series where the plain difference would lose its digits."""
    from scipy.special import gammaln

    end = at + by
    tail = (1 / end - 1 / at) / 12 - ((1 / end) ** 3 - (1 / at) ** 3) / 360
    series = (at - 0.5) * np.log1p(by / at) + by * np.log(end) - by + tail
    near = np.minimum(at, _LARGE)
    return np.where(at < _LARGE, gammaln(near + by) - gammaln(near), series)


def _slope(at: Numbers, by: float) -> Numbers:
    """ψ(at + by) − ψ(at), in the same two ways."""
    from scipy.special import psi

    end = at + by
    series = np.log1p(by / at) + (1 / at - 1 / end) / 2 + ((1 / at) ** 2 - (1 / end) ** 2) / 12
    near = np.minimum(at, _LARGE)
    return np.where(at < _LARGE, psi(near + by) - psi(near), series)


def _times(given: ArrayLike, name: str) -> Numbers:
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise TenureError(f"`{name}` is no number of renewals", "Give a number or an array of numbers.") from None
    if not np.isfinite(found).all() or (found < 0).any():
        raise TenureError(f"`{name}` has a negative or missing number of renewals", "Give 0 or more.")
    return found


def _plain(found: Any) -> Any:
    return float(found) if np.ndim(found) == 0 else np.asarray(found)
