"""Any data frame in, the same kind of frame out: pandas, Polars, Arrow, DuckDB, Ibis, or a mapping of arrays.

Frames are read through the Arrow stream that all of these libraries offer, so none of them is needed here. What comes
back is Arrow, or pandas or Polars where that is what was given.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]


def arrow(frame: Any) -> pa.Table:
    """The frame as an Arrow table.

    Args:
        frame: pandas, Polars, Arrow, DuckDB or Ibis, anything with an Arrow stream, or a mapping of columns.

    Raises:
        TenureError: it is none of these.
    """
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, Mapping):
        return pa.table({name: pa.array(np.asarray(column)) for name, column in frame.items()})
    for way in ("__arrow_c_stream__", "to_arrow_table", "to_pyarrow"):
        if hasattr(frame, way):
            return pa.table(frame) if way == "__arrow_c_stream__" else getattr(frame, way)()
    raise TenureError(
        f"a {type(frame).__name__} is no data frame", "Give a pandas, Polars, Arrow, DuckDB or Ibis table, or a dict."
    )


def like(frame: Any, table: pa.Table) -> Any:
    """The table as the kind of frame that was given: pandas for pandas, Polars for Polars, Arrow for all others."""
    kind = type(frame).__module__.partition(".")[0]
    if kind == "pandas":
        return table.to_pandas()
    if kind == "polars":
        return sys.modules["polars"].from_arrow(table)
    return table


def picked(frame: Any, table: pa.Table, places: NDArray[np.int64]) -> Any:
    """Some rows of a frame as the kind of frame that was given; pandas keeps its index and its types.

    Args:
        table: the same frame as `arrow` gives it.
    """
    kind = type(frame).__module__.partition(".")[0]
    if kind == "pandas":
        return frame.iloc[places]
    return frame[places] if kind == "polars" else table.take(places)


def columns(frame: Any, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Numbers]:
    """Columns of a frame as arrays of doubles of one length.

    Args:
        names: columns that must be there, without gaps.
        optional: columns that are left out of the answer where the frame lacks them.

    Raises:
        TenureError: a column is missing, holds no numbers, or has a missing or infinite value; it says where.
    """
    table = arrow(frame)
    found = table.column_names
    for name in names:
        if name not in found:
            raise TenureError(f"the column `{name}` is missing", nearest(name, found))
    return {name: _doubles(table, name) for name in (*names, *optional) if name in found}


def _doubles(table: pa.Table, name: str) -> Numbers:
    import pyarrow as pa

    try:
        values = table.column(name).cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TenureError(f"the column `{name}` does not hold numbers", "Convert it before fitting.") from None
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise TenureError(
            f"the column `{name}` has {bad.size:,} missing or infinite values, the first in row {bad[0] + 1}",
            "Leave those rows out, or fill them.",
        )
    return np.asarray(values, dtype=np.float64)
