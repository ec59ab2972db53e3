"""Who buys what, and how often: purchase days turned into one row per customer and product as of a day.

Comes in: rows of customer, product and day. Goes out: for every pair the days between its purchases as sums of logs,
and for every customer the days on which anything was bought. Two purchases of a product on one day are one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest
from tenure.frames import arrow

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Day = int | float | date  # days since 1970, or a date

_EPOCH = date(1970, 1, 1)

MONTH, QUARTER = 28, 84  # days over which recent purchases are counted, whole weeks so that no weekday counts twice

_OF_PAIRS = ("customer", "product", "first", "last", "gaps", "sum_log", "sum_square", "month", "quarter", "log_elapsed")


@dataclass(frozen=True, slots=True)
class PurchaseLog:
    """Purchase days in the order of pair and day, with customers and products as numbers.

    Attributes:
        customers, products, groups: the names behind the numbers (Arrow arrays).
        customer, product, day: one per purchase day; days may be fractions when they are read off a seasonal clock.
        group: the group of each product; 0 for all where the frame has no `product_group`.
        lifetime: days that each product is said to last; NaN where nothing is said.
        is_dated: whether days came as dates and should go out as such.
    """

    customers: pa.Array
    products: pa.Array
    groups: pa.Array
    customer: Whole
    product: Whole
    day: Numbers
    group: Whole
    lifetime: Numbers
    is_dated: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row per customer and product bought before a day.

    Attributes:
        before: the day as of which this is known; purchases on or after it do not exist.
        log_elapsed: log of the days since the latest purchase, which are at least half a day.
        gaps: purchase days after the first; `sum_log` and `sum_square` are over the logs of the days between them.
        month, quarter: purchase days in the last 28 and 84 days.
        visit_last, visit_first, visits, visits_month, bought_month: per customer number: days with any purchase, and
            purchases in the last 28 days.
    """

    before: float
    customer: Whole
    product: Whole
    first: Numbers
    last: Numbers
    gaps: Numbers
    sum_log: Numbers
    sum_square: Numbers
    month: Numbers
    quarter: Numbers
    log_elapsed: Numbers
    visit_last: Numbers
    visit_first: Numbers
    visits: Numbers
    visits_month: Numbers
    bought_month: Numbers

    @property
    def elapsed(self) -> Numbers:
        """Days since the latest purchase of each pair, at least half a day."""
        return np.exp(self.log_elapsed)


def read(purchases: Any) -> PurchaseLog:
    """The purchase days of a frame.

    Args:
        purchases: columns `customer_id`, `product`, `day` (a date, or days since 1970), and, where known,
            `product_group` and `lifetime_days`; a log that was read before is given back as it is.

    Raises:
        TenureError: a column is missing, empty somewhere, or `day` holds no days.
    """
    import pyarrow as pa

    if isinstance(purchases, PurchaseLog):
        return purchases
    table = arrow(purchases)
    for name in ("customer_id", "product", "day"):
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    day, is_dated = days_of(table, "day")
    customers, customer = _coded(table, "customer_id")
    products, product = _coded(table, "product")
    groups, group = pa.array(["all"]), np.zeros(len(products), dtype=np.int64)
    if "product_group" in table.column_names:
        groups, of_row = _coded(table, "product_group", "none")
        group[product] = of_row
    lifetime = np.full(len(products), np.nan)
    if "lifetime_days" in table.column_names:
        lifetime[product] = table.column("lifetime_days").cast(pa.float64()).fill_null(np.nan).to_numpy()
        lifetime[~(lifetime > 0)] = np.nan
    kept = _in_order(customer * max(len(products), 1) + product, day)
    return PurchaseLog(
        customers, products, groups, customer[kept], product[kept], day[kept], group, lifetime, is_dated
    )  # fmt: skip


def pairs(log: PurchaseLog, before: float) -> Pairs:
    """What is known of every pair before a day."""
    seen = log.day < before
    customer, product, day = log.customer[seen], log.product[seen], log.day[seen]
    key = customer * max(len(log.products), 1) + product
    starts = np.r_[True, key[1:] != key[:-1]] if key.size else np.zeros(0, dtype=bool)
    low = np.flatnonzero(starts)
    high = np.r_[low[1:], key.size] - 1 if key.size else low
    row = np.cumsum(starts) - 1
    logs = np.where(starts, 0.0, np.log(np.maximum(np.diff(day, prepend=day[:1]), 0.5)))
    count = len(low)
    return Pairs(
        before, customer[low], product[low], day[low], day[high], (high - low).astype(np.float64),
        _sums(row, logs, count), _sums(row, logs * logs, count),
        _sums(row, day >= before - MONTH, count), _sums(row, day >= before - QUARTER, count),
        np.log(np.maximum(before - day[high], 0.5)), *_visits(customer, day, before, len(log.customers)),
    )  # fmt: skip


def repeats(log: PurchaseLog) -> int:
    """Purchase days that followed another of the same customer and product."""
    return int(((np.diff(log.customer) == 0) & (np.diff(log.product) == 0)).sum())


def repeated_before(log: PurchaseLog, day: float) -> PurchaseLog:
    """The log as it was: earlier days, of pairs that had come back by then or whose product has a lifetime."""
    seen = log.day < day
    starts = np.r_[True, (np.diff(log.customer) != 0) | (np.diff(log.product) != 0)] if seen.size else seen
    count = np.bincount(np.cumsum(starts) - 1, seen)
    again = np.repeat(count >= 2, np.diff(np.r_[np.flatnonzero(starts), seen.size]))
    rows = seen & (again | ~np.isnan(log.lifetime[log.product]))
    return replace(log, customer=log.customer[rows], product=log.product[rows], day=log.day[rows])


