"""What was known of each customer on a day, as numbers that tell who will stay and who will go.

A snapshot is made of the profile as of that day and of the days between orders before it; the same lines of code make
it for training, on days long past, and for scoring today. Columns are shares, ratios and counts in fixed windows rather
than lifetime totals, so that a snapshot taken early in a business's life is like one taken late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.moments import MICROS_PER_DAY, AsOf

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

LATE = 3  # the last so many gaps are what a customer's gaps have become, the others what they were

AS_THEY_ARE = (
    "recency_days", "overdue", "frequency", "tenure_days", "gap_median_days", "gap_expected_days", "average_order",
    "value_rank", "discount_share", "sale_share", "events_30d", "events_90d", "engagement_trend", "tickets_open",
    "csat_last", "nps_last", "contacts_30d", "days_to_end", "auto_renew",
)  # fmt: skip
AGES = {"last_event_at": "event_age_days", "last_complaint_at": "complaint_age_days", "last_used_at": "unused_days"}


@dataclass(frozen=True, slots=True)
class Gaps:
    """The days between order days, as the feature relation `gaps` has them.

    Attributes:
        place: row of the customer among those of the profile.
        day: the order day that ended the gap, in days since 1970.
        gap: its length in days.
    """

    place: Whole
    day: Whole
    gap: Numbers

    def before(self, day: int) -> Gaps:
        """Those that had ended before a day, each customer's in order of time."""
        known = self.day < day
        place, ended, gap = self.place[known], self.day[known], self.gap[known]
        order = np.lexsort((ended, place))
        return Gaps(place[order], ended[order], gap[order])


def gaps_of(relation: pa.Table, keys: Whole) -> Gaps:
    """The relation `gaps` for the customers with these keys, which must be in order; gaps of others are left out."""
    owners = relation.column("customer_key").to_numpy()
    place = np.searchsorted(keys, owners)
    mine = place < len(keys)
    mine[mine] = keys[place[mine]] == owners[mine]
    return Gaps(
        place[mine], relation.column("day").to_numpy()[mine], relation.column("gap").to_numpy()[mine].astype(np.float64)
    )


def ordered_within(gaps: Gaps, customers: int, first: int, days: int) -> NDArray[np.bool_]:
    """Which customers, having ordered before the day `first`, ordered in the `days` days from it on."""
    found = np.zeros(customers, dtype=bool)
    found[gaps.place[(gaps.day >= first) & (gaps.day < first + days)]] = True
    return found


def features(profile: pa.Table, gaps: Gaps, as_of: AsOf) -> dict[str, Numbers]:
    """The columns of a snapshot, NaN where a customer has no such value.

    Args:
        profile: published form with `first_day` and `last_day`, one row per customer.
        gaps: of the same rows; those that ended on or after the day of `as_of` are not looked at.
    """
    found = {name: _plain(profile, name) for name in AS_THEY_ARE}
    for moment, age in AGES.items():
        found[age] = (as_of.at - _plain(profile, moment)) / MICROS_PER_DAY
    known = gaps.before(as_of.day)
    found |= _gap_columns(known, profile.num_rows)
    found |= _window_columns(known, _plain(profile, "first_day"), as_of.day)
    with np.errstate(divide="ignore", invalid="ignore"):
        found["silence_ratio"] = found["recency_days"] / found["longest_gap"]
        found["order_rate"] = (found["frequency"] + 1) / (found["tenure_days"] + found["gap_expected_days"])
    return found


def _plain(table: pa.Table, name: str) -> Numbers:
    """A column as doubles: flags as 0 or 1, moments as microseconds, NaN where null."""
    import pyarrow as pa
    from pyarrow import compute

    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = compute.cast(column, pa.int64())
    return np.asarray(compute.cast(column, pa.float64()).to_numpy(), dtype=np.float64)


def _gap_columns(gaps: Gaps, customers: int) -> dict[str, Numbers]:
    """From the gaps themselves, on a logarithmic scale: twice as long means the same for a daily and a yearly buyer."""
    count = np.bincount(gaps.place, minlength=customers)
    ends = np.cumsum(count)
    age = ends[gaps.place] - 1 - np.arange(len(gaps.place))  # 0 for a customer's latest gap
    is_late, logs = age < LATE, np.log(gaps.gap)
    early, earlier = _means(gaps.place[~is_late], logs[~is_late], customers)
    late, _ = _means(gaps.place[is_late], logs[is_late], customers)
    mean, _ = _means(gaps.place, logs, customers)
    square, _ = _means(gaps.place, logs**2, customers)
    longest = np.full(customers, np.nan)
    np.fmax.at(longest, gaps.place, gaps.gap)
    last = np.full(customers, np.nan)
    last[gaps.place[age == 0]] = gaps.gap[age == 0]
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    return {
        "slowing": np.where(earlier >= 2, late - early, np.nan),
        "gap_spread": np.where(count >= 3, spread, np.nan),
        "last_gap": last,
        "longest_gap": longest,
    }


def _window_columns(gaps: Gaps, first_day: Numbers, today: int) -> dict[str, Numbers]:
    """Days with an order in the last 30, 90 and 180 days, and whether they have become fewer."""
    found: dict[str, Any] = {}
    for days in (30, 90, 180):
        repeated = np.bincount(gaps.place[gaps.day >= today - days], minlength=len(first_day))
        found[f"order_days_{days}d"] = repeated + (first_day >= today - days).astype(np.float64)
    lately, both = found["order_days_90d"], found["order_days_180d"]
    before = np.where(today - first_day >= 180, both - lately, np.nan)  # unknown of those who came in between
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (lately - before) / (lately + before)
    return {**found, "order_days_before": before, "pace_change": np.where(lately + before > 0, change, np.nan)}


def _means(place: Whole, values: Numbers, customers: int) -> tuple[Numbers, Whole]:
    """The mean of each customer's values, NaN without any, and their number."""
    count = np.bincount(place, minlength=customers)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.bincount(place, values, minlength=customers) / count, count
