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


def unfitted(ws: Workspace, as_of: AsOf) -> str | None:
    """Why the model columns of profiles as of a moment are empty: no model was fitted by then; None if one was."""
    if any(model.as_of <= as_of.at for model in adapters.shelf(ws).all()):
        return None
    return (
        "The columns that models fill are empty, for no model was fitted at that moment or before it;"
        f" `tenure fit --as-of {as_of.moment:%Y-%m-%dT%H:%M:%SZ}` fits them."
    )


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