def chosen(known: Pairs, rows: NDArray[np.bool_]) -> Pairs:
    """Some of the pairs; what is known of customers stays."""
    return replace(known, **{name: getattr(known, name)[rows] for name in _OF_PAIRS})


def next_days(log: PurchaseLog, known: Pairs) -> Numbers:
    """The day of each pair's first purchase on or after `known.before`; NaN where none is in the log."""
    width = max(len(log.products), 1)
    later = log.day >= known.before
    keys, first = np.unique(log.customer[later] * width + log.product[later], return_index=True)
    wanted = known.customer * width + known.product
    if not keys.size:
        return np.full(len(wanted), np.nan)
    place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[place] == wanted, log.day[later][first][place], np.nan)


def median_gaps(log: PurchaseLog, known: Pairs) -> Numbers:
    """The middle of each pair's gaps, the lower one of two, as the rule in SQL takes it; NaN where there is no gap."""
    width = max(len(log.products), 1)
    seen = log.day < known.before
    key = (log.customer * width + log.product)[seen]
    follows = np.flatnonzero(np.r_[False, key[1:] == key[:-1]]) if key.size else np.zeros(0, dtype=np.int64)
    gap, of = np.diff(log.day[seen], prepend=0.0)[follows], key[follows]
    order = np.lexsort((gap, of))
    starts = np.searchsorted(of[order], known.customer * width + known.product)
    middle = starts + np.maximum(np.ceil(known.gaps / 2).astype(np.int64) - 1, 0)
    has = known.gaps > 0
    return np.where(has, gap[order][np.where(has, middle, 0)] if gap.size else np.nan, np.nan)


def _visits(customer: Whole, day: Numbers, before: float, customers: int) -> tuple[Numbers, ...]:
    """Per customer: the last and first day with any purchase, the number of such days, and two recent counts."""
    last, first = np.full(customers, -np.inf), np.full(customers, np.inf)
    np.maximum.at(last, customer, day)
    np.minimum.at(first, customer, day)
    whole = np.floor(day).astype(np.int64)
    origin = int(whole.min()) if whole.size else 0
    span = int(whole.max()) - origin + 1 if whole.size else 1
    visited = np.sort(customer * span + (whole - origin))  # four times as fast as numpy's own search for distinct ones
    visited = visited[np.r_[True, visited[1:] != visited[:-1]]] if visited.size else visited
    who, when = visited // span, visited % span + origin
    recent = when >= before - MONTH
    return (
        last, first, _sums(who, np.ones(len(who)), customers), _sums(who, recent, customers),
        _sums(customer, day >= before - MONTH, customers),
    )  # fmt: skip


def _sums(row: Whole, values: NDArray[Any], rows: int) -> Numbers:
    return np.asarray(np.bincount(row, values, rows), dtype=np.float64)


def day_number(day: Day) -> float:
    """Days since 1970; a moment counts as its date."""
    if isinstance(day, datetime):
        day = day.date()
    return float((day - _EPOCH).days) if isinstance(day, date) else float(day)


def days_of(table: pa.Table, name: str) -> tuple[Numbers, bool]:
    """A column of dates, or of days since 1970, as days since 1970; and whether it held dates.

    Raises:
        TenureError: a value is missing, or the column holds no days.
    """
    import pyarrow as pa

    column = table.column(name)
    if column.null_count:
        raise TenureError(f"the column `{name}` has {column.null_count:,} missing values", "Leave those rows out.")
    is_dated = bool(pa.types.is_temporal(column.type))
    try:
        whole = column.cast(pa.date32()).cast(pa.int32()) if is_dated else column
        day = whole.cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TenureError(f"the column `{name}` holds no days", "Give dates, or days since 1970 as numbers.") from None
    if not np.isfinite(day).all():
        raise TenureError(f"the column `{name}` has missing or infinite values", "Leave those rows out.")
    return np.asarray(day, dtype=np.float64), is_dated


def _coded(table: pa.Table, name: str, missing: str | None = None) -> tuple[pa.Array, Whole]:
    """The distinct values of a column, and the number of each row's among them."""
    import pyarrow as pa
    from pyarrow import compute

    column = table.column(name)
    if pa.types.is_floating(column.type):
        column = column.cast(pa.int64())
    if missing is not None and column.null_count:
        column = compute.fill_null(column.cast(pa.string()), missing)
    if column.null_count:
        raise TenureError(f"the column `{name}` has {column.null_count:,} missing values", "Leave those rows out.")
    coded = compute.dictionary_encode(column).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = pa.concat_arrays(coded.chunks) if coded.num_chunks else pa.array([], coded.type)
    return coded.dictionary, coded.indices.to_numpy().astype(np.int64)


def _in_order(pair: Whole, day: Numbers) -> Whole:
    """Rows by pair and day, one per day.

    Days are compared as they are, not rounded: on a slow seasonal clock two days of the calendar may share a whole one.
    """
    is_sorted = bool(np.all((pair[1:] > pair[:-1]) | ((pair[1:] == pair[:-1]) & (day[1:] >= day[:-1]))))
    order = np.arange(len(pair)) if is_sorted else _order(pair, day)
    pair, day = pair[order], day[order]
    first = np.r_[True, (pair[1:] != pair[:-1]) | (day[1:] != day[:-1])] if pair.size else np.zeros(0, dtype=bool)
    return order[first]


def _order(pair: Whole, day: Numbers) -> Whole:
    """By pair and day; whole days beside their pair in one number sort in a quarter of the time."""
    whole = day.astype(np.int64)
    span = int(whole.max()) - int(whole.min()) + 1
    if (whole == day).all() and (int(pair.max()) + 1) * span < 2**62:
        return np.argsort(pair * span + (whole - int(whole.min())))
    return np.lexsort((day, pair))
