"""Fitting for a workspace: trains the models that are due on its own past, and tells how they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenure.app import adapters
from tenure.app.workspace import Workspace
from tenure.domain.moments import AsOf
from tenure.operations.fit import Outcome
from tenure.ports import Progress

if TYPE_CHECKING:
    from tenure.warehouse.duckdb import DuckWarehouse


def fit(
    ws: Workspace, as_of: AsOf, progress: Progress, wanted: Sequence[str] = (), *, even_if_not_due: bool = False
) -> list[Outcome]:
    """Train the models that are due as of a moment, and promote those that earn it.

    Args:
        wanted: only these kinds; all when empty.
        even_if_not_due: train also where the latest model is young.

    Raises:
        UsageError: there is no such kind of model.
    """
    with adapters.warehouse(ws) as opened:
        return fit_in(ws, opened, as_of, progress, wanted, even_if_not_due=even_if_not_due)


def fit_in(
    ws: Workspace, opened: DuckWarehouse, as_of: AsOf, progress: Progress, wanted: Sequence[str] = (), *,
    even_if_not_due: bool = False,
) -> list[Outcome]:  # fmt: skip
    """The same in a warehouse that is open."""
    from tenure.models.kinds.order import kinds
    from tenure.operations.fit import fit as operation

    past = adapters.past(ws, opened, as_of)
    return operation(
        kinds(), past, adapters.shelf(ws), ws.business, progress, wanted, even_if_not_due=even_if_not_due
    )  # fmt: skip
