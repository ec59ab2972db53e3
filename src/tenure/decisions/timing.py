"""The next moment at which somebody may be disturbed, by the clock on their own wall.

Quiet hours are local: [from, until), over midnight if `from` is later than `until`, none if they are equal. Twice a
year a local hour is missing or comes twice; the answer is worked out in UTC, so it is always a real moment, never
before the question, and never inside the quiet hours.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo


def is_quiet(moment: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> bool:
    """Whether the aware moment falls into the quiet hours of somebody in `zone`."""
    clock = moment.astimezone(zone).time()
    if quiet_from <= quiet_until:
        return quiet_from <= clock < quiet_until
    return clock >= quiet_from or clock < quiet_until


@lru_cache(maxsize=4_096)  # a run asks one moment for a million people who live in a few dozen zones
def next_open(moment: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> datetime:
    """The aware moment itself, or the next end of the quiet hours if it falls into them; in UTC."""
    if not is_quiet(moment, zone, quiet_from, quiet_until):
        return moment.astimezone(UTC)
    today = moment.astimezone(zone).date()
    # Both readings of a wall clock's time are tried: of the hour that comes twice, the first may be over.
    ends = (
        datetime.combine(today + timedelta(days=days), quiet_until, zone).replace(fold=fold).astimezone(UTC)
        for days in (0, 1, 2) for fold in (0, 1)
    )  # fmt: skip
    return min(end for end in ends if end >= moment and not is_quiet(end, zone, quiet_from, quiet_until))


@cache
def zone_of(name: str | None, otherwise: str) -> ZoneInfo:
    """The customer's time zone, or the business's where theirs is unknown or no zone."""
    try:
        return ZoneInfo(name or otherwise)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(otherwise)
