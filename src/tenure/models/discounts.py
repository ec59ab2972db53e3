"""How much of each customer's buying is done at a discount, and how sure that is after one, five or fifty orders.

In: orders and those among them that were discounted, per customer. Out: the expected share, an interval that holds it,
and the chance that it lies above a bar. After few orders the answer is mostly what is usual in the shop; with every
order it becomes the customer's own. Each customer has a share of their own, the shares are beta-distributed over
customers, and discounted orders are binomial given the share (Skellam 1948, J. Royal Statistical Society B 10(2)).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import arrow, columns
from tenure.models.base import Estimator, Params, Table
from tenure.models.likelihood import maximise

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]

# One pseudo-customer's worth of belief: it moves nothing in a real shop, and keeps both parameters finite in one where
# everybody, or nobody, ever bought at a discount.
_STRENGTH, _SPREAD = np.log(2.0), 3.0


class DiscountShare(Estimator):
    """Which share of their orders customers place at a discount: a beta-binomial model, fitted by maximum likelihood.

    Attributes:
        params_: `alpha` and `beta` of the beta distribution of shares; its mean is alpha ÷ (alpha + beta), and
            alpha + beta is the number of orders at which own history and the shop's usual share weigh the same.
        standard_errors_: of these.
        log_likelihood_: of the customers it was fitted on.
    """

    params_: Params
    standard_errors_: Params
    log_likelihood_: float

    def fit(self, customers: Any) -> Self:
        """Learn how shares differ between customers.

        Args:
            customers: a frame with `discounted` and `orders` per customer. They need not be whole (`money_as_orders`).

        Raises:
            TenureError: a column is missing or has gaps, there is no order, or more are discounted than there are.
        """
        given = np.column_stack(_counts(customers))
        given = given[given[:, 1] > 0]
        if not len(given):
            raise TenureError("there is no order to learn the share of discounts from", "Give customers with orders.")
        cells, weights = np.unique(given, axis=0, return_counts=True)
        mean = float(np.clip(given[:, 0].sum() / given[:, 1].sum(), 0.01, 0.99))
        starts = [(mean * strength, (1 - mean) * strength) for strength in (3.0, 30.0)]
        found = maximise(_Likelihood(cells, weights.astype(np.float64)), ("alpha", "beta"), starts, prior=_belief)
        self.params_ = Params(dict(zip(found.names, found.values, strict=True)))
        self.standard_errors_ = Params(dict(zip(found.names, found.standard_errors, strict=True)))
        self.log_likelihood_ = found.log_likelihood
        return self

    def expected_share(self, customers: Any) -> Numbers:
        """The share that is expected of each customer's next orders: (alpha + discounted) ÷ (alpha + beta + orders).

        Raises:
            TenureError: the model is not fitted, or a column is missing or has gaps.
        """
        first, second = self._posterior(customers)
        return np.asarray(first / (first + second))

    def interval(self, customers: Any, level: float = 0.9) -> Numbers:
        """The lowest and the highest share that are likely: it lies below and above them with equal chance.

        Args:
            level: the chance that the customer's share lies between the two.

        Returns:
            One row per customer: low, high.

        Raises:
            TenureError: the model is not fitted, the level is not between 0 and 1, or a column has gaps.
        """
        from scipy.special import betaincinv

        if not 0 < level < 1:
            raise TenureError(f"the level is {level}", "Give a chance between 0 and 1, such as 0.9.")
        first, second = self._posterior(customers)
        tails = (1 - level) / 2, (1 + level) / 2
        return np.column_stack([betaincinv(first, second, tail) for tail in tails])

    def chance_above(self, share: float, customers: Any) -> Numbers:
        """The chance that each customer's share lies above a bar.

        Raises:
            TenureError: the model is not fitted, the bar is not between 0 and 1, or a column has gaps.
        """
        from scipy.special import betainc

        if not 0 <= share <= 1:
            raise TenureError(f"a share of {share} does not exist", "Give a number from 0 to 1.")
        first, second = self._posterior(customers)
        return np.asarray(1 - betainc(first, second, share))

    def summary(self) -> Table:
        """Both parameters with standard errors, and what they say."""
        self._check_fitted()
        alpha, beta = self.params_.values()
        rows = [
            ("alpha", alpha, self.standard_errors_["alpha"], f"usual share {alpha / (alpha + beta):.1%}"),
            ("beta", beta, self.standard_errors_["beta"], f"{alpha + beta:.3g} orders weigh as much as what is usual"),
        ]
        title = f"DiscountShare, log-likelihood {self.log_likelihood_:.2f}"
        return Table(("parameter", "value", "standard error", "meaning"), rows, title)

    def _posterior(self, customers: Any) -> tuple[Numbers, Numbers]:
        self._check_fitted()
        discounted, orders = _counts(customers)
        return self.params_["alpha"] + discounted, self.params_["beta"] + orders - discounted

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {"params": self.params_.to_dict(), "standard_errors": self.standard_errors_.to_dict(),
                "log_likelihood": self.log_likelihood_}  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.params_, self.standard_errors_ = Params(learned["params"]), Params(learned["standard_errors"])
        self.log_likelihood_ = float(learned["log_likelihood"])


def money_unit(orders: Any) -> float:
    """How much money tells as much about a customer's share as one order that is discounted or not.

    Shares of money vary from order to order by less than yes or no would, and less in large orders. The unit is the
    dispersion of the quasi-binomial model with weights in money, by Pearson's statistic (Wedderburn 1974, Biometrika
    61(3)).

    Args:
        orders: a frame with `customer_id`, `total` (paid) and `discount` (given), one row per order.

    Raises:
        TenureError: a column is missing or has gaps, or no customer has two orders.
    """
    places, total, discount = _money(orders)
    gross = total + discount
    sums, given = np.bincount(places, gross), np.bincount(places, discount)
    own = np.divide(given, sums, out=np.zeros_like(sums), where=sums > 0)[places]
    varies = (own > 0) & (own < 1) & (gross > 0)
    freedom = int(varies.sum()) - len(np.unique(places[varies]))
    if freedom < 1:
        raise TenureError("no customer has two orders of differing discount", "Count discounted orders instead.")
    share = discount[varies] / gross[varies]
    squares = gross[varies] * (share - own[varies]) ** 2 / (own[varies] * (1 - own[varies]))
    return float(squares.sum()) / freedom


def money_as_orders(orders: Any, unit: float | None = None) -> pa.Table:
    """Orders per customer in the form that `DiscountShare` reads, each weighing as much as its money tells.

    Where nearly every order carries some discount, how much was given tells more than whether anything was.

    Args:
        orders: a frame with `customer_id`, `total` (paid) and `discount` (given), one row per order.
        unit: money that weighs as one order; `money_unit` of these orders when None.

    Returns:
        `customer_id`, `discounted`, `orders`, by customer.

    Raises:
        TenureError: a column is missing or has gaps, or the unit is not above 0.
    """
    import pyarrow as pa

    unit = money_unit(orders) if unit is None else unit
    if not unit > 0:
        raise TenureError(f"the unit is {unit}", "Give an amount of money above 0.")
    places, total, discount = _money(orders)
    return pa.table({
        "customer_id": arrow(orders).column("customer_id").unique().sort(),
        "discounted": np.bincount(places, discount / unit), "orders": np.bincount(places, (total + discount) / unit),
    })  # fmt: skip


class _Likelihood:
    """The beta-binomial log-likelihood, without the binomial coefficients, and its gradient."""

    def __init__(self, cells: Numbers, weights: Numbers) -> None:
        self.hits, self.trials, self.weights = cells[:, 0], cells[:, 1], weights

    def __call__(self, at: Numbers) -> tuple[float, Numbers]:
        from scipy.special import betaln, digamma

        alpha, beta = at
        misses = self.trials - self.hits
        value = self.weights @ (betaln(alpha + self.hits, beta + misses) - betaln(alpha, beta))
        whole = digamma(alpha + beta + self.trials) - digamma(alpha + beta)
        slope = [self.weights @ (digamma(alpha + self.hits) - digamma(alpha) - whole),
                 self.weights @ (digamma(beta + misses) - digamma(beta) - whole)]  # fmt: skip
        return float(value), np.array(slope)


def _belief(at: Numbers) -> tuple[float, Numbers]:
    """The weak prior: a uniform mean and a log-normal strength."""
    strength = at.sum()
    away = (np.log(strength) - _STRENGTH) / _SPREAD**2
    value = np.log(at).sum() - 2 * np.log(strength) - away * (np.log(strength) - _STRENGTH) / 2
    return float(value), 1 / at - (2 + away) / strength


def _counts(customers: Any) -> tuple[Numbers, Numbers]:
    given = columns(customers, ["discounted", "orders"])
    discounted, orders = given["discounted"], given["orders"]
    bad = np.flatnonzero((discounted < 0) | (discounted > orders * (1 + 1e-9)))
    if bad.size:
        raise TenureError(
            f"row {bad[0] + 1} has {discounted[bad[0]]:g} discounted of {orders[bad[0]]:g} orders",
            "Give for each customer how many orders there were and how many of these were discounted.",
        )
    return np.minimum(discounted, orders), orders


def _money(orders: Any) -> tuple[NDArray[np.int64], Numbers, Numbers]:
    """The place of each row's customer among the sorted customers, and the row's money."""
    from pyarrow import compute

    given = columns(orders, ["total", "discount"])
    if (given["total"] < 0).any() or (given["discount"] < 0).any():
        raise TenureError("an order has negative money", "Leave refunds out; a discount is the amount given.")
    table = arrow(orders)
    if "customer_id" not in table.column_names:
        raise TenureError("the column `customer_id` is missing", "Say whose order each row is.")
    ids = table.column("customer_id").combine_chunks()
    return compute.index_in(ids, ids.unique().sort()).to_numpy().astype(np.int64), given["total"], given["discount"]
