"""What each customer is likely to buy next: again, or for the first time because others like them did.

Comes in: a log of purchases. Goes out: the products each customer will most likely buy in the coming days, with its
chance and the product that speaks for it. Three things are weighed by what the shop's own later days showed: the
customer's habit (how often and how lately; Hu et al. 2020), what the same people buy (item-to-item cosine with
shrinkage; Sarwar et al. 2001, Bell & Koren 2007), and what many bought lately.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import like
from tenure.models.base import Estimator, Params, Table
from tenure.models.candidates import AGAIN, NEW, OWN, Candidates, again, others, owned, reasons
from tenure.models.holdings import Holdings, Purchases, distinct, kth_best, places, read, within
from tenure.models.logistic import chances, logistic
from tenure.models.wares import Wares

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy.sparse import csr_matrix

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

# Customers whose later purchases teach the weights of habit, and those of what is new. Of habit every customer tells
# fifty cases, of what is new hundreds.
_TEACHERS, _FEWER = 5_000, 800
_FEWEST = 50  # customers who must have bought again, or the weights would be an accident
_AT_ONCE = 5_000  # customers per block: 300 candidates each are 1.5 million rows
_PENALTY = 1.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best products of each customer, best first.

    Attributes:
        customer: number among the holdings' customers; product and reason: numbers in `names`, reason −1 for none.
    """

    customer: Whole
    product: Whole
    chance: Numbers
    is_new: NDArray[np.bool_]
    reason: Whole
    names: pa.Array

    def pairs(self, held: Holdings) -> tuple[Whole, Whole]:
        """Customer and product as numbered in holdings; −1 for a product that they do not hold."""
        from pyarrow import compute

        number = compute.index_in(self.names, value_set=held.products).fill_null(-1).to_numpy().astype(np.int64)
        return self.customer, number[self.product]


