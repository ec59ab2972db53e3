"""Gamma-Gamma: how much a customer spends when they buy, and how far that may lie from what was seen so far.

The amounts of one customer's purchases are Gamma(p, ν); customers differ by ν ~ Gamma(q, v), so a customer's mean spend
is p ÷ ν and that of all p · v ÷ (q − 1). Few purchases are drawn towards the mean of all, many speak for themselves.
Spend is taken to be independent of how often somebody buys; `correlation_` says how far that is from the truth.
Source: Fader & Hardie 2013, "The Gamma-Gamma Model of Monetary Value" (note at brucehardie.com, no. 025); Fader,
Hardie & Lee 2005, J. Marketing Research 42.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import columns
from tenure.models.base import Estimator, Params, Table
from tenure.models.cells import Coded, coded
from tenure.models.likelihood import Fit, Objective, maximise

Numbers = NDArray[np.float64]

FEWEST = 10  # customers who bought again; below that three parameters follow single people
STARTS = ((2.0, 2.0, 1.0), (6.0, 3.0, 3.0), (1.0, 0.5, 0.5))  # p, q − 1, v ÷ mean spend
_SAME = 1e-6  # spends that differ by so small a share of their mean are one price
_WILD = 0.1  # q − 1 below which the mean of all hangs on the few customers who will spend most
_TIED = 0.3  # correlation of spend and frequency from which independence is a bad approximation
_MEANINGS = {
    "p": "shape of a customer's own amounts: they vary by 1 ÷ √p around the customer's mean",
    "q": "shape of the spread of customers: the smaller, the more their means differ; at 1 there is no common mean",
    "v": "scale of the spread, in money: p · v ÷ (q − 1) is the mean spend of all",
}


@dataclass(frozen=True, slots=True)
class Spends:
    """Purchases per customer and their mean amount, one entry a customer."""

    x: Numbers
    z: Numbers

    @classmethod
    def of(cls, summary: Any) -> Spends:
        """Those in a frame with `frequency` and `monetary`.

        Raises:
            TenureError: a column is missing or has gaps, a count is no count, or a mean amount is negative.
        """
        found = columns(summary, ("frequency", "monetary"))
        x, z = found["frequency"], found["monetary"]
        _refuse((x < 0) | (x != np.floor(x)), "a `frequency` that is no count", "It counts repeat purchases, from 0.")
        _refuse(z < 0, "a negative `monetary`", "Leave refunds out of the amounts, or leave these customers out.")
        return cls(x, z)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Who bought again and paid for it: the others say nothing of amounts."""
        return (self.x > 0) & (self.z > 0)


