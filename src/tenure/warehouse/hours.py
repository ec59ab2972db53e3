"""When people did things, by the hours of their own clocks: what the hour of a message is chosen by.

Counted are the hours (of distinct days) of the last 365 days in which somebody

| did | counts | because |
|---|---|---|
| opened or clicked a message | 3 | it is the very thing to be foreseen |
| did anything on the site or in the app, or ordered | 1 | they were awake and had the time |

An hour of a day counts once, however much happened in it. What is opened within ten seconds of being sent was opened by
a scanner. Wall clocks are worked out here, from each zone's own changes of clocks, for engines disagree about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tenure.decisions.hours import HOURS
from tenure.decisions.timing import zone_of
from tenure.domain.habits import Habits
from tenure.domain.moments import MICROS_PER_DAY, AsOf, from_micros, to_micros
from tenure.warehouse.duckdb import DuckWarehouse

if TYPE_CHECKING:
    import pyarrow as pa

LOOK_BACK_DAYS = 365
READ, DID = 3, 1
_SCANNER = 10 * 1_000_000  # microseconds
_MICROS_PER_HOUR = 3_600_000_000


class DuckHabits:
    """Habits out of one workspace's warehouse."""

    def __init__(self, warehouse: DuckWarehouse, timezone: str) -> None:
        self._warehouse, self._timezone = warehouse, timezone

    def habits(self, as_of: AsOf, customer_keys: Sequence[int]) -> Habits:
        """The habits of some customers, and of everybody by time zone, from what happened before a moment."""
        zones = [str(row[0]) for row in self._warehouse.fetch(
            "SELECT DISTINCT COALESCE(timezone, '') FROM facts.customers ORDER BY 1")]  # fmt: skip
        with (
            self._warehouse.lend("wall_clocks", _clocks(zones, self._timezone, as_of)),
            self._warehouse.lend("asked_customers", _keys(customer_keys)),
        ):
            rows = self._warehouse.fetch(_SQL.format(
                since=as_of.at - LOOK_BACK_DAYS * MICROS_PER_DAY, until=as_of.at, scanner=_SCANNER, read=READ, did=DID,
                hour=_MICROS_PER_HOUR, hours=HOURS,
            ))  # fmt: skip
        own: dict[int, list[float]] = {}
        by_zone: dict[str, list[float]] = {}
        for zone, key, hour, weight in rows:
            if key is None:
                by_zone.setdefault(str(zone), [0.0] * HOURS)[int(hour)] += float(weight)
            else:
                own.setdefault(int(key), [0.0] * HOURS)[int(hour)] += float(weight)
        return Habits(own, by_zone)


_SQL = """
    WITH sent AS (SELECT message_id, min("at") AS "at" FROM facts.contacts WHERE state = 'sent' GROUP BY message_id),
    did AS (
        SELECT d.customer_key, d."at", {read} AS weight FROM facts.deliveries d
            JOIN sent s ON s.message_id = d.message_id AND d."at" >= s."at" + {scanner}
            WHERE d.kind IN ('opened', 'clicked') AND d."at" < {until} AND d."at" >= {since}
        UNION ALL SELECT customer_key, "at", {did} FROM facts.events
            WHERE customer_key IS NOT NULL AND "at" < {until} AND "at" >= {since} AND COALESCE(known_at, "at") < {until}
        UNION ALL SELECT customer_key, "at", {did} FROM facts.orders
            WHERE "at" < {until} AND "at" >= {since} AND status IS DISTINCT FROM 'cancelled'),
    seen AS (
        SELECT w.zone, d.customer_key, (d."at" + w.shift) // {hour} AS hour_no, max(d.weight) AS weight
        FROM did d JOIN facts.customers c ON c.customer_key = d.customer_key
        JOIN wall_clocks w ON w.said = COALESCE(c.timezone, '') AND d."at" >= w."from" AND d."at" < w.until
        GROUP BY w.zone, d.customer_key, hour_no)
    SELECT zone, NULL AS customer_key, hour_no % {hours} AS hour, sum(weight) FROM seen GROUP BY zone, hour
    UNION ALL SELECT NULL, s.customer_key, hour_no % {hours} AS hour, sum(weight) FROM seen s
    JOIN asked_customers a ON a.customer_key = s.customer_key GROUP BY s.customer_key, hour"""


def _keys(customer_keys: Sequence[int]) -> pa.Table:
    import pyarrow as pa

    return pa.table({"customer_key": pa.array(sorted(set(customer_keys)), pa.int64())})


def _clocks(zones: Sequence[str], timezone: str, as_of: AsOf) -> pa.Table:
    """By how much each zone's wall clocks differ from UTC, and from when until when, in microseconds."""
    import pyarrow as pa

    first, last = from_micros(as_of.at) - timedelta(days=LOOK_BACK_DAYS + 1), from_micros(as_of.at)
    rows = []
    for said in zones:
        zone = zone_of(said, timezone)
        rows += [(said, zone.key, *span) for span in _spans(zone, first, last)]
    names = ("said", "zone", "from", "until", "shift")
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})


def _spans(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[int, int, int]]:
    """The spans of one offset each; a change of clocks is found to the hour."""
    spans, begun, moment = [], first, first
    offset = _offset(zone, first)
    while moment < last:
        moment += timedelta(days=1)
        if _offset(zone, moment) != offset or moment >= last:
            change = _changed(zone, moment - timedelta(days=1), offset) if moment < last else moment
            spans.append((to_micros(begun), to_micros(change), offset))
            begun, offset = change, _offset(zone, moment)
    return spans


def _changed(zone: ZoneInfo, moment: datetime, offset: int) -> datetime:
    while _offset(zone, moment) == offset:
        moment += timedelta(hours=1)
    return moment


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    shift = moment.astimezone(zone).utcoffset() or timedelta()
    return shift // timedelta(microseconds=1)
