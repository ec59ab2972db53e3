"""What a model of the line is: a module of this folder with the names below; its file's name is its kind.

    RELATIONS = ("first_orders",)        # feature relations that `score` reads, besides the profile
    FILLS = ("path", "p_hit_and_run")    # profile columns it fills, in published form
    AFTER = ("purchases",)               # kinds that must be scored, and trained, before it
    DUE_DAYS = 7                         # `tenure fit` trains it again when its model is older

    def train(past: Past, business: Business) -> Trained | None
    def check(state: State, past: Past, business: Business) -> tuple[Score, ...]
    def score(state: State, batch: Batch) -> dict[str, pa.Array]

`train` gets the past and nothing else, gives a state that is plain JSON data and a card, or None where the business has
no such data. The card is that of a model trained on the days before a split and checked on those after it; the state is
then trained on all days. `check` gives the same figures, on the same days, for any state: that of the model in place.
`score` gets one batch of customers and gives one array per filled column, as long as `batch.customers`, in its order,
null where the model has nothing to say and what stands there stays. All are pure: time and chance come in as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.moments import AsOf
from tenure.models.cards import Card, Score
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

State = Mapping[str, Any]  # plain JSON data
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model of the line, and how its like did on days that it had not seen."""

    state: State
    card: Card


@dataclass(frozen=True, slots=True)
class Batch:
    """Some customers as of a moment, as a model of the line sees them.

    Attributes:
        customers: one row per customer, ordered by `customer_key`: that column, `first_day` and `last_day` (days since
            1970 of the first and latest order, null without one), `span_milli` and `since_milli` (thousandths of a day
            between these two and since the latter on the customer's seasonal clock), then the profile's columns in
            published form; model columns that an earlier kind filled hold its values, the others are null.
        relations: the feature relations that the kind named, in canonical form (money in minor units, moments in
            microseconds), of the same customers, ordered by `customer_key`.
    """

    customers: pa.Table
    relations: Mapping[str, pa.Table]
    as_of: AsOf
    business: Business

    def column(self, name: str) -> NDArray[Any]:
        """A column of the customers as an array: numbers as doubles with NaN where null, texts as objects."""
        return plain(self.customers, name)

    def places(self, relation: str) -> Whole:
        """For each row of a relation, the row of its customer in `customers`."""
        keys = self.customers.column("customer_key").to_numpy()
        found: Whole = np.searchsorted(keys, self.relations[relation].column("customer_key").to_numpy())
        return found


class Kind(Protocol):
    """A module of this folder."""

    RELATIONS: tuple[str, ...]
    FILLS: tuple[str, ...]
    AFTER: tuple[str, ...]
    DUE_DAYS: int

    def train(self, past: Past, business: Business) -> Trained | None:
        """Fit as of `past.as_of` and check on held-out days; None where the business has no such data."""

    def check(self, state: State, past: Past, business: Business) -> tuple[Score, ...]:
        """How a fitted state does on the days that `train` would hold out."""

    def score(self, state: State, batch: Batch) -> dict[str, pa.Array]:
        """The filled columns of a batch."""


def plain(table: pa.Table, name: str) -> NDArray[Any]:
    """A column as an array: numbers and flags as doubles (NaN where null), moments as microseconds, texts as is."""
    import pyarrow as pa
    from pyarrow import compute

    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = compute.cast(column, pa.int64())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type):
        found: NDArray[Any] = compute.cast(column, pa.float64()).to_numpy()
        return found
    return column.to_numpy()  # type: ignore[no-any-return]
