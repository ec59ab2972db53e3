"""From a list of orders to one row a customer: how often they came back, how lately, for how long we know them, and
what they spend.

It is what every purchase model is fitted on. Several orders of one customer on one day are one purchase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest
from tenure.frames import arrow, like

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

UNITS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}
_AMOUNTS = ("amount", "revenue", "value", "sales", "spend", "price")  # tried where there is no `total`
_DAY = 86_400_000_000  # microseconds


def summary(
    orders: Any,
    as_of: str | date | datetime | None = None,
    *,
    unit: str | float = "day",
    customer: str = "customer_id",
    at: str = "ordered_at",
    amount: str | None = "total",
    gaps: bool = False,
) -> Any:
    """Customers' purchase histories, ready for a purchase model and for Gamma-Gamma.

    Args:
        orders: any data frame with one row an order.
        as_of: orders at or after this moment do not exist; without it, the day after the last order.
        unit: of recency and T: `day`, `week`, `month` (a twelfth of 365.25 days), or a number of days.
        customer, at, amount: names of the columns. Without a column `ordered_at` the only column of dates is taken;
            without `total` the only column named amount, revenue, value, sales, spend or price; without any of these,
            or with None, there is no `monetary`.
        gaps: add `log_gaps`, by which `CondensedBetaGeo` tells how regularly customers buy.

    Returns:
        The kind of frame that was given, ordered by customer: `customer_id`; `frequency`, days with a purchase after
        the first such day; `recency`, age at the last purchase; `T`, age at the last day before `as_of` (ages are
        counted from the first purchase, in `unit`); `monetary`, mean spend of a day with a repeat purchase, 0 where
        there is none; `log_gaps`, sum of the logarithms of the times between purchases, in `unit`.

    Raises:
        TenureError: there is no order before `as_of`, or a column is missing, ambiguous or has gaps.
    """
    table = arrow(orders)
    if not table.num_rows:
        raise TenureError("there are no orders", "Give at least one row.")
    days_per_unit = _days(unit)
    spent = _amounts(table, amount)
    moments, zone = _moments(table, at)
    end = _end(as_of, zone, moments)
    kept = np.flatnonzero(moments < end)
    if not len(kept):
        raise TenureError(f"all {len(moments):,} orders lie at or after {as_of}", "Give a later `as_of`.")
    ids, who = _customers(table, customer, kept)
    counted = _count(who, moments[kept] // _DAY, len(ids))
    last_day = (end - 1) // _DAY
    import pyarrow as pa

    found = {
        "customer_id": ids, "frequency": pa.array(counted.repeats),
        "recency": pa.array((counted.last - counted.first) / days_per_unit),
        "T": pa.array((last_day - counted.first) / days_per_unit),
    }  # fmt: skip
    if spent is not None:
        found["monetary"] = pa.array(_monetary(spent[kept], who, moments[kept] // _DAY, counted))
    if gaps:
        found["log_gaps"] = pa.array(counted.log_gaps - counted.repeats * np.log(days_per_unit))
    return like(orders, pa.table(found))


@dataclass(frozen=True, slots=True)
class _Counted:
    """Per customer: days with a repeat purchase, first and last day, and the sum of the logarithms of gaps in days."""

    repeats: Whole
    first: Whole
    last: Whole
    log_gaps: Numbers


def _count(who: Whole, day: Whole, customers: int) -> _Counted:
    earliest, span = day.min(), day.max() - day.min() + 1
    visits = np.sort(who * span + (day - earliest))
    visits = visits[np.concatenate(([True], visits[1:] != visits[:-1]))]
    owner, days = np.divmod(visits, span)
    ends = np.cumsum(np.bincount(owner, minlength=customers))
    starts = np.concatenate(([0], ends[:-1]))
    is_repeat = np.ones(len(visits), dtype=np.bool_)
    is_repeat[starts] = False
    passed = np.diff(days, prepend=days[0])[is_repeat]
    log_gaps = np.asarray(np.bincount(owner[is_repeat], np.log(passed), customers), dtype=np.float64)
    return _Counted(ends - starts - 1, days[starts] + earliest, days[ends - 1] + earliest, log_gaps)


def _monetary(spent: Numbers, who: Whole, day: Whole, counted: _Counted) -> Numbers:
    is_later = day > counted.first[who]
    later = np.bincount(who[is_later], spent[is_later], len(counted.first))
    return later / np.maximum(counted.repeats, 1)


def _days(unit: str | float) -> float:
    if isinstance(unit, str):
        if unit not in UNITS:
            raise TenureError(f"`{unit}` is no unit of time", "Give day, week, month, or a number of days.")
        return UNITS[unit]
    if not (np.isfinite(unit) and unit > 0):
        raise TenureError(f"a unit of {unit} days is none", "Give a positive number of days.")
    return float(unit)


def _amounts(table: pa.Table, amount: str | None) -> Numbers | None:
    import pyarrow as pa

    names = table.column_names
    if amount == "total" and amount not in names:
        known = [name for name in names if name.lower() in _AMOUNTS]
        amount = known[0] if len(known) == 1 else None
    if amount is None:
        return None
    if amount not in names:
        raise TenureError(f"the column `{amount}` is missing", nearest(amount, names))
    try:
        spent: Numbers = table.column(amount).cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TenureError(
            f"the column `{amount}` does not hold numbers", "Convert it, or give `amount=None`."
        ) from None
    _refuse_gaps(~np.isfinite(spent), amount)
    return spent


def _moments(table: pa.Table, at: str) -> tuple[Whole, str | None]:
    """Microseconds of each order on the calendar of the column, and the column's time zone."""
    import pyarrow as pa
    from pyarrow import compute

    names = table.column_names
    if at == "ordered_at" and at not in names:
        dated = [field.name for field in table.schema if pa.types.is_temporal(field.type)]
        at = dated[0] if len(dated) == 1 else at
    if at not in names:
        raise TenureError(f"the column `{at}` is missing", f"Name the column of moments: `at=…`. {nearest(at, names)}")
    column = table.column(at)
    zone = getattr(column.type, "tz", None)
    if not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type) or _is_text(column.type)):
        raise TenureError(f"the column `{at}` holds no moments but {column.type}", "Convert it to dates or timestamps.")
    _refuse_gaps(column.is_null().to_numpy(), at)
    try:
        local = compute.local_timestamp(column) if zone else column
        micros = compute.cast(compute.cast(local, pa.timestamp("us"), safe=False), pa.int64())
    except pa.ArrowInvalid:
        raise TenureError(
            f"the column `{at}` holds a text that is no moment", "Write 2011-09-01 or 2011-09-01 12:30:00."
        ) from None
    found: Whole = micros.to_numpy()
    return found, zone


