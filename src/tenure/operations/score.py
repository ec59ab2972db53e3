"""Fills the model columns of profiles with the models that were in place at the profiles' moment (`ports.Scorer`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.moments import AsOf
from tenure.models.investment import Prospects, assign
from tenure.models.kinds.contract import Batch, Kind, plain
from tenure.models.threads import one_thread
from tenure.ports import Shelf

if TYPE_CHECKING:
    import pyarrow as pa


class ShelfScorer:
    """Scores with what stands on a shelf.

    Args:
        kinds: every kind of model, in order.
    """

    def __init__(self, shelf: Shelf, kinds: Mapping[str, Kind]) -> None:
        self._shelf, self._kinds = shelf, kinds

    def relations(self, as_of: AsOf) -> tuple[str, ...]:
        """The feature relations that the models in place at a moment read, besides the profile; none without models."""
        used = self._shelf.in_place(as_of.at)
        return tuple(sorted({name for kind in used if kind in self._kinds for name in self._kinds[kind].RELATIONS}))

    def is_empty(self, as_of: AsOf) -> bool:
        """Whether no model is in place at a moment."""
        return not self._shelf.in_place(as_of.at)

    def clock(self, as_of: AsOf) -> pa.Table | None:
        """The seasonal clock in place; None where all is flat."""
        season = self._shelf.in_place(as_of.at).get("season")
        if season is None:
            return None
        from tenure.models.kinds.season import clock_table

        return clock_table(season.state, as_of)

    def score(
        self, customers: pa.Table, relations: Mapping[str, pa.Table], as_of: AsOf, business: Business
    ) -> pa.Table:
        """The customers with the model columns filled, all other columns as they came."""
        used = self._shelf.in_place(as_of.at)
        with one_thread():
            for name, kind in self._kinds.items():
                if name in used:
                    mine = Batch(customers, {each: relations[each] for each in kind.RELATIONS}, as_of, business)
                    customers = _filled(customers, kind.score(used[name].state, mine))
        return _filled(customers, {"investment": _investment(customers, business)})


def _investment(customers: pa.Table, business: Business) -> pa.Array:
    """How much retention money each customer justifies, by rule, from what the models have filled."""
    import pyarrow as pa

    clv, high, churn, profit, tenure = (
        plain(customers, name) for name in ("clv_365d", "clv_365d_high", "churn_90d", "profit", "tenure_days")
    )
    rules = business.value
    return pa.array(
        assign(Prospects(clv, high, churn, profit, tenure), rules.retention_cost, rules.retention_lift), pa.string()
    )  # fmt: skip


def _filled(customers: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """The table with new values where a model gave one; what stood there stays where it gave null."""
    from pyarrow import compute

    for name, values in columns.items():
        place = customers.column_names.index(name)
        field = customers.schema.field(place)
        filled = compute.coalesce(compute.cast(values, field.type), customers.column(place))
        customers = customers.set_column(place, field, filled)
    return customers
