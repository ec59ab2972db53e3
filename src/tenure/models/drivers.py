"""What each customer responds to: price, exclusivity or service, each with the evidence for it.

For each driver the model counts how often a customer chose it when there was a choice: order days at a discount, lines
bought soon after a product's release, turns to service per order. Shares differ between customers by a beta
distribution (`DiscountShare`); a customer is driven by what they choose markedly more than others: half a standard
deviation of all customers' shares above the mean. The strength is the posterior chance of that, so two orders prove
nothing, and a driver for which the business has no records is never named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import arrow, columns, like
from tenure.models.base import Estimator, Table
from tenure.models.discounts import DiscountShare

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]

DRIVERS = ("price", "exclusivity", "service")
_FEWEST = 30  # customers who ever chose it, and who did not always: with fewer there is no choice to learn from
_ABOVE = 0.5  # standard deviations between customers
_WORDS = {
    "price": "{seen:.0f} of {of:.0f} order days at a discount, where {mean:.0%} are usual",
    "exclusivity": "{seen:.0f} of {of:.0f} lines bought within weeks of the release, where {mean:.0%} are usual",
    "service": "turned to service on {seen:.0f} of {of:.0f} orders, where {mean:.0%} are usual",
}


class Response(Estimator):
    """What customers respond to.

    Args:
        certainty: the posterior chance from which on a driver is named.

    Attributes:
        shares_: for each driver that the records speak of, how customers' shares are distributed.
    """

    shares_: dict[str, DiscountShare]

    def __init__(self, certainty: float = 0.8) -> None:
        self.certainty = certainty

    def fit(self, customers: Any) -> Self:
        """Learn how customers differ.

        Args:
            customers: one row per customer with `orders`, and for each driver known to the business a column of its
                name that counts how often it was chosen: `price`, `exclusivity`, `service`. Out of how many stands in
                `price_of`, `exclusivity_of`, `service_of`, or is `orders` where that column is missing.

        Raises:
            TenureError: `orders` is missing, no driver is, or a column has gaps.
        """
        if not 0 < self.certainty < 1:
            raise TenureError(f"`certainty` is {self.certainty}", "Give a chance between 0 and 1, such as 0.8.")
        found = _counts(customers)
        self.shares_ = {}
        for name, (seen, of) in found.items():
            if ((seen > 0).sum() >= _FEWEST) and ((seen < of).sum() >= _FEWEST):
                self.shares_[name] = DiscountShare().fit({"discounted": seen, "orders": of})
        return self

    def bar(self, driver: str) -> float:
        """The share from which on a customer is driven by it."""
        self._check_fitted()
        alpha, beta = self.shares_[driver].params_.values()
        spread = np.sqrt(alpha * beta / ((alpha + beta) ** 2 * (alpha + beta + 1)))
        return float(min(alpha / (alpha + beta) + _ABOVE * spread, 1.0))

    def strengths(self, customers: Any) -> dict[str, Numbers]:
        """For each driver the records speak of, the chance that each customer's share lies above its bar.

        Raises:
            TenureError: the model is not fitted, or a column is missing or has gaps.
        """
        self._check_fitted()
        found = _counts(customers)
        return {
            name: model.chance_above(self.bar(name), {"discounted": found[name][0], "orders": found[name][1]})
            for name, model in self.shares_.items()
            if name in found
        }

    def predict(self, customers: Any) -> Any:
        """The strongest driver of each customer, where it is certain enough.

        Returns:
            The kind of frame that was given: `driver` (null where nothing is certain) and `driver_strength`, one row
            per customer in their order, after `customer_id` where the frame has it.
        """
        import pyarrow as pa

        driver, strength = self.named(self.strengths(customers), len(next(iter(_counts(customers).values()))[0]))
        table = arrow(customers)
        head = {"customer_id": table.column("customer_id")} if "customer_id" in table.column_names else {}
        return like(customers, pa.table({**head, "driver": driver, "driver_strength": strength}))

    def named(self, strengths: Mapping[str, Numbers], rows: int) -> tuple[pa.Array, pa.Array]:
        """The strongest driver and its strength, both null where it is not certain."""
        import pyarrow as pa

        if not strengths:
            return pa.nulls(rows, pa.string()), pa.nulls(rows, pa.float64())
        names = np.array(list(strengths), dtype=object)
        matrix = np.column_stack(list(strengths.values()))
        best, most = matrix.argmax(axis=1), matrix.max(axis=1)
        unsure = most < self.certainty
        return pa.array(names[best], pa.string(), mask=unsure), pa.array(most, mask=unsure)

    def evidence(self, customers: Any) -> list[list[str]]:
        """For each customer the evidence for each driver above its bar, the strongest first, in words."""
        strengths, found = self.strengths(customers), _counts(customers)
        rows = len(next(iter(found.values()))[0])
        said: list[list[str]] = []
        for row in range(rows):
            strong = sorted((-values[row], name) for name, values in strengths.items() if values[row] >= 0.5)
            said.append([self._sentence(name, *(part[row] for part in found[name])) for _, name in strong])
        return said

    def summary(self) -> Table:
        """For each driver the usual share, and the share from which on a customer is driven by it."""
        self._check_fitted()
        rows = [
            (name, _mean(model), self.bar(name), sum(model.params_.values())) for name, model in self.shares_.items()
        ]
        return Table(("driver", "usual share", "driven from", "orders that outweigh the usual"), rows, "Response")

    def _sentence(self, name: str, seen: float, of: float) -> str:
        return _WORDS[name].format(seen=seen, of=of, mean=_mean(self.shares_[name]))

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {"shares": {name: model.to_json() for name, model in self.shares_.items()}}

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.shares_ = {name: DiscountShare.from_json(stored) for name, stored in learned["shares"].items()}


def _mean(model: DiscountShare) -> float:
    alpha, beta = model.params_.values()
    return alpha / (alpha + beta)


def _counts(customers: Any) -> dict[str, tuple[Numbers, Numbers]]:
    """For each driver in the frame: how often it was chosen, at most always, and out of how many."""
    names: Sequence[str] = [*DRIVERS, *(f"{name}_of" for name in DRIVERS)]
    found = columns(customers, ("orders",), names)
    drivers = [name for name in DRIVERS if name in found]
    if not drivers:
        raise TenureError("there is no driver to learn about", "Give a column `price`, `exclusivity` or `service`.")
    of = {name: np.maximum(found.get(f"{name}_of", found["orders"]), 0.0) for name in drivers}
    return {name: (np.clip(found[name], 0.0, of[name]), of[name]) for name in drivers}
