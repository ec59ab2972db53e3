"""What is known of each product: how many bought it lately, who buys it again, and what the same people buy.

Products are numbered: those that are known come first, and whatever else a customer holds comes after them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.models.holdings import LATELY, MONTH, Holdings
from tenure.models.neighbours import nearest_products

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy.sparse import csr_matrix

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_FEWEST = 3  # buyers; a product that two people bought says nothing about a third
_PRIOR = 5.0  # buyers' worth of the usual rate of buying again


@dataclass(frozen=True, slots=True)
class Wares:
    """The products that are known, the most bought first.

    Attributes:
        names: the products (Arrow).
        lately, month: customers who bought it in the last 91 and in the last 28 days.
        again: share of its buyers who bought it on a second day, shrunk to the usual share.
        usual: that usual share, for products that are not known.
        product, neighbour, likeness: pairs of products that the same people hold.
    """

    names: pa.Array
    lately: Numbers
    month: Numbers
    again: Numbers
    usual: float
    product: Whole
    neighbour: Whole
    likeness: Numbers

    @classmethod
    def of(
        cls, held: Holdings, most: int, neighbours: int, shrinkage: float, pairs: tuple[Whole, Whole] | None = None
    ) -> Self:
        """What holdings say about products.

        Args:
            most: products that are kept, those of most buyers.
            neighbours: neighbours kept of each product.
            shrinkage: holders in common at which a likeness counts half.
            pairs: holder and product (numbered as in `held`) to count what goes together; the holdings when None.
        """
        count = len(held.products)
        buyers = np.bincount(held.product, minlength=count).astype(np.float64)
        repeated = np.bincount(held.product, held.times >= 2, count)
        usual = float((repeated.sum() + 1) / (buyers.sum() + 2))
        known = np.argsort(-buyers, kind="stable")[: int(min(most, (buyers >= _FEWEST).sum()))]
        lately, month = (
            np.bincount(held.product, held.last >= held.before - days, count)[known].astype(np.float64)
            for days in (LATELY, MONTH)
        )
        number = np.full(count, -1, dtype=np.int64)
        number[known] = np.arange(len(known))
        holder, product = (held.customer, held.product) if pairs is None else pairs
        inside = number[product] >= 0
        near = nearest_products(holder[inside], number[product[inside]], len(known), shrinkage, neighbours)
        again = (repeated[known] + _PRIOR * usual) / (buyers[known] + _PRIOR)
        return cls(held.products.take(known), lately, month, again, usual, *near)

    def numbers(self, names: pa.Array) -> Whole:
        """The number of each name; those not known are numbered after the known ones, as they come."""
        from pyarrow import compute

        found = compute.index_in(names, value_set=self.names.cast(names.type)).fill_null(-1).to_numpy()
        return np.where(found >= 0, found, len(self.names) + np.arange(len(names))).astype(np.int64)

    def matrix(self) -> csr_matrix:
        """Likeness by product and neighbour."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.likeness, (self.product, self.neighbour)), shape=(len(self.names),) * 2)

    def log_lately(self, number: Whole) -> tuple[Numbers, Numbers]:
        """Log of 1 + buyers in the last 91 and in the last 28 days; of a product that is not known, 0."""
        return _looked_up(np.log1p(self.lately), number, 0.0), _looked_up(np.log1p(self.month), number, 0.0)

    def log_again(self, number: Whole) -> Numbers:
        """Log of the share of buyers who buy again; of a product that is not known, the usual one."""
        return _looked_up(np.log(self.again), number, float(np.log(self.usual)))

    def as_json(self) -> dict[str, Any]:
        """Plain data, likenesses to four digits."""
        return {
            "names": self.names.to_pylist(), "lately": self.lately.tolist(),
            "month": self.month.tolist(), "again": self.again.round(6).tolist(),
            "usual": self.usual, "product": self.product.tolist(), "neighbour": self.neighbour.tolist(),
            "likeness": self.likeness.round(4).tolist(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `as_json` described."""
        import pyarrow as pa

        names = pa.array(stored["names"]) if stored["names"] else pa.array([], pa.string())
        lately, month, again, likeness = (
            np.asarray(stored[name], np.float64) for name in ("lately", "month", "again", "likeness")
        )
        product, neighbour = (np.asarray(stored[name], np.int64) for name in ("product", "neighbour"))
        return cls(names, lately, month, again, float(stored["usual"]), product, neighbour, likeness)


def _looked_up(values: Numbers, number: Whole, unknown: float) -> Numbers:
    return np.append(values, unknown)[np.minimum(number, len(values))]
