"""What all purchase models share: fitting on distinct histories, and every forecast that follows from five questions.

A model of this kind says of each customer how likely they still are one, and how many purchases to expect. It differs
from its siblings only in its kernel: the likelihood of a history and what follows for those who are still customers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError
from tenure.models.base import Estimator, Params, Table
from tenure.models.cells import Cells, Places, cells, uncounted
from tenure.models.histories import histories, new_customers, refuse_unfit, times
from tenure.models.kernel import Kernel, Parameter, search
from tenure.models.likelihood import Fit
from tenure.models.plots.methods import PurchasePlots
from tenure.models.special import unit_rule

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

PARAMETER_SETS = 64  # drawn at most where parameters are doubted; each costs a pass over all histories


class PurchaseModel(PurchasePlots, Estimator):
    """A model of how often customers buy and when they silently stop; see the models of this kind."""

    PARAMETERS: ClassVar[tuple[Parameter, ...]]
    STARTS: ClassVar[tuple[tuple[float, ...], ...]]  # of the search, lengths in multiples of the mean T

    params_: Params
    log_likelihood_: float
    standard_errors_: Params
    log_covariance_: Numbers
    customers_: float
    is_converged_: bool
    notes_: tuple[str, ...]

    def fit(self, summary: Any) -> Self:
        """Learn the parameters from customers' histories.

        Args:
            summary: any frame with `frequency` (repeat purchases), `recency` (age at the last purchase) and `T` (age
                at the end of observation), ages from the first purchase in one unit; `weight` (customers per row) may
                be there.

        Raises:
            TenureError: a row cannot be a history, or nothing can be learned from them; it says why.
        """
        exact = cells(histories(summary))
        distinct = exact.histories
        refuse_unfit(distinct)
        end, notes = self._search(exact)
        self._take(end, notes, distinct.customers)
        return self

    def expected_purchases(self, t: ArrayLike, summary: Any = None) -> Any:
        """How many purchases to expect in the next `t`.

        Args:
            t: a horizon in the unit of T: one for all, or one for each customer.
            summary: their histories; without it, for somebody who has just bought for the first time.

        Returns:
            One number a customer; without `summary` one for each horizon.
        """
        values = self._values()
        if summary is None:
            return self._of_new(t, lambda found, t: self._expected(values, found, t))
        found, t_of, row = self._asked(t, summary)
        return self._expected(values, found, t_of)[row]

    def p_alive(self, summary: Any) -> Numbers:
        """The probability that each is still a customer at the end of observation.

        It is no churn score: it does not say whether somebody buys soon. Use `1 − p_active(t, summary)` for that.
        """
        values, found = self._values(), cells(histories(summary))
        return self._kernel().p_alive(values, found)[found.row]

    def p_active(self, t: ArrayLike, summary: Any = None) -> Any:
        """The probability of at least one purchase in the next `t`, given the history.

        It is 1 − L(x, t_x, T + t) ÷ L(x, t_x, T): no purchase until T + t is the same history, observed for longer.
        """
        values, kernel = self._values(), self._kernel()

        def active(found: Cells, t: Numbers) -> Numbers:
            silent = kernel.likelihood(values, found.aged(t))[0] - kernel.likelihood(values, found)[0]
            return np.clip(-np.expm1(np.minimum(silent, 0.0)), 0.0, 1.0)

        if summary is None:
            return self._of_new(t, active)
        found, t_of, row = self._asked(t, summary)
        return active(found, t_of)[row]

    def probability_of_n_purchases(self, n: int, t: ArrayLike, summary: Any = None) -> Any:
        """The probability of exactly `n` purchases in the next `t`, given the history.

        Raises:
            TenureError: `n` is no whole number from 0.
        """
        if n != int(n) or n < 0:
            raise TenureError(f"{n} is no number of purchases", "Give a whole number from 0.")
        values, kernel = self._values(), self._kernel()

        def exactly(found: Cells, t: Numbers) -> Numbers:
            alive = kernel.p_alive(values, found)
            return alive * kernel.exactly(values, found.histories, int(n), t) + (1 - alive) * (n == 0)

        if summary is None:
            return self._of_new(t, exactly)
        found, t_of, row = self._asked(t, summary)
        return exactly(found, t_of)[row]

    def expected_cumulative(self, t: ArrayLike, first_purchases: ArrayLike, weight: ArrayLike | None = None) -> Numbers:
        """Repeat purchases of all customers together that are expected up to each moment: the tracking curve.

        Nothing but the moments of first purchases is used (unconditional), so the curve can be laid over what was
        observed, before and after the end of the fit.

        Args:
            t: moments on any clock in the unit of T.
            first_purchases: on the same clock, one for each customer (or group of `weight` customers).
        """
        grid, starts = np.atleast_1d(np.asarray(t, np.float64)), np.atleast_1d(np.asarray(first_purchases, np.float64))
        many = np.ones(len(starts)) if weight is None else np.asarray(weight, np.float64)
        begun, place = np.unique(starts, return_inverse=True)
        count = np.bincount(place, many, len(begun))
        ages, at = np.unique(np.maximum(grid[:, None] - begun[None, :], 0.0), return_inverse=True)
        expected: Numbers = np.asarray(self.expected_purchases(ages))[at].reshape(len(grid), len(begun)) @ count
        return expected

    def discounted_transactions(self, rate: float, summary: Any = None, horizon: float | None = None) -> Any:
        """Discounted expected transactions (DET): what future purchases are worth today if each brings 1.

        Args:
            rate: continuous discount rate per unit of T: with weeks and 15% a year, ln(1.15) ÷ 52.
            horizon: how far to look, in the unit of T; without it, for ever.

        Source: Fader, Hardie & Lee 2005 (J. Marketing Research 42), where it is a closed form for Pareto/NBD; here
        ∫ e^(−δt) dE(t) of any model, in parts: e^(−δH) E(H) + ∫ E(t) d(1 − e^(−δt)).

        Raises:
            TenureError: the rate is not positive, or the horizon negative.
        """
        if not (np.isfinite(rate) and rate > 0) or (horizon is not None and not horizon >= 0):
            raise TenureError("discounting needs a positive `rate` and a `horizon` from 0", "Give it per unit of T.")
        values = self._values()
        found = cells(new_customers(1) if summary is None else histories(summary))
        low, high, weights = unit_rule()
        end = 1.0 if horizon is None else -np.expm1(-rate * horizon)
        at = -np.log(high) / rate if horizon is None else -np.log1p(-end * low) / rate
        whole = np.zeros(len(found))
        for t, w in zip(at, weights, strict=True):
            whole += end * w * self._expected(values, found, np.full(len(found), t))
        if horizon is not None:
            whole += (1 - end) * self._expected(values, found, np.full(len(found), float(horizon)))
        return whole[0] if summary is None else whole[found.row]

    def sample(self, summary: Any, t: ArrayLike, rng: Generator, draws: int = 100, doubt: bool = False) -> Counts:
        """Possible numbers of purchases in the next `t`, drawn from what the history leaves open.

        Whether somebody is still a customer, how often they buy and when they stop are drawn for each customer from
        their posterior, then the purchases.

        Args:
            rng: where chance comes from: `numpy.random.default_rng(seed)`.
            doubt: draw the parameters too, from their asymptotic normal distribution on the logarithm; all customers
                share a drawn set, so that totals are as uncertain as they are.

        Returns:
            Customers × draws.
        """
        found = histories(summary)
        horizon = times(t, len(found))
        sets = self._doubted(rng, min(draws, PARAMETER_SETS)) if doubt else self._values()[None, :]
        parts = [len(part) for part in np.array_split(np.arange(draws), len(sets))]
        kernel, distinct = self._kernel(), cells(found)
        blocks = []
        for values, count in zip(sets, parts, strict=True):
            alive = kernel.p_alive(values, distinct)[distinct.row]
            is_alive = rng.random((len(found), count)) < alive[:, None]
            blocks.append(np.where(is_alive, kernel.draw(values, found, horizon, rng, count), 0))
        return np.concatenate(blocks, axis=1)

    def summary(self) -> Table:
        """The parameters with standard errors, and what each means."""
        self._check_fitted()
        rows = [
            (each.name, self.params_[each.name], _told(self.standard_errors_[each.name]), each.meaning)
            for each in self.PARAMETERS
        ]
        title = f"{self!r}, {self.customers_:,.0f} customers, log-likelihood {self.log_likelihood_:,.3f}"
        return Table(("parameter", "estimate", "standard error", "meaning"), rows, "\n".join((title, *self.notes_)))

    def _kernel(self) -> Kernel:
        raise NotImplementedError

    def _search(self, exact: Cells) -> tuple[Fit, tuple[str, ...]]:
        return search(self._kernel(), self.PARAMETERS, self.STARTS, exact)

    def _take(self, end: Fit, notes: tuple[str, ...], customers: float) -> None:
        self.params_ = Params(dict(zip(end.names, end.values, strict=True)))
        self.standard_errors_ = Params(dict(zip(end.names, end.standard_errors, strict=True)))
        self.log_covariance_ = end.log_covariance
        self.log_likelihood_, self.is_converged_ = end.log_likelihood, end.is_converged
        self.customers_, self.notes_ = customers, notes

    def _values(self) -> Numbers:
        self._check_fitted()
        return np.asarray(self.params_, dtype=np.float64)

    def _expected(self, values: Numbers, found: Cells, t: Numbers) -> Numbers:
        kernel = self._kernel()
        return kernel.p_alive(values, found) * kernel.expected(values, found.histories, t)

    def _asked(self, t: ArrayLike, summary: Any) -> tuple[Cells, Numbers, Places]:
        """Distinct histories where all have one horizon, else all of them; their horizons; each customer's place."""
        found = histories(summary)
        horizon = times(t, len(found))
        distinct = cells(found) if np.ndim(t) == 0 else uncounted(found)
        return distinct, np.broadcast_to(horizon[:1], len(distinct)) if np.ndim(t) == 0 else horizon, distinct.row

    def _of_new(self, t: ArrayLike, answer: Callable[[Cells, Numbers], Numbers]) -> Any:
        horizon = times(t, np.size(t))
        found = answer(uncounted(new_customers(len(horizon))), horizon)
        return float(found[0]) if np.ndim(t) == 0 else found

    def _doubted(self, rng: Generator, sets: int) -> Numbers:
        """Sets of parameters that the data leave possible, one a row."""
        logs = rng.multivariate_normal(np.log(self._values()), self.log_covariance_, sets, method="eigh")
        return np.exp(logs)

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "params": self.params_.to_dict(),
            "standard_errors": {name: _told(error) for name, error in self.standard_errors_.items()},
            "log_covariance": self.log_covariance_.tolist(), "log_likelihood": self.log_likelihood_,
            "customers": self.customers_, "is_converged": self.is_converged_, "notes": list(self.notes_),
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        errors = {name: np.nan if error is None else error for name, error in learned["standard_errors"].items()}
        self.params_, self.standard_errors_ = Params(learned["params"]), Params(errors)
        self.log_covariance_ = np.asarray(learned["log_covariance"], dtype=np.float64)
        self.log_likelihood_, self.is_converged_ = learned["log_likelihood"], learned["is_converged"]
        self.customers_, self.notes_ = learned["customers"], tuple(learned["notes"])


def _told(error: float) -> float | None:
    return float(error) if np.isfinite(error) else None
