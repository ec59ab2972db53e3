"""The door for Python: `tn.open("shop")`, profiles as a table, figures as numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure import app
from tenure.domain.silence import Silent

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Profiles:
    """Profiles as an Arrow table, handed over in the form you work with.

    Args:
        table: one row per customer, the columns of the profile in their documented order.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __repr__(self) -> str:
        return f"<{len(self):,} profiles, {self._table.num_columns} columns>"

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> pa.Table:
        """The Arrow table itself."""
        return self._table

    def to_pandas(self) -> pd.DataFrame:
        """A pandas frame (pandas must be installed)."""
        frame: pd.DataFrame = self._table.to_pandas()
        return frame

    def to_polars(self) -> Any:
        """A Polars frame (polars must be installed)."""
        import polars

        return polars.from_arrow(self._table)


class NotebookWorkspace:
    """A business's folder, for notebooks and scripts."""

    def __init__(self, path: str | Path) -> None:
        self._workspace = app.open_workspace(Path(path))

    def __repr__(self) -> str:
        return f"<workspace {self._workspace.business.name!r} in {self._workspace.folder}>"

    def profiles(self, as_of: str | None = None, customers: Iterable[str] | None = None) -> Profiles:
        """One row per customer as of a moment.

        Args:
            as_of: a date or moment; facts at or after it do not exist. Now, if not given.
            customers: ids of the customers wanted; all, if not given.

        Raises:
            TenureError: the moment cannot be read, or the workspace is in use.
        """
        moment = app.moment(self._workspace, as_of)
        ids = None if customers is None else list(customers)
        return Profiles(app.profiles(self._workspace, moment, ids, Silent()))

    def report(self, kind: str, **when: str) -> dict[str, Any]:
        """A report as JSON has it: `report("retention", from_="2011-06-01", to="2011-09-01")`."""
        return app.report(self._workspace, kind, **when).as_json()

    def decision_log(self, as_of: str | None = None, days: float = 28.0) -> pa.Table:
        """Every marketing decision with its chance and what the customer brought in the days after it.

        Args:
            as_of: a date or moment; facts at or after it do not exist. Now, if not given.
            days: how long each decision is given; younger ones are left out.
        """
        from tenure.app.logbook import decision_log

        return decision_log(self._workspace, app.moment(self._workspace, as_of), days)

    def explain(self, customer_id: str, as_of: str | None = None) -> str:
        """Why this customer hears from us, or does not."""
        return app.explain(self._workspace, customer_id, as_of).text()


def open(path: str | Path = ".") -> NotebookWorkspace:
    """Open a workspace.

    Raises:
        TenureError: the folder is no workspace.
    """
    return NotebookWorkspace(path)
