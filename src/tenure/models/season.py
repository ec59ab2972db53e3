"""A clock that runs fast in a category's season and slow outside it, so that boots not bought in July are no lapse.

For category c, s_c(week) is the share of a year's orders that fall into the week ÷ (1/52), smoothed around the circle
of the year and drawn to 1 by how few orders and years were seen. A customer's clock is the mean of their categories'
clocks, weighted by their orders; the time that has passed on it is the integral of s. A year of it is a year of the
calendar, whatever the season.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError, nearest
from tenure.frames import arrow
from tenure.models.base import Estimator, Table
from tenure.models.calendar import day_place, year_starts
from tenure.models.pairs import days_of
from tenure.models.week_curves import WEEKS, Weeks, curves

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_LONGEST = 366.0
# Of a season seen in one year a quarter is taken for that year's own. Measured on Online Retail II (one year to learn,
# the next to check): from 1/4 to 1/2 the forecast is best and about the same. It also keeps every clock running.
_DOUBT = 1 / 3
_A_YEAR = 51.5  # weeks; anything less has weeks that were never seen
_HALVINGS = 36


class SeasonalClock(Estimator):
    """The seasons of a shop's categories, as clocks.

    Args:
        odds: how much likelier a season must be than a flat year before a category gets one.
    """

    def __init__(self, odds: float = 20.0) -> None:
        self.odds = odds

    def fit(self, frame: Any) -> Self:
        """Learn which categories have a season, and which.

        Args:
            frame: `category`, `orders`, and either `day` (a date, or days since 1970) or `year` and `week` (1 to 53).
                Rows of one category and day are added up; days without a row have no orders. What is seen of a category
                begins with its first order, and of the shop ends with its last.

        Raises:
            TenureError: a column is missing, or there are no orders.
        """
        category, day, orders = _orders(frame)
        if not len(day):
            raise TenureError("there are no orders to learn a season from", "Give rows of category, day and orders.")
        names, place = np.unique(category, return_inverse=True)
        weeks = _weeks(place, day, orders, len(names))
        years = weeks.seen.sum(axis=1) / WEEKS
        self.categories_ = [str(name) for name in names]
        self.first_day_, self.last_day_ = int(day.min()), int(day.max())
        self.weights_: dict[str, Numbers] = {}
        whole = np.flatnonzero(weeks.seen.sum(axis=1) >= _A_YEAR)
        if whole.size:
            found = curves(Weeks(weeks.orders[whole], weeks.seen[whole], weeks.week, weeks.year))
            for row, which in enumerate(whole):
                if found.odds[row] >= np.log(self.odds):
                    self.weights_[self.categories_[which]] = _weights(found.logs[row], float(years[which]))
        self.years_ = {name: float(years[i]) for i, name in enumerate(self.categories_) if name in self.weights_}
        return self

    def without(self, categories: Sequence[str]) -> Self:
        """The same clock with some categories made flat."""
        self._check_fitted()
        other = type(self).from_json(self.to_json())
        for name in categories:
            other.weights_.pop(name, None)
            other.years_.pop(name, None)
        return other

    @property
    def seasonal_(self) -> tuple[str, ...]:
        """The categories with a season, in the order of their numbers (1, 2, …); all others share the flat season 0."""
        return tuple(self.weights_)

    def speed(self, category: str, day: ArrayLike) -> Numbers:
        """How fast a category's clock runs on days since 1970: 1 in an average week, 2 where twice as much sells."""
        self._check_fitted()
        weights = self.weights_.get(category)
        where = _finite(day)
        if weights is None:
            return np.ones(where.shape)
        _, place, _ = day_place(where)
        return weights[np.minimum((place * WEEKS).astype(np.int64), WEEKS - 1)]

    def elapsed(
        self, category_weights: Mapping[str, ArrayLike] | str, from_day: ArrayLike, to_day: ArrayLike
    ) -> Numbers:
        """Days that passed on customers' clocks between two days of the calendar.

        Args:
            category_weights: one category, or for each category how many orders each customer placed in it (a number,
                or one per customer); a customer without any has the calendar's clock.
            from_day, to_day: days since 1970, numbers or one per customer.
        """
        self._check_fitted()
        begin, end = np.broadcast_arrays(_finite(from_day), _finite(to_day))
        passed = end - begin
        for weights, share in self._shares(category_weights):
            passed = passed + share * (_clock(weights, end) - _clock(weights, begin) - (end - begin))
        return np.asarray(passed)

    def calendar_day(
        self, category_weights: Mapping[str, ArrayLike] | str, from_day: ArrayLike, elapsed: ArrayLike
    ) -> Numbers:
        """The day of the calendar on which so many days will have passed on customers' clocks, `elapsed` turned back.

        The result may be a fraction of a day; its clock shows what was asked to within a thousandth of a second.
        """
        self._check_fitted()
        begin, wanted = np.broadcast_arrays(_finite(from_day), _finite(elapsed))
        shares = self._shares(category_weights)
        if not shares:
            return np.asarray(begin + wanted)
        shape = np.broadcast_shapes(begin.shape, *(np.shape(share) for _, share in shares))
        begin, wanted = np.broadcast_to(begin, shape), np.broadcast_to(wanted, shape)
        # Whole years run alike on every clock, so the day sought is less than a year from where the calendar has it.
        low, high = begin + wanted - _LONGEST, begin + wanted + _LONGEST
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            passed = middle - begin
            for weights, share in shares:
                passed = passed + share * (_clock(weights, middle) - _clock(weights, begin) - (middle - begin))
            low, high = np.where(passed < wanted, middle, low), np.where(passed < wanted, high, middle)
        return np.asarray((low + high) / 2)

    def table(self, first_day: int, last_day: int) -> pa.Table:
        """What the clock of every seasonal category shows on each day, as SQL reads it.

        Returns:
            Arrow columns `season_no`, `category`, `day` and `clock_milli` (thousandths of a day; only differences
            between two days of a category mean anything), ordered by the first three; no rows without a season.
        """
        import pyarrow as pa

        self._check_fitted()
        days = np.arange(first_day, last_day + 1)
        count = len(self.weights_)
        clocks = [np.rint(1000 * _clock(weights, days)).astype(np.int64) for weights in self.weights_.values()]
        return pa.table({
            "season_no": pa.array(np.repeat(np.arange(1, count + 1), len(days)), pa.int64()),
            "category": pa.array(np.repeat(np.array(list(self.weights_), dtype=object), len(days)), pa.string()),
            "day": pa.array(np.tile(days, count), pa.int64()),
            "clock_milli": pa.array(np.concatenate(clocks) if clocks else np.zeros(0, np.int64), pa.int64()),
        })  # fmt: skip

    def summary(self) -> Table:
        """The seasonal categories: years seen, and their fastest and slowest week with its speed."""
        self._check_fitted()
        rows = [
            (
                name,
                round(self.years_[name], 2),
                int(w.argmax()) + 1,
                float(w.max()),
                int(w.argmin()) + 1,
                float(w.min()),
            )
            for name, w in sorted(self.weights_.items(), key=lambda pair: -pair[1].max())
        ]
        names = ("category", "years", "best week", "its speed", "slowest week", "its speed then")
        return Table(names, rows, f"{len(rows)} of {len(self.categories_)} categories are seasonal")

    def _shares(self, category_weights: Mapping[str, ArrayLike] | str) -> list[tuple[Numbers, Numbers]]:
        """For each seasonal category that counts: its weights by week, and each customer's share of orders in it."""
        if isinstance(category_weights, str):
            category_weights = {category_weights: 1.0}
        orders = {name: np.asarray(count, dtype=np.float64) for name, count in category_weights.items()}
        total = np.asarray(sum(orders.values(), np.zeros(())))
        return [
            (
                self.weights_[name],
                np.divide(count, total, out=np.zeros(np.broadcast(count, total).shape), where=total > 0),
            )
            for name, count in orders.items()
            if name in self.weights_
        ]

    def _learned(self) -> dict[str, Any]:
        return {
            "categories": self.categories_, "years": self.years_, "first_day": self.first_day_,
            "last_day": self.last_day_,
            "weights": {name: weights.tolist() for name, weights in self.weights_.items()},
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.categories_, self.years_ = list(learned["categories"]), dict(learned["years"])
        self.first_day_, self.last_day_ = int(learned["first_day"]), int(learned["last_day"])
        self.weights_ = {name: np.asarray(weights, np.float64) for name, weights in learned["weights"].items()}


def _finite(day: ArrayLike) -> Numbers:
    days = np.asarray(day, dtype=np.float64)
    if not np.isfinite(days).all():
        raise TenureError("a day is missing or infinite", "A clock is asked about days since 1970; leave others out.")
    return days


def _weights(logs: Numbers, years: float) -> Numbers:
    """Speeds by week with mean 1, drawn to 1 by the years seen: what one year shows may have been that year's own."""
    found = np.exp(logs)
    return np.asarray(1 + (found / found.mean() - 1) * years / (years + _DOUBT))


def _clock(weights: Numbers, day: ArrayLike) -> Numbers:
    """What a clock shows: at the beginning of every year what the calendar shows, in between by the weeks' speeds."""
    start, place, length = day_place(np.asarray(day, dtype=np.float64))
    knots = np.r_[0.0, np.cumsum(weights)] / WEEKS
    at = place * WEEKS
    week = np.minimum(at.astype(np.int64), WEEKS - 1)
    return np.asarray(start + length * (knots[week] + (at - week) * weights[week] / WEEKS))


def _orders(frame: Any) -> tuple[NDArray[Any], Numbers, Numbers]:
    """Category, day and orders of every row."""
    import pyarrow as pa

    table = arrow(frame)
    found = table.column_names
    wanted: Sequence[str] = ("category", "orders", *(("day",) if "day" in found else ("year", "week")))
    for name in wanted:
        if name not in found:
            raise TenureError(f"the column `{name}` is missing", nearest(name, found))
        if table.column(name).null_count:
            raise TenureError(f"the column `{name}` has missing values", "Leave those rows out.")
    orders = table.column("orders").cast(pa.float64()).to_numpy()
    if (orders < 0).any() or not np.isfinite(orders).all():
        raise TenureError("the column `orders` has values below 0 or without end", "Count orders, leave returns out.")
    category = table.column("category").cast(pa.string()).to_numpy(zero_copy_only=False)
    if "day" not in found:
        year, week = (table.column(name).cast(pa.float64()).to_numpy() for name in ("year", "week"))
        return category, year_starts(year.astype(np.int64)) + 7 * (week - 1) + 3, orders
    return category, days_of(table, "day")[0], orders


def _weeks(place: Whole, day: Numbers, orders: Numbers, categories: int) -> Weeks:
    """Orders by category and week of the year, with the share of each week in which a category could be seen."""
    start, where, _ = day_place(day)
    year = np.rint((start + 10) / 365.2425).astype(np.int64)  # years since 1970
    column = year * WEEKS + np.minimum((where * WEEKS).astype(np.int64), WEEKS - 1)
    first, count = int(column.min()), int(column.max() - column.min()) + 1
    table = np.bincount(place * count + column - first, orders, categories * count).reshape(categories, count)
    columns = np.arange(first, first + count)
    opens = year_starts(1970 + columns // WEEKS)
    width = (year_starts(1971 + columns // WEEKS) - opens) / WEEKS
    begins = opens + (columns % WEEKS) * width
    since = np.full(categories, np.inf)
    np.minimum.at(since, place[orders > 0], day[orders > 0])
    until = np.minimum(begins + width, day.max() + 1)
    seen = np.clip((until - np.maximum(begins, since[:, None])) / width, 0.0, 1.0)
    # A sliver of a week is seen by few days, whose orders would count as a week's many times over.
    seen = np.where(seen < 0.25, 0.0, seen)
    return Weeks(np.where(seen > 0, table, 0.0), seen, columns % WEEKS, (columns - first) / WEEKS)
