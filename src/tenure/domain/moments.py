"""Moments, days and windows: the only place where time becomes integers.

Inside the line a moment is microseconds since 1970 in UTC and a day is the number of days since 1970-01-01 in the
business's own time zone, so no engine ever runs a date function and no two engines can disagree. `as_of` is exclusive:
a fact at or after it does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tenure.domain.errors import UsageError

MICROS_PER_SECOND = 1_000_000
MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment we pretend is now.

    Attributes:
        at: microseconds since 1970 UTC; facts strictly before it exist.
        day: days since 1970 of that moment in the business's time zone.
    """

    at: int
    day: int

    @property
    def moment(self) -> datetime:
        """The moment as an aware datetime in UTC."""
        return from_micros(self.at)

    def __str__(self) -> str:
        return self.moment.strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00")


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment, exactly (no float on the way)."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(at: int) -> datetime:
    """The aware UTC moment of `at` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


def day_of(moment: datetime, zone: str) -> int:
    """Days since 1970 of an aware moment on the calendar of `zone`."""
    return (moment.astimezone(ZoneInfo(zone)).date() - EPOCH_DAY).days


def day_number(day: date) -> int:
    """Days since 1970 of a calendar day."""
    return (day - EPOCH_DAY).days


def date_of(day: int) -> date:
    """The calendar day that is `day` days after 1970-01-01."""
    return EPOCH_DAY + timedelta(days=day)


def month_of(day: int) -> int:
    """Months since January 1970 of a day number."""
    on = date_of(day)
    return (on.year - 1970) * 12 + on.month - 1


def as_of(moment: datetime, zone: str) -> AsOf:
    """The `AsOf` of an aware moment for a business in `zone`."""
    return AsOf(to_micros(moment), day_of(moment, zone))


def start_of_day(day: date, zone: str) -> datetime:
    """Midnight at which `day` begins in `zone`, in UTC."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def parse_as_of(text: str, zone: str) -> AsOf:
    """Read what a person typed: a date (its first instant in `zone`) or an ISO 8601 moment (UTC unless it says).

    Raises:
        UsageError: the text is neither.
    """
    try:
        if len(text.strip()) == len("2011-09-01"):
            return as_of(start_of_day(date.fromisoformat(text.strip()), zone), zone)
        moment = datetime.fromisoformat(text.strip())
        return as_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC), zone)
    except ValueError:
        raise UsageError(
            f"`{text}` is not a moment", "Write a date such as 2011-09-01 or a moment such as 2011-09-01T18:30:00Z."
        ) from None
