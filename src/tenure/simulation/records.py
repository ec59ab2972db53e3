"""What a simulated shop writes down: rows of fact tables, kept as columns of numbers until somebody reads them.

Customers, products and orders are numbers here; moments are microseconds UTC, money minor units. A missing number is
`MISSING`, a missing text the empty one. A row appears in the block of days in which it was written, never earlier.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Columns = dict[str, Column]
MISSING = np.int64(np.iinfo(np.int64).min)


class Records:
    """Rows by table, in the order in which they were written."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Columns]] = {}

    def write(self, table: str, **columns: Any) -> None:
        """Add rows; a single value stands for all of them.

        Raises:
            ValueError: the columns are not of one length.
        """
        count = next((len(column) for column in columns.values() if isinstance(column, np.ndarray)), 1)
        rows = {
            name: column if isinstance(column, np.ndarray) else np.full(count, column)
            for name, column in columns.items()
        }
        if any(len(column) != count for column in rows.values()):
            raise ValueError(f"the columns of {table} differ in length")
        if count:
            self._parts.setdefault(table, []).append(rows)

    def drain(self) -> dict[str, Columns]:
        """Everything written since the last time, by table; it is forgotten here."""
        found: dict[str, Columns] = {}
        for table, parts in self._parts.items():
            names = list(dict.fromkeys(name for part in parts for name in part))
            found[table] = {name: np.concatenate([part[name] for part in parts]) for name in names}
        self._parts = {}
        return found
