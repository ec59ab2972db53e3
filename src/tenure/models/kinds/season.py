"""Seasons: which categories have one, so that silence outside it is not taken for a lapse.

The warehouse reads `clock_table`, and rhythm, overdue and the models that come after count days on it; what is filled
here are dates turned back to the calendar: on which day a customer's clock will show the next order. A category whose
season did not forecast the held-out weeks better than a flat year runs flat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.moments import MICROS_PER_DAY, AsOf, from_micros
from tenure.models.cards import Card, Score
from tenure.models.kinds.contract import Batch, State, Trained, Whole, plain
from tenure.models.season import Numbers, SeasonalClock
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("seasonal_lines",)
FILLS = ("next_order_at", "next_order_low", "next_order_high")
AFTER: tuple[str, ...] = ()
DUE_DAYS = 28

Flags = NDArray[np.bool_]
_YEAR = 371  # days to learn from at least: a year, and a week for where weeks begin
_HELD_OUT = 364, 56  # days to check on: at most a year, at least eight weeks
_FEW = 20  # orders of a category in the held-out weeks below which its verdict is an accident
_EARLIER = 366  # days before the first order seen for which the clock is told, for orders that are imported later


@dataclass(frozen=True, slots=True)
class _Weeks:
    """Purchase days of all customers by category and week of seven days since 1970."""

    category: pa.Array
    week: Whole
    days: Numbers

    def before(self, week: int) -> _Weeks:
        """Those of earlier weeks."""
        return self._of(self.week < week)

    def since(self, week: int) -> _Weeks:
        """Those of that week and later ones."""
        return self._of(self.week >= week)

    def _of(self, rows: np.typing.NDArray[np.bool_]) -> _Weeks:
        import pyarrow as pa

        return _Weeks(self.category.filter(pa.array(rows)), self.week[rows], self.days[rows])


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Learn the seasons as of `past.as_of`, checked on up to a year of later weeks; None with under a year to see."""
    days = past.days()
    if days is None or past.as_of.day - days[0] < _YEAR:
        return None
    table = past.relation("category_weeks", past.as_of)
    weeks = _weeks(table)
    if not weeks.week.size:
        return None
    clock, split = _fitted(weeks, past.as_of), _split(past)
    card = Card(
        "season", from_micros(past.as_of.at).isoformat(), "", len(np.unique(table.column("customer_key"))), 0, ()
    )
    if split is not None:
        trial, later = _fitted(weeks.before(split.day // 7), split), weeks.since(split.day // 7)
        lost = _lost(trial, later)
        clock = clock.without(lost)
        card = replace(card, split=from_micros(split.at).isoformat(), checked=_customers_since(table, split),
                       scores=_scores(trial, later), notes=_notes(trial, clock, lost))  # fmt: skip
    return Trained(clock.to_json(), card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How well a fitted clock forecasts the weeks that `train` would hold out."""
    split = _split(past)
    if split is None:
        return ()
    later = _weeks(past.relation("category_weeks", past.as_of)).since(split.day // 7)
    return _scores(SeasonalClock.from_json(state), later)


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """When the next order is due, by the calendar, for customers who buy what has a season; null for all others.

    The expected gap is the clock's own; the window's ends come from gaps of the calendar and are taken to the clock at
    the pace at which it ran from the customer's first order to the latest.
    """
    clock = SeasonalClock.from_json(state)
    orders = _orders_by_category(clock, batch)
    latest = batch.column("last_order_at")
    days = batch.column("last_day") - batch.column("first_day")
    pace = np.where(days > 0, batch.column("span_milli") / np.maximum(1000 * days, 1), 1.0)
    gaps = {
        "next_order_at": batch.column("gap_expected_days"),
        "next_order_low": pace * (batch.column("next_order_low") - latest) / MICROS_PER_DAY,
        "next_order_high": pace * (batch.column("next_order_high") - latest) / MICROS_PER_DAY,
    }
    bought = sum((orders[name] for name in clock.seasonal_), np.zeros(len(latest)))
    return {name: _moments(clock, orders, latest / MICROS_PER_DAY, gap, bought > 0) for name, gap in gaps.items()}


def _orders_by_category(clock: SeasonalClock, batch: Batch) -> dict[str, Numbers]:
    """For each seasonal category how many lines each customer bought in it, and under no name those in no season."""
    table, place = batch.relations["seasonal_lines"], batch.places("seasonal_lines")
    names = table.column("category").to_numpy()
    lines, whole = plain(table, "seasonal_lines"), plain(table, "all_lines")
    orders = {name: np.zeros(batch.customers.num_rows) for name in (*clock.seasonal_, "")}
    orders[""][place] = whole
    for name in clock.seasonal_:
        mine = names == name
        orders[name][place[mine]] = lines[mine]
        orders[""][place[mine]] -= lines[mine]
    return orders


def _moments(
    clock: SeasonalClock, orders: Mapping[str, Numbers], begin: Numbers, gap: Numbers, is_seasonal: Flags
) -> pa.Array:
    """The moments on which gaps of the clock will have passed since days of the calendar; null without a season."""
    import pyarrow as pa

    rows = np.flatnonzero(is_seasonal & np.isfinite(gap) & np.isfinite(begin))
    due = clock.calendar_day({name: count[rows] for name, count in orders.items()}, begin[rows], gap[rows])
    found = np.zeros(len(gap), np.int64)
    found[rows] = np.round(due * MICROS_PER_DAY)
    missing = np.ones(len(gap), bool)
    missing[rows] = False
    return pa.array(found, pa.timestamp("us"), mask=missing)


def clock_table(state: State, as_of: AsOf) -> pa.Table | None:
    """`category`, `day` and `clock_milli` for every day up to that of a moment; None where nothing is seasonal."""
    clock = SeasonalClock.from_json(state)
    if not clock.seasonal_:
        return None
    return clock.table(clock.first_day_ - _EARLIER, as_of.day).select(["category", "day", "clock_milli"])


def _split(past: Past) -> AsOf | None:
    """The beginning of the held-out weeks; None where a year to learn from leaves too few of them."""
    days = past.days()
    most, least = _HELD_OUT
    spare = 0 if days is None else past.as_of.day - days[0] - _YEAR
    return past.earlier(min(most, spare)) if spare >= least else None


def _weeks(table: pa.Table) -> _Weeks:
    summed = table.group_by(["category", "week_no"]).aggregate([("days", "sum")]).combine_chunks()
    return _Weeks(
        summed.column("category").combine_chunks(), np.asarray(summed.column("week_no"), np.int64),
        np.asarray(summed.column("days_sum"), np.float64),
    )  # fmt: skip


def _fitted(weeks: _Weeks, as_of: AsOf) -> SeasonalClock:
    """The clock of some weeks; each week's orders are counted on its middle day, the last one's before the moment."""
    day = np.minimum(7 * weeks.week + 3, as_of.day - 1)
    return SeasonalClock().fit({"category": weeks.category, "day": day, "orders": weeks.days})


def _losses(clock: SeasonalClock, later: _Weeks) -> dict[str, tuple[float, float, float]]:
    """For each category: its purchase days in the held-out weeks, and the log-losses of clock and flat year in all."""
    first, last = int(later.week.min()), int(later.week.max())
    whole = np.arange(first, last + 1)
    names = np.asarray(later.category.to_numpy(zero_copy_only=False))
    found = {}
    for name in np.unique(names):
        mine = names == name
        seen = np.bincount(later.week[mine] - first, later.days[mine], len(whole))
        pace = clock.elapsed(str(name), 7.0 * whole, 7.0 * whole + 7)
        count = float(seen.sum())
        found[str(name)] = (count, float(-(seen * np.log(pace / pace.sum())).sum()), count * float(np.log(len(whole))))
    return found


def _lost(clock: SeasonalClock, later: _Weeks) -> tuple[str, ...]:
    """Seasonal categories that a flat year would have forecast better, or that hardly sold in the held-out weeks."""
    found = _losses(clock, later) if later.week.size else {}
    return tuple(
        name for name in clock.seasonal_
        if name in found and found[name][0] >= _FEW and found[name][1] >= found[name][2]
    )  # fmt: skip


def _scores(clock: SeasonalClock, later: _Weeks) -> tuple[Score, ...]:
    if not later.week.size:
        return ()
    found = _losses(clock, later)
    seasonal = [found[name] for name in clock.seasonal_ if name in found]
    name, rule = "log-loss of the week in which something is bought", "every week alike"
    scores = (_score(name, list(found.values()), rule),)
    if not seasonal:
        return scores
    return (*scores, replace(_score("the same, seasonal categories only", seasonal, rule), decides=False))


def _score(name: str, losses: list[tuple[float, float, float]], rule: str) -> Score:
    total = sum(loss[0] for loss in losses)
    clock, flat = (sum(loss[side] for loss in losses) / total for side in (1, 2))
    return Score(name, clock, flat, "lower", rule)


def _customers_since(table: pa.Table, split: AsOf) -> int:
    rows = np.asarray(table.column("week_no")) >= split.day // 7
    return len(np.unique(np.asarray(table.column("customer_key"))[rows]))


def _notes(trial: SeasonalClock, clock: SeasonalClock, lost: tuple[str, ...]) -> tuple[str, ...]:
    notes = [f"{len(clock.seasonal_)} of {len(clock.categories_)} categories run on a season of their own"]
    if lost:
        notes.append(f"{len(lost)} of {len(trial.seasonal_)} seasons lost to a flat year and run flat")
    return tuple(notes)
