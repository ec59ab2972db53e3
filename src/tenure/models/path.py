"""What kind of buyer a new customer is: one who never comes back, one who comes for discounts, or one who just buys.

The kind is defined by what happens *after* an order, and foretold from the orders up to it alone:

    hit_and_run  no further order within the horizon (180 days)
    discount     further orders, more than half of them discounted
    active       further orders, at most half of them discounted

The chance of each grows out of two questions: whether another order comes, given the first ones and the silence since
(`return_time`), and, if so, whether discounts draw what comes (`path_step`). A class is
named only where its chance reaches a stated certainty; everyone else is undecided, which on the day of a first order is
nearly everyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import like
from tenure.models.base import Estimator, Params, Table
from tenure.models.discounts import DiscountShare
from tenure.models.early_orders import LAST, Early, Usual, early, usual
from tenure.models.order_days import Moment, OrderDays, day_of, order_days
from tenure.models.path_reasons import bought, reasons
from tenure.models.path_step import Step, step

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

CLASSES = ("hit_and_run", "discount", "active")
UNDECIDED = "undecided"
_CUSTOMERS = 30_000  # more change the third digit of a chance, and cost seconds


class BuyerPath(Estimator):
    """Which kind of buyer each new customer is likely to be, after their first to fifth order.

    Args:
        horizon_days: days after an order within which another one counts as coming back.
        mostly: share of the further orders above which they count as drawn by discounts.
        discounted_from: share of an order's price from which it counts as discounted; None: any discount or coupon, or,
            where most orders carry one, more than about the shop's middle discount.
        certainty: chance from which a customer is called by a class; `undecided` below it.
        penalty: how strongly coefficients are drawn to 0, in cases.

    Attributes:
        return_params_: change of the log-odds of coming back per standard deviation of each known thing, and what is to
            be added to it for those with one order only.
        discount_params_: the same for being drawn by discounts, given coming back; 0 where too few of either kind have
            been seen, and then everyone has the base rate.
        discounted_from_: the share from which an order counts as discounted.
        base_rates_: of the three classes after a first order, among customers who were watched long enough.
        customers_: how many it learned from.
        shop_: what is usual among their orders.
    """

    return_params_: Params
    discount_params_: Params
    discounted_from_: float
    base_rates_: Params
    customers_: int
    shop_: Usual

    def __init__(
        self,
        horizon_days: int = 180,
        mostly: float = 0.5,
        discounted_from: float | None = None,
        certainty: float = 0.8,
        penalty: float = 1.0,
    ) -> None:
        self.horizon_days, self.mostly, self.discounted_from = horizon_days, mostly, discounted_from
        self.certainty, self.penalty = certainty, penalty

    def fit(self, orders: Any, as_of: Moment | None = None) -> Self:
        """Learn from customers' orders, from the first one of each.

        Args:
            orders: a frame with one row per order (`order_days.order_days` says which columns), or order days. A
                customer whose real first orders lie before the records is no new buyer: leave those out.
            as_of: orders of this day and later are not looked at; the day after the latest order when None.

        Raises:
            TenureError: a column is missing or cannot be read, a setting makes no sense, or nobody was watched for the
                horizon.
        """
        self._check_settings()
        days, today = _seen(orders, as_of)
        self.customers_ = len(days.customers)
        days = days.of(np.arange(self.customers_) % -(-self.customers_ // _CUSTOMERS) == 0) if self.customers_ else days
        if not len(days) or today - 1 - int(days.day[days.begins].min()) < self.horizon_days:
            raise TenureError(
                f"no customer was watched for {self.horizon_days} days after an order",
                "Give orders over a longer time, or set `horizon_days` lower.",
            )
        self.shop_ = usual(days, self.discounted_from)
        self.discounted_from_ = self.shop_.depth
        self._learn(days, today)
        first = outcomes(days, days.begins, today, self)
        rates = np.bincount(first[first >= 0], minlength=3) / max(int((first >= 0).sum()), 1)
        self._name(dict(zip(CLASSES, rates.tolist(), strict=True)))
        return self

    def predict(self, orders: Any, as_of: Moment | None = None) -> Any:
        """The chances of every customer, from their orders so far and the silence since.

        Up to the fifth order the model speaks. From the sixth on a customer is no new buyer: coming back is settled,
        and the chance of `discount` is the chance that their own share of discounted orders lies above `mostly`.

        Args:
            orders: as in `fit`.
            as_of: the day on which the customers are looked at; the day after the latest order when None.

        Returns:
            A frame of the kind given, one row per customer: `customer_id`, `k` (orders so far), `days_since` the
            latest, `p_hit_and_run`, `p_discount`, `p_active` (they sum to 1), `path`, `reasons` (up to three
            sentences).

        Raises:
            TenureError: the model is not fitted, or a column is missing or cannot be read.
        """
        import pyarrow as pa

        self._check_fitted()
        days, today = _seen(orders, as_of)
        rows, hits = days.latest(), self.shop_.discounted(days)
        silent = today - days.day[rows]
        said = np.empty((len(rows), 3))
        is_new = days.counts <= LAST
        known = early(days, rows[is_new], self.shop_)
        said[is_new] = self.chances(known, days.day[rows[is_new]], silent[is_new] - 1)
        discounted = np.bincount(days.owner, hits, minlength=len(rows)).astype(np.float64)
        said[~is_new] = self.chances_later(discounted[~is_new], days.counts[~is_new])
        found = pa.table({
            "customer_id": days.customers, "k": days.counts, "days_since": silent,
            **{f"p_{name}": said[:, place] for place, name in enumerate(CLASSES)}, "path": self.named(said),
            "reasons": pa.array(self._reasons(days, discounted, today, said, known, is_new), pa.list_(pa.string())),
        })  # fmt: skip
        return found if isinstance(orders, OrderDays) else like(orders, found)

    def chances(self, known: Early, ordered: Whole, silent: Numbers | Whole) -> Numbers:
        """The chances of the three classes after some early orders; rows × classes.

        Args:
            known: what is known of them.
            ordered: the day of each.
            silent: whole days since then in which no order came.
        """
        gone = self._step.gone(known, ordered, np.maximum(silent, 0).astype(np.float64))
        drawn = self._step.hunts(known) if self._has_discounts else np.zeros(len(gone))
        back = 1 - gone
        return np.column_stack([gone, back * drawn, back * (1 - drawn)])

    def chances_later(self, discounted: Numbers, counts: Numbers | Whole) -> Numbers:
        """The chances of the three classes from the sixth order on; rows × classes."""
        orders = np.asarray(counts, np.float64)
        above = np.zeros(len(orders))
        if self._has_discounts and len(orders):
            above = self._share().chance_above(self.mostly, {"discounted": discounted, "orders": orders})
        return np.column_stack([np.zeros(len(orders)), above, 1 - above])

    def named(self, said: Numbers) -> NDArray[Any]:
        """The class whose chance reaches the certainty, `undecided` where none does."""
        names = np.array([*CLASSES, UNDECIDED], dtype=object)
        return names[np.where(said.max(axis=1, initial=0.0) >= self.certainty, said.argmax(axis=1), 3)]

    def summary(self) -> Table:
        """What makes customers come back, and what makes discounts draw them: log-odds per standard deviation."""
        self._check_fitted()
        rows = [(name, value, self.discount_params_[name]) for name, value in self.return_params_.items()]
        rates = ", ".join(f"{name} {rate:.1%}" for name, rate in self.base_rates_.items())
        return Table(("known", "comes back", "by discounts"), rows, f"BuyerPath, after a first order: {rates}")

    def _learn(self, days: OrderDays, today: int) -> None:
        rows = np.flatnonzero(days.place <= LAST)
        known, seen = early(days, rows, self.shop_), outcomes(days, rows, today, self)
        self._step = step(days, known, seen, today, self.horizon_days, self.penalty)
        self._has_discounts = bool((seen == 1).any())

    def _reasons(
        self, days: OrderDays, discounted: Numbers, today: int, said: Numbers, known: Early, is_new: NDArray[np.bool_]
    ) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in range(len(said))]
        new = np.flatnonzero(is_new)
        texts = reasons(days, new, discounted, today, said[new].argmax(axis=1), self._step.grounds(known))
        for place, text in zip(new, texts, strict=True):
            found[place] = text
        for place in np.flatnonzero(~is_new) if self._has_discounts else ():
            found[place] = [bought(int(discounted[place]), int(days.counts[place]))]
        return found

    def _share(self) -> DiscountShare:
        found = DiscountShare()
        found.params_ = Params(dict(zip(("alpha", "beta"), self.shop_.share, strict=True)))
        return found

    def _name(self, rates: Mapping[str, float]) -> None:
        names, back = self._step.scale.columns, self._step.returns.slopes
        self.return_params_ = Params(dict(zip(names, back.tolist(), strict=True)))
        self.discount_params_ = Params(dict(zip(names, self._step.drawn.tolist(), strict=True)))
        self.base_rates_ = Params(rates)

    def _check_settings(self) -> None:
        for name in ("mostly", "certainty"):
            if not 0 < getattr(self, name) < 1:
                raise TenureError(f"`{name}` is {getattr(self, name)}", "Give a number between 0 and 1.")
        if not self.horizon_days >= 1 or not self.penalty > 0:
            raise TenureError("`horizon_days` and `penalty` must be above 0", "")

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "shop": {**asdict(self.shop_), "share": list(self.shop_.share)}, "step": self._step.as_json(),
            "has_discounts": self._has_discounts, "base_rates": self.base_rates_.to_dict(),
            "customers": self.customers_,
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        shop = learned["shop"]
        self.shop_ = Usual(shop["total"], shop["depth"], (shop["share"][0], shop["share"][1]))
        self._step = Step.from_json(learned["step"])
        self._has_discounts = bool(learned["has_discounts"])
        self.discounted_from_, self.customers_ = self.shop_.depth, int(learned["customers"])
        self._name(learned["base_rates"])


def outcomes(days: OrderDays, rows: Whole, today: float, model: BuyerPath) -> Whole:
    """What became of customers after some of their orders: the place in `CLASSES`, −1 where it is not known yet.

    Args:
        days: order days, none of them later than the day before `today`.
    """
    horizon = model.horizon_days
    hits = np.concatenate([[0.0], np.cumsum(model.shop_.discounted(days))])
    ends = days.within(rows, horizon)
    further = ends - rows - 1
    drawn = (hits[ends] - hits[rows + 1]) > model.mostly * further
    found = np.where(further == 0, 0, np.where(drawn, 1, 2))
    return np.where(days.day[rows] + horizon < today, found, -1)


def _seen(orders: Any, as_of: Moment | None) -> tuple[OrderDays, int]:
    """The order days before a moment, and its day."""
    days = orders if isinstance(orders, OrderDays) else order_days(orders)
    if as_of is None:
        return days, int(days.day.max()) + 1 if len(days) else 0
    today = int(day_of(as_of))
    return days.before(today), today
