"""Snapshots of customers with what became of them, as a matrix, and their split in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

FEWEST_ROWS, FEWEST_EACH = 300, 30  # with fewer, every third column looks like a cause by chance
_NO_FEATURES = frozenset({"churned", "snapshot", "customer_id", "customer_key"})


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows of columns, labels, and when each row was as of.

    Attributes:
        names: the columns; `rows`: their values, NaN where missing.
        churned: 1 where the customer stayed away.
        snapshot: day of the snapshot, in days since 1970.
        folds: a number of the customer: all rows of one have the same.
    """

    names: tuple[str, ...]
    rows: Numbers
    churned: Numbers
    snapshot: Numbers
    folds: Whole

    @classmethod
    def of(cls, table: pa.Table, columns: Sequence[str] = ()) -> Labelled:
        """Read a table; without `columns`, all that hold numbers.

        Raises:
            TenureError: there are no labels, others than 0 and 1, or no columns to learn from.
        """
        names = columns or [n for n in table.column_names if n not in _NO_FEATURES and _is_numeric(table, n)]
        if not names:
            raise TenureError("the snapshots have no column of numbers to learn from", "Add what was known of each.")
        churned = matrix(table, ["churned"])[:, 0]
        if not np.isin(churned, (0.0, 1.0)).all():
            raise TenureError("`churned` holds other values than 0 and 1", "Write 1 for those who stayed away, else 0.")
        return cls(tuple(names), matrix(table, names), churned, _days(table), _folds(table))

    @property
    def latest(self) -> float:
        """The day of the latest snapshot."""
        return float(self.snapshot.max())

    @property
    def is_mixed(self) -> bool:
        """Whether some stayed away and others did not."""
        return 0 < int(self.churned.sum()) < len(self.churned)

    @property
    def is_enough(self) -> bool:
        """Whether there is enough to learn from."""
        lost = int(self.churned.sum())
        return len(self.churned) >= FEWEST_ROWS and min(lost, len(self.churned) - lost) >= FEWEST_EACH

    @property
    def silence(self) -> Numbers:
        """Days of silence, for the recency rule; 0 for everyone where the snapshots do not say."""
        if "recency_days" not in self.names:
            return np.zeros(len(self.churned))
        return np.asarray(self.rows[:, self.names.index("recency_days")])

    def require_enough(self) -> None:
        """Refuse what nothing can be learned from.

        Raises:
            TenureError: there are fewer than 300 rows, or fewer than 30 of either kind.
        """
        if not self.is_enough:
            raise TenureError(
                f"{len(self.churned):,} snapshots, {int(self.churned.sum()):,} of them of churned customers, are too"
                f" few to learn from", f"Bring at least {FEWEST_ROWS}, with {FEWEST_EACH} of either kind.",
            )  # fmt: skip

    def split(self, horizon_days: float) -> tuple[Labelled, Labelled]:
        """What was known in full before the latest snapshot (labels included), and that snapshot."""
        latest = self.snapshot == self.latest
        return self._only(self.snapshot + horizon_days <= self.latest), self._only(latest)

    def thinned(self, most: int) -> Labelled:
        """At most about so many rows, evenly from all."""
        step = -(-len(self.churned) // most)
        return self if step <= 1 else self._only(np.arange(len(self.churned)) % step == 0)

    def typical(self) -> dict[str, float | None]:
        """The median of every column; None where nobody has a value."""
        known = [column[~np.isnan(column)] for column in self.rows.T]
        return {
            name: float(np.median(column)) if len(column) else None
            for name, column in zip(self.names, known, strict=True)
        }

    def _only(self, chosen: NDArray[np.bool_]) -> Labelled:
        return Labelled(
            self.names, self.rows[chosen], self.churned[chosen], self.snapshot[chosen], self.folds[chosen]
        )  # fmt: skip


def matrix(table: pa.Table, names: Sequence[str]) -> Numbers:
    """Columns of numbers or flags as rows × columns of doubles, NaN where a value is missing.

    Raises:
        TenureError: a column is absent, holds no numbers, or an infinite one.
    """
    return np.column_stack([_column(table, name) for name in names]) if names else np.empty((table.num_rows, 0))


def _column(table: pa.Table, name: str) -> Numbers:
    import pyarrow as pa
    from pyarrow import compute

    if name not in table.column_names:
        raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    if not _is_numeric(table, name):
        raise TenureError(f"the column `{name}` does not hold numbers", "Convert it first.")
    values = np.asarray(compute.cast(table.column(name), pa.float64()).to_numpy(), dtype=np.float64)
    if np.isinf(values).any():
        raise TenureError(f"the column `{name}` has infinite values", "Leave them empty where nothing is known.")
    return values


def _is_numeric(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    kind = table.schema.field(name).type
    return any(is_kind(kind) for is_kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean,
                                             pa.types.is_decimal, pa.types.is_null))  # fmt: skip


def _days(table: pa.Table) -> Numbers:
    """The snapshots' days since 1970; one and the same where the table does not tell."""
    import pyarrow as pa
    from pyarrow import compute

    if "snapshot" not in table.column_names:
        return np.zeros(table.num_rows)
    column: Any = table.column("snapshot")
    if pa.types.is_temporal(column.type):
        column = compute.cast(compute.cast(column, pa.timestamp("us"), safe=False), pa.date32())
        return np.asarray(compute.cast(column, pa.int32()).to_numpy(), dtype=np.float64)
    return matrix(table, ["snapshot"])[:, 0]


def _folds(table: pa.Table) -> Whole:
    """A number for each customer; for each row where the table does not name them."""
    from pyarrow import compute

    for name in ("customer_key", "customer_id"):
        if name in table.column_names:
            return np.asarray(
                compute.dictionary_encode(table.column(name).combine_chunks()).indices.to_numpy(), np.int64
            )
    return np.arange(table.num_rows)
