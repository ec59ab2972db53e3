"""Customers' order days, one after the other: what a model of first, second and fifth orders reads.

In: orders in any order, as any data frame. Out: one row per customer and day with an order (two orders of one day are
one purchase in two parcels, not a return), by customer and then by day, each with its place in the customer's life.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import arrow

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_SUMS = ("total", "discount", "items")  # of the orders of one day
_MOST = ("coupon", "on_sale", "products", "categories")
MEASURES = (*_SUMS, *_MOST, "minute")
_MICROS_PER_DAY = 86_400_000_000
Moment = datetime | date | float | str


@dataclass(frozen=True, slots=True)
class OrderDays:
    """Order days by customer and day.

    Attributes:
        customers: one id per customer, sorted; `begins`: the row of each one's first order; `counts`: their order days.
        owner: for each row, the place of its customer in `customers`; `place`: 1 for the first order, 2 for the second.
        day: whole days; since 1970 where the orders bear dates.
        measures: columns of the rows by name, among `MEASURES`; NaN where it is not known of an order.
    """

    customers: NDArray[Any]
    begins: Whole
    counts: Whole
    owner: Whole
    place: Whole
    day: Whole
    measures: Mapping[str, Numbers]

    def __len__(self) -> int:
        return len(self.day)

    @property
    def next_day(self) -> Numbers:
        """The day of each row's next order of the same customer, infinite where there is none."""
        following = np.append(self.day[1:].astype(np.float64), np.inf)
        return np.where(self.place == self.counts[self.owner], np.inf, following)

    def latest(self) -> Whole:
        """The row of each customer's latest order."""
        return self.begins + self.counts - 1

    def within(self, rows: Whole, days: int) -> Whole:
        """The first row after the last that belongs to the same customer and lies at most `days` after each row."""
        # Customers are laid end to end on one line, further apart than any two of their orders.
        width = int(self.day.max() - self.day.min()) + days + 2 if len(self) else 1
        line = self.owner * width + (self.day - (self.day.min() if len(self) else 0))
        return np.asarray(np.searchsorted(line, line[rows] + days, side="right"))

    def of(self, keep: NDArray[np.bool_]) -> OrderDays:
        """The order days of some customers, given as one flag per customer."""
        rows = keep[self.owner]
        return arranged(self.customers[keep], (np.cumsum(keep) - 1)[self.owner[rows]], self.day[rows],
                        {name: values[rows] for name, values in self.measures.items()})  # fmt: skip

    def before(self, day: float) -> OrderDays:
        """The order days before a day; customers who had none yet are left out."""
        rows = self.day < day
        kept, owner = np.unique(self.owner[rows], return_inverse=True)
        return arranged(self.customers[kept], owner, self.day[rows],
                        {name: values[rows] for name, values in self.measures.items()})  # fmt: skip


def arranged(customers: NDArray[Any], owner: Whole, day: Whole, measures: Mapping[str, Numbers]) -> OrderDays:
    """Order days whose rows are already one per customer and day, in order."""
    counts = np.bincount(owner, minlength=len(customers)).astype(np.int64)
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64) if len(customers) else counts
    place = np.arange(len(day)) - begins[owner] + 1
    return OrderDays(customers, begins, counts, owner.astype(np.int64), place, day, measures)


def order_days(orders: Any) -> OrderDays:
    """Read orders from a frame.

    Args:
        orders: a frame with `customer_id`, `ordered_at` (dates or moments) or `day` (numbers), and as much as is known
            of `total` (paid), `discount` (given), `coupon` (a code, or yes and no), `on_sale`, `items` (pieces),
            `products` (how many different ones), `categories` (of how many kinds) and `minute` (of the day, read from
            `ordered_at` where it has one).

    Raises:
        TenureError: the customer or the time is missing, or a column cannot be read.
    """
    table = arrow(orders)
    ids = _ids(table)
    customers, owner = np.unique(ids, return_inverse=True)
    day, minute = _times(table)
    measures = {name: values for name in MEASURES if (values := _measure(table, name)) is not None}
    if minute is not None:
        measures.setdefault("minute", minute)
    return _merged(customers, owner, day, measures)


