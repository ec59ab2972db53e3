"""What-if: the question of a person, asked of the warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tenure.app import adapters
from tenure.app.workspace import Workspace, moment

if TYPE_CHECKING:
    from tenure.operations.whatif import By, Of, Told


def whatif(
    ws: Workspace, sets: Sequence[str] = (), *, as_of: str | None = None, from_: str | None = None,
    months: Sequence[int] = (12, 24, 36), efforts: Mapping[str, float] | None = None, by: By | None = None,
    of: Of | None = None, draws: int = 1000, seed: int = 1,
) -> Told:  # fmt: skip
    """What customers are worth, what each lever would change, and what would make them pay.

    Args:
        sets: changes as typed, `PATH=±X`.
        as_of: the moment; that of the latest run, else now, if not given.
        from_: months that began before it are not counted.
        months: horizons of profit.
        efforts: what moving a lever by one percent of its value costs, by path.
        by: tell groups of customers too.
        of: contracts or orders; contracts if there are any.
        draws, seed: of the intervals.

    Raises:
        UsageError: a change names no lever, or would make something impossible.
        TenureError: there is nothing from which a month could be told.
    """
    from tenure.domain.money import minor_per_unit
    from tenure.insights.whatif import Ask
    from tenure.operations.overview import published_moment
    from tenure.operations.whatif import whatif as operation
    from tenure.warehouse.snapshot import WarehouseQuery

    business = ws.business
    ask = Ask(tuple(sets), dict(efforts or {}), tuple(months), business.value.discount_rate,
              minor_per_unit(business.currency), draws, seed)  # fmt: skip
    with adapters.warehouse(ws) as opened:
        query = WarehouseQuery(opened)
        asked = moment(ws, as_of) if as_of else published_moment(query, business) or moment(ws, None)
        return operation(query, business, asked, ask, by=by, since=moment(ws, from_) if from_ else None, of=of)