def _customers(table: pa.Table, customer: str, kept: Whole) -> tuple[pa.Array, Whole]:
    """The distinct customers in order, and for each kept row the place of its own."""
    import pyarrow as pa
    from pyarrow import compute

    if customer not in table.column_names:
        raise TenureError(f"the column `{customer}` is missing", nearest(customer, table.column_names))
    column = table.column(customer).combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    _refuse_gaps(column.is_null().to_numpy(zero_copy_only=False), customer)
    encoded = (column if len(kept) == len(column) else column.take(pa.array(kept))).dictionary_encode()
    order = compute.sort_indices(encoded.dictionary).to_numpy()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return encoded.dictionary.take(pa.array(order)), place[encoded.indices.to_numpy()]


def _end(as_of: str | date | datetime | None, zone: str | None, moments: Whole) -> int:
    """The moment before which orders exist, in microseconds on the column's calendar."""
    if as_of is None:
        return (int(moments.max()) // _DAY + 1) * _DAY
    if isinstance(as_of, datetime) and as_of.tzinfo is not None:
        as_of = as_of.astimezone(ZoneInfo(zone) if zone else UTC).replace(tzinfo=None)
    try:
        return int(np.datetime64(as_of, "us").astype(np.int64))
    except (ValueError, TypeError):
        raise TenureError(
            f"`as_of` is {as_of!r}, no moment", "Give a date, a datetime, or a text such as 2011-09-01."
        ) from None


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _refuse_gaps(bad: NDArray[np.bool_], column: str) -> None:
    if bad.any():
        first = int(bad.argmax()) + 1
        raise TenureError(
            f"the column `{column}` has {int(bad.sum()):,} missing or infinite values, the first in row {first}",
            "Leave those rows out, or fill them.",
        )