def day_of(moment: Moment) -> float:
    """The day of a moment as days since 1970; a number is a day already.

    Raises:
        TenureError: it is no moment.
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise TenureError(f"{moment!r} is no date", "Write it as 2011-09-01.") from None
    if isinstance(moment, datetime):
        moment = moment.date()
    return float(moment.toordinal() - 719_163) if isinstance(moment, date) else float(moment)


def _ids(table: pa.Table) -> NDArray[Any]:
    if "customer_id" not in table.column_names:
        raise TenureError("the column `customer_id` is missing", "Say whose order each row is.")
    column = table.column("customer_id")
    if column.null_count:
        raise TenureError(f"{column.null_count:,} orders have no customer", "Leave those rows out.")
    return np.asarray(column.to_numpy())


def _times(table: pa.Table) -> tuple[Whole, Numbers | None]:
    """Day and, where orders bear more than a date, minute of the day."""
    import pyarrow as pa
    from pyarrow import compute

    name = next((each for each in ("ordered_at", "day") if each in table.column_names), None)
    if name is None:
        raise TenureError("the column `ordered_at` is missing", "Give `ordered_at`, or `day` as a number.")
    column = table.column(name)
    if column.null_count:
        raise TenureError(f"{column.null_count:,} orders have no `{name}`", "Leave those rows out.")
    if name == "day":
        return np.floor(_doubles(table, name)).astype(np.int64), None
    try:
        micros = compute.cast(compute.cast(column, pa.timestamp("us"), safe=False), pa.int64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TenureError("the column `ordered_at` does not hold dates", "Convert it, or give `day`.") from None
    day, rest = np.divmod(micros, _MICROS_PER_DAY)
    return day, (rest // 60_000_000).astype(np.float64) if rest.any() else None


def _measure(table: pa.Table, name: str) -> Numbers | None:
    """A measure of every order; None where the frame does not have it or it is never known."""
    import pyarrow as pa
    from pyarrow import compute

    if name not in table.column_names:
        return None
    column = table.column(name)
    if name == "coupon" and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.asarray(compute.fill_null(compute.not_equal(column, ""), False).to_numpy().astype(np.float64))
    values = _doubles(table, name)
    if name in (*_SUMS, "products", "categories") and (values < 0).any():
        raise TenureError(f"the column `{name}` has negative values", "Leave returns out; they are no orders.")
    return None if np.isnan(values).all() else values


def _doubles(table: pa.Table, name: str) -> Numbers:
    import pyarrow as pa
    from pyarrow import compute

    try:
        return np.asarray(compute.cast(table.column(name), pa.float64()).to_numpy())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TenureError(f"the column `{name}` does not hold numbers", "Convert it before fitting.") from None


def _merged(customers: NDArray[Any], owner: Whole, day: Whole, measures: Mapping[str, Numbers]) -> OrderDays:
    """One row per customer and day; what is not known of one order is taken from the others of its day."""
    order = np.lexsort((measures.get("minute", np.zeros(len(day))), day, owner))
    owner, day = owner[order], day[order]
    is_first = np.ones(len(day), dtype=bool)
    is_first[1:] = (owner[1:] != owner[:-1]) | (day[1:] != day[:-1])
    starts = np.flatnonzero(is_first)
    merged = {name: _of_days(name, values[order], starts) for name, values in measures.items()}
    return arranged(customers, owner[starts], day[starts], merged)


def _of_days(name: str, values: Numbers, starts: Whole) -> Numbers:
    if not len(starts) or len(starts) == len(values):
        return values
    if name == "minute":
        return values[starts]
    if name in _SUMS:
        known = np.add.reduceat(np.isfinite(values).astype(np.int64), starts)
        return np.where(known > 0, np.add.reduceat(np.nan_to_num(values), starts), np.nan)
    return np.fmax.reduceat(values, starts)