class GammaGamma(Estimator):
    """How much each customer spends per purchase, drawn towards the mean of all as far as their purchases are few.

    Attributes:
        params_: `p`, `q`, `v`; `standard_errors_` of the same names, NaN where the data do not tell.
        log_likelihood_: of the mean amounts of all who bought again.
        mean_: what is expected of somebody who has not bought again: p · v ÷ (q − 1), or, where that hangs on the few
            who spend most, the mean amount that was seen.
        correlation_: of mean amount and frequency among those who bought again; the model takes it to be 0.
        notes_: sentences on what the data leave open.
    """

    params_: Params
    standard_errors_: Params
    log_covariance_: Numbers
    log_likelihood_: float
    mean_: float
    correlation_: float
    customers_: int
    notes_: tuple[str, ...]

    def fit(self, summary: Any) -> Self:
        """Learn from those who bought again.

        Args:
            summary: any frame with `frequency` (repeat purchases) and `monetary` (their mean amount, in money).

        Raises:
            TenureError: a row cannot be, or fewer than ten customers bought again for a positive amount.
        """
        spends = Spends.of(summary)
        chosen = spends.usable
        x, z = spends.x[chosen], spends.z[chosen]
        if len(x) < FEWEST:
            raise TenureError(
                f"{len(x):,} customers have repeat purchases for a positive amount, too few to learn spend from",
                f"Give at least {FEWEST}.",
            )
        unit = float(z.mean())
        self.correlation_ = _correlation(x, z)
        if float(np.ptp(z)) <= _SAME * unit:
            self._take_one_price(unit, len(x))
            return self
        end = maximise(_objective(x, z / unit), ("p", "q", "v"), STARTS, _prior)
        self._take(end, x, z, unit)
        return self

    def expected_spend(self, summary: Any = None) -> Any:
        """What each will spend per future purchase on average, in money.

        p (v + x z) ÷ (p x + q − 1): the mean of what was seen and the mean of all, weighted by p x and q − 1 (Fader &
        Hardie 2013, equation 5).

        Args:
            summary: frequency and monetary; without it, one number for a new customer. Who has not bought again gets
                the same number, `mean_`.
        """
        p, q, v = self._values()
        if summary is None:
            return self.mean_
        spends = Spends.of(summary)
        expected: Numbers = p * (v + spends.x * spends.z) / (p * spends.x + q - 1)
        return np.where(spends.usable, expected, self.mean_)

    def sample(self, summary: Any, rng: Generator, draws: int = 100, doubt: bool = False) -> Numbers:
        """Possible mean amounts of each customer, drawn from what their purchases leave open.

        ν ~ Gamma(q + p x, v + x z), the posterior; the mean amount is p ÷ ν.

        Args:
            rng: where chance comes from: `numpy.random.default_rng(seed)`.
            doubt: draw the parameters too; a draw's parameters are the same for all customers.

        Returns:
            Customers × draws, in money.
        """
        spends = Spends.of(summary)
        seen = np.where(spends.usable, spends.x, 0.0)
        sets = self.possible(rng, draws) if doubt else np.broadcast_to(self._values(), (draws, 3))
        p, q, v = sets.T[:, None, :]
        nu = rng.gamma(q + p * seen[:, None]) / (v + (seen * spends.z)[:, None])
        return np.asarray(p / np.maximum(nu, 1e-300))

    def possible(self, rng: Generator, sets: int) -> Numbers:
        """Parameters p, q, v that the data leave possible, one set a row, from their asymptotic distribution."""
        above_one = np.array([0.0, 1.0, 0.0])
        logs = np.log(self._values() - above_one)
        drawn = rng.multivariate_normal(logs, self.log_covariance_, sets, method="eigh")
        return np.asarray(above_one + np.exp(drawn))

    def summary(self) -> Table:
        """The parameters with standard errors, and what each means."""
        self._check_fitted()
        rows = [
            (name, self.params_[name], _told(self.standard_errors_[name]), meaning)
            for name, meaning in _MEANINGS.items()
        ]
        title = (
            f"{self!r}, {self.customers_:,} customers who bought again, mean {self.mean_:.4g}, "
            f"log-likelihood {self.log_likelihood_:,.3f}"
        )
        return Table(("parameter", "estimate", "standard error", "meaning"), rows, "\n".join((title, *self.notes_)))

    def _take(self, end: Fit, x: Numbers, z: Numbers, unit: float) -> None:
        p, above, v = (float(value) for value in end.values)
        q, v = 1 + above, v * unit
        errors = end.standard_errors * (1, 1, unit)
        self.params_ = Params({"p": p, "q": q, "v": v})
        self.standard_errors_ = Params(dict(zip(_MEANINGS, errors, strict=True)))
        self.log_covariance_ = end.log_covariance
        # A density of money: in units `unit` times as large each mean amount weighs so much more.
        self.log_likelihood_ = float(end.log_likelihood - len(x) * np.log(unit))
        is_wild = above < _WILD
        self.mean_ = float(x @ z / x.sum()) if is_wild else p * v / above
        self.customers_ = len(x)
        self.notes_ = tuple(_notes(end, is_wild, self.correlation_))

    def _take_one_price(self, price: float, customers: int) -> None:
        """All amounts are alike: parameters so large that nothing varies."""
        self.params_ = Params({"p": 1e6, "q": 1e6, "v": price * (1 - 1e-6)})
        self.standard_errors_ = Params(dict.fromkeys(_MEANINGS, np.nan))
        self.log_covariance_ = np.zeros((3, 3))
        self.log_likelihood_ = float(
            -customers * np.log(price * _SAME)
        )  # as sure as one price can be told from another
        self.mean_, self.customers_ = price, customers
        self.notes_ = ("everybody spends the same on every purchase: nothing is learned of how spend differs",)

    def _values(self) -> Numbers:
        self._check_fitted()
        return np.asarray(self.params_, dtype=np.float64)

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "params": self.params_.to_dict(),
            "standard_errors": {name: _told(error) for name, error in self.standard_errors_.items()},
            "log_covariance": self.log_covariance_.tolist(), "log_likelihood": self.log_likelihood_,
            "mean": self.mean_, "correlation": self.correlation_, "customers": self.customers_,
            "notes": list(self.notes_),
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        errors = {name: np.nan if error is None else error for name, error in learned["standard_errors"].items()}
        self.params_, self.standard_errors_ = Params(learned["params"]), Params(errors)
        self.log_covariance_ = np.asarray(learned["log_covariance"], dtype=np.float64)
        self.log_likelihood_, self.mean_ = learned["log_likelihood"], learned["mean"]
        self.correlation_, self.customers_ = learned["correlation"], learned["customers"]
        self.notes_ = tuple(learned["notes"])


