"""When each customer bought first and when again, on a clock that begins with the first purchase of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest
from tenure.frames import arrow
from tenure.models.summary import UNITS

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Purchases:
    """Moments of purchases, in units of time since the first of all.

    Attributes:
        first: one per customer.
        repeats: all others; several on one day of one customer count as one.
        last: the latest of all.
    """

    first: Numbers
    repeats: Numbers
    last: float


def purchases(orders: Any, unit: str | float, customer: str, at: str) -> Purchases:
    """The purchases in a frame with one row an order.

    Raises:
        TenureError: a column is missing or has gaps, holds no dates, or the unit is none.
    """
    import pyarrow as pa
    from pyarrow import compute

    table = arrow(orders)
    for name in (customer, at):
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
        if table.column(name).null_count or not table.num_rows:
            raise TenureError(f"the column `{name}` has missing values", "Leave those rows out, or fill them.")
    days = UNITS.get(unit) if isinstance(unit, str) else unit
    if days is None or not days > 0:
        raise TenureError(f"`{unit}` is no unit of time", "Give day, week, month, or a number of days.")
    try:
        stamps = compute.cast(table.column(at), pa.timestamp("us"), safe=False)
        day = compute.cast(compute.cast(stamps, pa.date32(), safe=False), pa.int32()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TenureError(f"the column `{at}` holds no dates", "Convert it to dates or timestamps.") from None
    who = compute.dictionary_encode(table.column(customer).combine_chunks()).indices.to_numpy()
    pairs = np.unique(np.stack([who, day], axis=1), axis=0)
    is_first = np.concatenate([[True], pairs[1:, 0] != pairs[:-1, 0]])
    moments = (pairs[:, 1] - pairs[:, 1].min()) / days
    return Purchases(moments[is_first], moments[~is_first], float(moments.max()))