class Affinity(Estimator):
    """Which product each customer is likely to buy next.

    Args:
        horizon_days: the days ahead that a chance speaks of; the weights are learned on the last so many days.
        window_days: purchases older than this do not say what goes together.
        most_products: products that are known, those of most buyers.
        neighbours: products kept as alike to each.
        shrinkage: buyers in common at which the likeness of two products counts half.
        together: whether products go together that one `customer` or one `basket` holds.
        new_only: recommend only what the customer has not bought yet, for cross-selling.

    Attributes:
        params_: weights of the log-odds: `again_…` for what was bought before, `new_…` for what was not.
        wares_: the products that are known and their neighbours.
        customers_: how many customers bought again within the days that taught the weights.
    """

    params_: Params
    wares_: Wares
    customers_: int

    def __init__(
        self, horizon_days: int = 28, window_days: int = 365, most_products: int = 5_000, neighbours: int = 20,
        shrinkage: float = 10.0, together: Literal["customer", "basket"] = "customer", new_only: bool = False,
    ) -> None:  # fmt: skip
        self.horizon_days, self.window_days, self.most_products = horizon_days, window_days, most_products
        self.neighbours, self.shrinkage, self.together, self.new_only = neighbours, shrinkage, together, new_only

    def fit(self, purchases: Any, as_of: int | date | None = None) -> Self:
        """Learn what goes together, and how much habit, company and popularity weigh.

        Args:
            purchases: rows with `customer_id`, `product_id`, `day` (a date, or days since 1970) and, where products go
                together by basket, `basket`.
            as_of: nothing on or after this day is seen; the day after the last purchase when None.

        Raises:
            TenureError: a column is missing or has gaps, a setting makes no sense, or too few customers bought again
                within the last `horizon_days`.
        """
        self._check_settings()
        log = read(purchases, basket=self.together == "basket")
        end = _day(as_of, log)
        split = end - self.horizon_days
        before = log.held(split)
        self._learn(before, log.bought(split, end), self._wares(before, self._pairs(log, split)))
        whole = log.held(end)
        self.wares_ = self._wares(whole, self._pairs(log, end))
        return self

    def fit_held(self, before: Holdings, bought: Whole, whole: Holdings, wares: Wares | None = None) -> Self:
        """Learn from holdings that the warehouse has gathered.

        Args:
            before: holdings as of the beginning of the days that teach the weights.
            bought: what was bought in these days, as `Holdings.key` of `before`.
            whole: holdings as of their end.
            wares: what a model fitted up to the beginning of these days knows of products, to reckon it once.

        Raises:
            TenureError: a setting makes no sense, or too few customers bought again.
        """
        self._check_settings()
        self._learn(before, bought, wares or self._wares(before, None))
        self.wares_ = self._wares(whole, None)
        return self

    def recommend(
        self, purchases: Any, k: int = 10, new_only: bool | None = None, as_of: int | date | None = None
    ) -> Any:
        """The products that each customer will most likely buy next.

        Args:
            purchases: the customers' purchases so far, columns as in `fit`.
            k: products per customer, at most.
            new_only: leave out what the customer has bought before; the model's own setting when None.
            as_of: nothing on or after this day is seen; the day after the last purchase when None.

        Returns:
            The kind of frame that was given: `customer_id`, `rank` (from 1), `product_id`, `score` (the chance of
            buying it within `horizon_days`), `reason_product` (what the customer holds that speaks most for it; the
            product itself where it would be bought again; null where only its popularity does).

        Raises:
            TenureError: the model is not fitted, or a column is missing or has gaps.
        """
        import pyarrow as pa

        self._check_fitted()
        if k < 1:
            raise TenureError(f"k is {k}", "Ask for at least one product per customer.")
        log = read(purchases)
        held = log.held(_day(as_of, log))
        found = self.rank(held, k, self.new_only if new_only is None else new_only)
        product = pa.array(found.product)
        return like(purchases, pa.table({
            "customer_id": held.customers.take(pa.array(found.customer)), "rank": places(found.customer) + 1,
            "product_id": found.names.take(product), "score": found.chance,
            "reason_product": found.names.take(pa.array(found.reason, mask=found.reason < 0)),
        }))  # fmt: skip

    def rank(self, held: Holdings, k: int, new_only: bool = False, explain: bool = True) -> Ranked:
        """The best products of each customer who holds any; `explain` adds the product that speaks for each."""
        import pyarrow as pa

        self._check_fitted()
        near = self.wares_.matrix()
        parts = [self._best(block, near, k, new_only, explain) for block in _blocks(held)]
        names = pa.concat_arrays([self.wares_.names.cast(held.products.type), held.products])
        if not parts:
            nothing = np.zeros(0, dtype=np.int64)
            return Ranked(nothing, nothing, np.zeros(0), np.zeros(0, dtype=bool), nothing, names)
        return Ranked(*(np.concatenate(part) for part in zip(*parts, strict=True)), names)  # type: ignore[call-arg]

    def summary(self) -> Table:
        """The weights of the log-odds, by what they speak for."""
        self._check_fitted()
        rows = [(name.partition("_")[0], name.partition("_")[2], value) for name, value in self.params_.items()]
        title = f"Affinity, {len(self.wares_.names):,} products, chance within {self.horizon_days} days"
        return Table(("bought", "what speaks for it", "weight"), rows, title)

    def _best(
        self, held: Holdings, near: csr_matrix, k: int, new_only: bool, explain: bool
    ) -> tuple[Whole, Whole, Numbers, NDArray[np.bool_], Whole]:
        """The best of one block of customers: customer, product, chance, whether it is new, and the reason."""
        own = owned(self.wares_, held, near)
        groups = [(others(own, held), "new"), *([] if new_only else [(again(own), "again")])]
        customer = np.concatenate([found.customer for found, _ in groups])
        product = np.concatenate([found.product for found, _ in groups])
        chance = np.concatenate([self._chances(found, which) for found, which in groups])
        is_new = np.arange(len(customer)) < len(groups[0][0].customer)
        # What was bought before is little and mostly best: what falls short of its k-th best need not be sorted.
        order = np.flatnonzero(chance >= kth_best(customer, chance, ~is_new, len(held.customers), k)[customer])
        order = order[np.lexsort((product[order], -chance[order], customer[order]))]
        order = order[places(customer[order]) < k]
        reason = product[order].copy()
        if explain:
            fresh = is_new[order]
            reason[fresh] = reasons(own, customer[order][fresh], product[order][fresh], near)
        return customer[order], product[order], chance[order], is_new[order], reason

    def _chances(self, found: Candidates, which: str) -> Numbers:
        weights = np.array([value for name, value in self.params_.items() if name.startswith(f"{which}_")])
        return chances(weights[0] + found.rows @ weights[1:])

    def _learn(self, before: Holdings, bought: Whole, wares: Wares) -> None:
        """How much each thing weighs, from what some customers bought in the days after."""
        teachers = distinct(before.customer)
        came_back = np.intersect1d(teachers, bought // max(len(before.products), 1))
        if len(came_back) < _FEWEST:
            raise TenureError(
                f"only {len(came_back):,} customers bought again within the last {self.horizon_days} days",
                f"Give longer records, or a longer `horizon_days`; {_FEWEST} are needed.",
            )
        near = wares.matrix()
        width = len(wares.names) + len(before.products)
        holder, product = bought // len(before.products), bought % len(before.products)
        happened = holder * width + wares.numbers(before.products)[product]
        weights: dict[str, float] = {}
        for which, names, most in (("again", AGAIN, _TEACHERS), ("new", NEW, _FEWER)):
            some = teachers[:: -(-len(teachers) // most)]
            taught = before.only(within(before.customer, some))
            own = owned(wares, taught, near)
            found = again(own) if which == "again" else others(own, taught)
            seen = within(found.customer * width + found.product, happened)
            weights.update(zip((f"{which}_{n}" for n in ("usual", *names)), _weights(found.rows, seen), strict=True))
        self.params_, self.customers_ = Params(weights), len(came_back)

    def _wares(self, held: Holdings, pairs: tuple[Whole, Whole] | None) -> Wares:
        held = held.foremost(OWN)  # what households hold by the hundred tells less than what they hold most
        if pairs is None:
            recent = held.only(held.last >= held.before - self.window_days)
            pairs = recent.customer, recent.product
        return Wares.of(held, self.most_products, self.neighbours, self.shrinkage, pairs)

    def _pairs(self, log: Purchases, before: int) -> tuple[Whole, Whole] | None:
        """Basket and product of recent purchases, each once; None where customers say what goes together."""
        if log.basket is None:
            return None
        recent = (log.day < before) & (log.day >= before - self.window_days)
        keys = distinct(log.basket[recent] * len(log.products) + log.product[recent])
        return keys // len(log.products), keys % len(log.products)

    def _check_settings(self) -> None:
        for name in ("horizon_days", "window_days", "most_products", "neighbours"):
            if getattr(self, name) < 1:
                raise TenureError(f"`{name}` is {getattr(self, name)}", "Give a whole number above 0.")
        if self.shrinkage < 0:
            raise TenureError(f"`shrinkage` is {self.shrinkage}", "Give 0 or more buyers.")
        if self.together not in ("customer", "basket"):
            raise TenureError(f"products cannot go together by `{self.together}`", "Say `customer` or `basket`.")

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {"params": self.params_.to_dict(), "wares": self.wares_.as_json(), "customers": self.customers_}

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.params_, self.wares_ = Params(learned["params"]), Wares.from_json(learned["wares"])
        self.customers_ = int(learned["customers"])


def _weights(rows: Numbers, seen: NDArray[np.bool_]) -> Numbers:
    """Intercept and one weight per column; columns are standardised for the penalty and put back."""
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread <= 1e-9 * np.maximum(np.abs(middle), 1)] = np.inf  # rounding is no difference between customers
    penalty = np.full(rows.shape[1] + 1, _PENALTY)
    penalty[0] = 1e-3  # where everybody, or nobody, buys again the chance stays short of certain
    found = logistic(
        np.column_stack([np.ones(len(rows)), (rows - middle) / spread]), seen.astype(np.float64), np.ones(len(rows)),
        penalty,
    ).coefficients  # fmt: skip
    return np.asarray(np.r_[found[0] - (found[1:] * middle / spread).sum(), found[1:] / spread])


def _blocks(held: Holdings) -> Iterator[Holdings]:
    for low in range(0, len(held.customers), _AT_ONCE):
        first, last = np.searchsorted(held.customer, [low, low + _AT_ONCE])
        if last > first:
            yield held.only(np.arange(first, last))


def _day(as_of: int | date | None, log: Purchases) -> int:
    if as_of is None:
        return int(log.day.max()) + 1
    if isinstance(as_of, datetime):
        as_of = as_of.date()
    return (as_of - date(1970, 1, 1)).days if isinstance(as_of, date) else int(as_of)