def _objective(x: Numbers, z: Numbers) -> Objective:
    """Log-likelihood and gradient by p, q − 1 and v (Fader & Hardie 2013, equation 1a), q − 1 so that a mean exists."""
    from scipy.special import digamma, gammaln

    counts, total, by_count = coded(x), x * z, _sums(x, np.log(z))
    n = by_count.weight

    def objective(values: Numbers) -> tuple[float, Numbers]:
        p, q, v = values[0], 1 + values[1], values[2]
        k = by_count.x
        log_rate = np.log(total + v)
        rates = np.bincount(counts.place, log_rate, len(counts.values))
        shape = p * k + q
        terms = gammaln(shape) - gammaln(p * k) - gammaln(q) + q * np.log(v) + p * k * np.log(k)
        value = n @ terms + (p * k - 1) @ by_count.logs - shape @ rates
        by_p = k @ (n * (digamma(shape) - digamma(p * k) + np.log(k)) + by_count.logs - rates)
        by_q = n @ (digamma(shape) - digamma(q) + np.log(v)) - rates.sum()
        by_v = n.sum() * q / v - float(shape[counts.place] @ (1 / (total + v)))
        return float(value), np.array([by_p, by_q, by_v])

    return objective


@dataclass(frozen=True, slots=True)
class _Sums:
    """Customers by their number of purchases: how many, and the sum of the logarithms of their mean amounts."""

    x: Numbers
    weight: Numbers
    logs: Numbers


def _sums(x: Numbers, logs: Numbers) -> _Sums:
    counts: Coded = coded(x)
    size = len(counts.values)
    weight = np.bincount(counts.place, minlength=size).astype(np.float64)
    return _Sums(counts.values, weight, np.asarray(np.bincount(counts.place, logs, size), dtype=np.float64))


def _prior(values: Numbers) -> tuple[float, Numbers]:
    """Pulls back what lies beyond all plausible bounds, so that a flat likelihood ends somewhere; 0 between them."""
    logs = np.log(values)
    beyond = logs - np.clip(logs, np.log((1e-2, 1e-2, 1e-5)), np.log((1e4, 1e3, 1e5)))
    return -float(beyond @ beyond) / 2, -beyond / values


def _notes(end: Fit, is_wild: bool, correlation: float) -> list[str]:
    notes = []
    if is_wild:
        notes.append(
            "a few customers spend so much that the model has no stable mean of all: new customers get the mean "
            "amount that was seen"
        )
    if not end.is_converged:
        notes.append("the search ended before the likelihood was level")
    if not np.isfinite(end.covariance).all():
        notes.append("the data do not tell the parameters apart: there are no standard errors")
    if abs(correlation) > _TIED:
        notes.append(
            f"spend and frequency go together (correlation {correlation:.2f}): the model takes them to be independent"
        )
    return notes


def _correlation(x: Numbers, z: Numbers) -> float:
    """Of frequency and mean amount; 0 where one of them does not vary."""
    x, z = x - x.mean(), z - z.mean()
    scale = float(np.sqrt((x @ x) * (z @ z)))
    return float(x @ z) / scale if scale > 0 else 0.0


def _told(error: float) -> float | None:
    return float(error) if np.isfinite(error) else None


def _refuse(bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    if bad.any():
        raise TenureError(f"{int(bad.sum()):,} rows have {what}, the first is row {int(bad.argmax()) + 1}", remedy)
