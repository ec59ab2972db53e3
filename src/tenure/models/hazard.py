"""The chance that a running contract ends in its next period, from its age and from what is known about its customer.

One row is one contract in one period: what was known at its beginning, and whether the contract ended in it. Contracts
that are still running simply stop having rows (right censoring); contracts that were first seen at a later age simply
begin with that age (left truncation); what is known may change from row to row. The model is a logistic regression on
these rows with a level for each span of ages (Singer & Willett 1993, Journal of Educational Statistics 18(2)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError
from tenure.frames import arrow, columns
from tenure.models.base import Estimator, Params, Table
from tenure.models.covariates import Covariate, from_json, learned, matrix
from tenure.models.logistic import chances, logistic

Numbers = NDArray[np.float64]

_RESERVED = ("contract", "age", "ended", "weight")
_UNTOLD = 0.1  # of a coefficient's possible variance left: data worth nine cases told it, and the penalty the rest


class Hazard(Estimator):
    """How likely each contract is to end in its next period, and what makes it more or less likely.

    Args:
        covariates: columns to learn from; all but `contract`, `age`, `ended` and `weight` when None.
        penalty: how strongly coefficients of scaled columns are drawn to 0, in cases; it keeps them finite where a
            column foretells the end in every case.
        ends_per_step: ages are put together until so many contracts ended among them; each such span has its own level.

    Attributes:
        coefficients_: change of the log-odds for one more of each column, by name.
        standard_errors_: of these, given the penalty.
        doubtful_: names of the columns about which the records say so little that the penalty sets the size.
        ages_: the first age of each span; `levels_`: its log-odds for an average contract.
    """

    coefficients_: Params
    standard_errors_: Params
    doubtful_: tuple[str, ...]
    ages_: Numbers
    levels_: Numbers
    log_likelihood_: float

    def __init__(self, covariates: Sequence[str] | None = None, penalty: float = 1.0, ends_per_step: int = 20) -> None:
        self.covariates, self.penalty, self.ends_per_step = covariates, penalty, ends_per_step

    def fit(self, person_periods: Any) -> Self:
        """Learn from contracts' periods.

        Args:
            person_periods: a frame with `age` (whole periods behind the contract when the period began), `ended` (1 if
                it ended in the period, else 0), perhaps `weight`, and the columns to learn from. `contract` may name
                the contract; it is not read.

        Raises:
            TenureError: a column is missing or has gaps, no contract ended, or every row is an end.
        """
        if not self.penalty > 0:
            raise TenureError(f"the penalty is {self.penalty}", "Give a number above 0.")
        table = arrow(person_periods)
        given = columns(table, ["age", "ended"], ["weight"])
        age, ended, weights = _checked(given)
        self._columns = learned(table, self._wanted(table.column_names), weights)
        self.ages_ = _spans(age, ended * weights, self.ends_per_step)
        spans = self._span(age)
        rows = np.hstack([_marks(spans, len(self.ages_)), matrix(table, self._columns)])
        # A span's level is drawn to that of all only where it has next to no rows; the intercept never.
        drawn = np.concatenate([[0.0], np.full(len(self.ages_) - 1, 0.1), np.full(len(self._columns), self.penalty)])
        found = logistic(rows, ended, weights, drawn)
        self._take(found.coefficients, found.covariance)
        self.log_likelihood_ = found.log_likelihood
        return self

    def hazard(self, contracts: Any) -> Numbers:
        """The chance of each row's contract to end in the period that begins at its `age`.

        Raises:
            TenureError: the model is not fitted, or a column is missing or has gaps.
        """
        age, linear = self._linear(contracts)
        return chances(linear + self.levels_[self._span(age)])

    def survival(self, contracts: Any, t: ArrayLike) -> Numbers:
        """The chance of each row's contract to be running after `t` more periods, all that is known staying as it is.

        Args:
            contracts: a frame with `age` and the columns of `fit`.
            t: whole periods from now, one or several.

        Returns:
            One per row; with several `t`, a matrix with a column for each.

        Raises:
            TenureError: the model is not fitted, a column is missing or has gaps, or `t` is not whole.
        """
        ahead = np.asarray(t, dtype=np.float64)
        if not np.isfinite(ahead).all() or (ahead < 0).any() or (ahead != np.floor(ahead)).any():
            raise TenureError("`t` is not a whole number of periods", "Give 0, 1, 2, …")
        age, linear = self._linear(contracts)
        running = np.ones((len(age), int(ahead.max(initial=0)) + 1))
        for k in range(1, running.shape[1]):
            running[:, k] = running[:, k - 1] * (1 - chances(linear + self.levels_[self._span(age + k - 1)]))
        return np.asarray(running[:, ahead.astype(int)])

    def contributions(self, contracts: Any) -> Numbers:
        """How much each column moves each row's log-odds away from those of an average contract; rows × columns."""
        self._check_fitted()
        return matrix(arrow(contracts), self._columns) * self._scaled

    @property
    def columns_(self) -> tuple[Covariate, ...]:
        """The columns of the linear model, in the order of `contributions`."""
        self._check_fitted()
        return self._columns

    def summary(self) -> Table:
        """Each column with its coefficient, standard error, odds ratio, and what that means."""
        self._check_fitted()
        rows = [
            (each.name, b, se, float(np.exp(b)), _in_words(each, b, each.name in self.doubtful_))
            for each, b, se in zip(
                self._columns, self.coefficients_.values(), self.standard_errors_.values(), strict=True
            )
        ]
        title = f"Hazard, log-likelihood {self.log_likelihood_:.2f}, {len(self.ages_)} spans of age"
        return Table(("column", "coefficient", "standard error", "odds ratio", "meaning"), rows, title)

    def _wanted(self, found: Sequence[str]) -> list[str]:
        return list(self.covariates) if self.covariates is not None else [n for n in found if n not in _RESERVED]

    def _take(self, coefficients: Numbers, covariance: Numbers) -> None:
        spans = len(self.ages_)
        self.levels_ = coefficients[0] + np.concatenate([[0.0], coefficients[1:spans]])
        self._scaled, variances = coefficients[spans:], np.diag(covariance)[spans:]
        spread = np.array([each.spread for each in self._columns])
        names = [each.name for each in self._columns]
        self.coefficients_ = Params(dict(zip(names, self._scaled / spread, strict=True)))
        self.standard_errors_ = Params(dict(zip(names, np.sqrt(variances) / spread, strict=True)))
        self.doubtful_ = tuple(np.array(names, dtype=object)[variances * self.penalty > _UNTOLD])

    def _span(self, age: Numbers) -> NDArray[np.int64]:
        return np.asarray(np.maximum(np.searchsorted(self.ages_, age, side="right") - 1, 0))

    def _linear(self, contracts: Any) -> tuple[Numbers, Numbers]:
        self._check_fitted()
        table = arrow(contracts)
        return columns(table, ["age"])["age"], matrix(table, self._columns) @ self._scaled

    def _learned(self) -> dict[str, Any]:
        return {
            "columns": [each.as_json() for each in self._columns], "scaled": self._scaled.tolist(),
            "ages": self.ages_.tolist(), "levels": self.levels_.tolist(), "log_likelihood": self.log_likelihood_,
            "coefficients": self.coefficients_.to_dict(), "standard_errors": self.standard_errors_.to_dict(),
            "doubtful": list(self.doubtful_),
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self._columns, self._scaled = from_json(learned["columns"]), np.array(learned["scaled"])
        self.ages_, self.levels_ = np.array(learned["ages"]), np.array(learned["levels"])
        self.coefficients_, self.standard_errors_ = Params(learned["coefficients"]), Params(learned["standard_errors"])
        self.doubtful_, self.log_likelihood_ = tuple(learned["doubtful"]), learned["log_likelihood"]


def person_periods(contracts: Any) -> Any:
    """One row per contract turned into one row per contract and period, for `Hazard.fit`.

    Args:
        contracts: a frame with `age` (whole periods that the contract has been running, or had when it ended), `ended`
            (1 if it ended then, 0 if it still runs), perhaps `entered` (the age at which it was first seen; 0 unless
            given), and columns that stay the same through its life.

    Returns:
        An Arrow table with `age`, `ended` and the other columns. A contract that ended at age 3 has rows for the ages
        `entered` … 2, the last of them an end; one that still runs has no end. Contracts without a whole period seen
        have no row.

    Raises:
        TenureError: a column is missing or has gaps, or an age lies before the age of entry.
    """
    import pyarrow as pa

    table = arrow(contracts)
    given = columns(table, ["age", "ended"], ["entered"])
    left, entered = given["age"], given.get("entered", np.zeros(table.num_rows))
    lengths = (left - entered).astype(np.int64)
    if (lengths < 0).any() or (left != np.floor(left)).any() or (entered != np.floor(entered)).any():
        raise TenureError("an `age` is not whole, or lies before `entered`", "Count whole periods since the start.")
    rows = np.repeat(np.arange(table.num_rows), lengths)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rest = [name for name in table.column_names if name not in ("age", "ended", "entered")]
    taken = table.select(rest).take(pa.array(rows)) if rest else pa.table({})
    is_last = place == lengths[rows] - 1
    parts = {"age": entered[rows] + place, "ended": given["ended"][rows] * is_last}
    return pa.table({**{n: pa.array(v) for n, v in parts.items()}, **{n: taken.column(n) for n in rest}})


def _checked(given: Mapping[str, Numbers]) -> tuple[Numbers, Numbers, Numbers]:
    age, ended = given["age"], given["ended"]
    weights = given.get("weight", np.ones(len(age)))
    if not np.isin(ended, (0.0, 1.0)).all():
        raise TenureError("the column `ended` has other values than 0 and 1", "1 says that the contract ended.")
    if (weights < 0).any():
        raise TenureError("a weight is negative", "Give 0 or more.")
    if not (weights @ ended):
        raise TenureError("no contract has ended, so nothing can be learned about ends", "Add rows with ends.")
    if not (weights @ (1 - ended)):
        raise TenureError("every row is an end", "Give one row for each period that a contract was running, too.")
    return age, ended, weights


def _spans(age: Numbers, ends: Numbers, enough: int) -> Numbers:
    """First ages of spans with at least `enough` ends each; a last one with fewer joins the one before."""
    ages, places = np.unique(age, return_inverse=True)
    counted = np.bincount(places, ends)
    firsts, seen = [0], 0.0
    for place in range(len(ages) - 1):
        seen += counted[place]
        if seen >= enough:
            firsts.append(place + 1)
            seen = 0.0
    if len(firsts) > 1 and counted[firsts[-1] :].sum() < enough:
        firsts.pop()
    return ages[firsts]


def _marks(spans: NDArray[np.int64], count: int) -> Numbers:
    """A column of ones, then one for each span after the first."""
    return np.hstack([np.ones((len(spans), 1)), (spans[:, None] == np.arange(1, count)).astype(float)])


def _in_words(each: Covariate, coefficient: float, is_doubtful: bool) -> str:
    ratio = float(np.exp(np.clip(coefficient, -50, 50)))
    if each.word is not None:
        text = f"odds of ending {ratio:.3g} times those of {each.column} = {each.versus}"
    elif each.is_flag:
        text = f"where it is so, the odds of ending are {ratio:.3g} times as high"
    else:
        text = f"one more multiplies the odds of ending by {ratio:.3g}"
    return f"{text} (the records say little: the penalty sets the size)" if is_doubtful else text
