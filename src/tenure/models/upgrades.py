"""Who of the buyers of the cheap one would take the better version: a chance for every product, drawn to what is usual.

Of each lesser product we know how many bought it, how many of them bought its better version afterwards, and, where
both have prices, how much dearer that is. A product's own share is trusted by the number of its buyers (beta-binomial;
Skellam 1948, J. Royal Statistical Society B 10(2)); what it is drawn to falls with the price step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest
from tenure.frames import arrow, columns, like
from tenure.models.base import Estimator, Params, Table
from tenure.models.discounts import DiscountShare
from tenure.models.holdings import Whole, coded
from tenure.models.logistic import chances, logistic

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]

_PRICED = 5  # products with both prices from which a slope is learned; fewer make a line through anything
_PENALTY = 1.0  # on the slope: half a unit of log-odds per doubling costs as much as one surprising buyer


@dataclass(frozen=True, slots=True)
class _Steps:
    """One row per lesser product: its better version, log of the price step (NaN unknown), buyers, who moved up."""

    product: pa.Array
    better: pa.Array
    step: Numbers
    buyers: Numbers
    moved: Numbers


class BetterVersions(Estimator):
    """How likely the buyers of each product are to move up to its better version.

    Attributes:
        params_: `usual`, the log-odds of moving up where the better version costs as much; `price_step`, what is added
            per unit of the log of the price ratio; `strength`, the number of buyers at which a product's own share and
            the usual one weigh the same.
        chances_: lesser product → (better version, buyers, who moved up, chance).
    """

    params_: Params
    chances_: dict[str, tuple[str, int, int, float]]

    def fit(self, buyers: Any) -> Self:
        """Learn from who moved up.

        Args:
            buyers: one row per customer and lesser product: `product_id`, `better_product`, `took` (1 where they bought
                the better version afterwards, else 0) and, where known, `price` and `better_price`.

        Raises:
            TenureError: a column is missing or has gaps, there is no row, or `took` holds something else.
        """
        steps = _steps(buyers)
        slope = self._slope(steps)
        usual = DiscountShare().fit({"discounted": steps.moved, "orders": steps.buyers}).params_
        strength = usual["alpha"] + usual["beta"]
        self.params_ = Params({"usual": slope[0], "price_step": slope[1], "strength": strength})
        prior = self._usual_chance(steps.step)
        chance = (strength * prior + steps.moved) / (strength + steps.buyers)
        rows = zip(steps.product.to_pylist(), steps.better.to_pylist(), steps.buyers, steps.moved, chance, strict=True)
        self.chances_ = {str(p): (str(b), int(n), int(k), float(c)) for p, b, n, k, c in rows}
        return self

    def predict(self, buyers: Any) -> Numbers:
        """The chance that each row's customer moves up to the better version.

        Args:
            buyers: rows with `product_id` and, where known, `price` and `better_price`; a product that was not seen
                has the usual chance at its price step.

        Raises:
            TenureError: the model is not fitted, or a column is missing.
        """
        self._check_fitted()
        table = _checked(buyers, ("product_id",))
        known = np.array([self.chances_.get(str(name), ("", 0, 0, np.nan))[3]
                          for name in table.column("product_id").to_pylist()], dtype=np.float64)  # fmt: skip
        return np.where(np.isnan(known), self._usual_chance(_log_steps(table)), known)

    def better_versions(self, buyers: Any) -> Any:
        """For each customer the better version they are likeliest to take, of those they do not own.

        Args:
            buyers: rows with `customer_id`, `product_id`, `better_product`, `took` or `owned` (1 where they have it).

        Returns:
            The kind of frame that was given: `customer_id`, `product_id`, `better_product`, `chance`.

        Raises:
            TenureError: the model is not fitted, or a column is missing.
        """
        table = _checked(buyers, ("customer_id", "product_id", "better_product"))
        rows, chance = self._first(table, "customer_id")
        picked = table.select(["customer_id", "product_id", "better_product"]).take(rows)
        return like(buyers, picked.append_column("chance", [chance]))

    def likeliest(self, asked: pa.Table) -> dict[int, str]:
        """Customer key → better version, from the relation `better_versions`."""
        rows, _ = self._first(asked, "customer_key")
        picked = asked.take(rows)
        return dict(zip(picked.column("customer_key").to_pylist(), picked.column("better_product").to_pylist(),
                        strict=True))  # fmt: skip

    def summary(self) -> Table:
        """Every product with its better version, buyers, who moved up, and the chance."""
        self._check_fitted()
        rows = [(product, *found) for product, found in self.chances_.items()]
        return Table(("product", "better version", "buyers", "moved up", "chance"), rows, "BetterVersions")

    def _first(self, table: pa.Table, customer: str) -> tuple[Whole, Numbers]:
        """The row of the likeliest version each customer does not own, and its chance; the latest of equals."""
        has = next((name for name in ("owned", "took") if name in table.column_names), None)
        free = columns(table, (has,))[has] == 0 if has else np.ones(table.num_rows, dtype=bool)
        chance = self.predict(table)
        last = columns(table, ("last_at",))["last_at"] if "last_at" in table.column_names else np.zeros(table.num_rows)
        _, who = coded(table, customer)
        _, better = coded(table, "better_product")
        order = np.lexsort((better, -last, -chance, ~free, who))
        order = order[np.r_[True, who[order][1:] != who[order][:-1]]] if order.size else order
        order = order[free[order]]
        return order.astype(np.int64), chance[order]

    def _usual_chance(self, step: Numbers) -> Numbers:
        known = np.where(np.isfinite(step), step, self._middle)
        return chances(self.params_["usual"] + self.params_["price_step"] * known)

    def _slope(self, steps: _Steps) -> Numbers:
        """Intercept and slope of the log-odds by the price step; a step that is unknown counts as the middle one."""
        known = np.isfinite(steps.step)
        self._middle = float(np.median(steps.step[known])) if known.any() else 0.0
        step = np.where(known, steps.step, self._middle)
        penalty = np.array([1e-6, _PENALTY if known.sum() >= _PRICED else 1e9])
        rows = np.repeat(np.column_stack([np.ones(len(step)), step]), 2, axis=0)
        moved = np.tile([1.0, 0.0], len(step))
        weights = np.column_stack([steps.moved + 0.5 / len(step), steps.buyers - steps.moved + 0.5 / len(step)]).ravel()
        return logistic(rows, moved, weights, penalty).coefficients

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {"params": self.params_.to_dict(), "middle": self._middle,
                "chances": {name: list(found) for name, found in self.chances_.items()}}  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.params_, self._middle = Params(learned["params"]), float(learned["middle"])
        self.chances_ = {name: (b, int(n), int(k), float(c)) for name, (b, n, k, c) in learned["chances"].items()}


def _checked(frame: Any, names: tuple[str, ...]) -> pa.Table:
    table = arrow(frame)
    for name in names:
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    return table


def _steps(buyers: Any) -> _Steps:
    table = _checked(buyers, ("product_id", "better_product", "took"))
    if not table.num_rows:
        raise TenureError("nobody bought a product of which there is a better version", "Give at least one row.")
    took = columns(table, ("took",))["took"]
    if not np.isin(took, (0, 1)).all():
        raise TenureError("the column `took` holds something else than 0 and 1", "Give 1 where the customer moved up.")
    products, product = coded(table, "product_id")
    first = np.unique(product, return_index=True)[1]
    return _Steps(
        products, table.column("better_product").take(first), _log_steps(table)[first],
        np.bincount(product).astype(np.float64), np.bincount(product, took).astype(np.float64),
    )  # fmt: skip


def _log_steps(table: pa.Table) -> Numbers:
    """Log of better price ÷ price; NaN where one is unknown or not above 0."""
    import pyarrow as pa

    if not {"price", "better_price"} <= set(table.column_names):
        return np.full(table.num_rows, np.nan)
    low, high = (table.column(name).cast(pa.float64()).fill_null(float("nan")).to_numpy()
                 for name in ("price", "better_price"))  # fmt: skip
    known = (low > 0) & (high > 0)
    return np.log(np.where(known, high, np.nan) / np.where(known, low, 1.0))
