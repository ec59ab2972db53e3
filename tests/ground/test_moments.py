from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.domain import moments
from tenure.domain.errors import UsageError

ZONES = st.sampled_from(sorted(z for z in available_timezones() if "/" in z))


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))
def test_micros_and_moments_are_one_to_one(naive):
    moment = naive.replace(tzinfo=UTC)
    assert moments.from_micros(moments.to_micros(moment)) == moment


@given(st.dates(min_value=datetime(1971, 1, 1).date(), max_value=datetime(2100, 1, 1).date()), ZONES)
def test_a_date_begins_at_midnight_of_the_business(day, zone):
    as_of = moments.parse_as_of(day.isoformat(), zone)
    # A few zones skip midnight on the day their summer time begins; the day then begins at its first instant.
    assert as_of.moment.astimezone(ZoneInfo(zone)).date() == day
    assert as_of.day == moments.day_number(day)


def test_a_moment_without_zone_is_utc():
    assert moments.parse_as_of("2011-09-01T18:30:00", "Asia/Tokyo").moment == datetime(2011, 9, 1, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2011-13-01", "01/09/2011", "2011-9-1"])
def test_what_is_no_moment_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="Write a date such as 2011-09-01"):
        moments.parse_as_of(text, "UTC")


def test_months_count_from_january_1970():
    assert moments.month_of(0) == 0
    assert moments.month_of(moments.day_number(datetime(2011, 9, 1).date())) == 41 * 12 + 8
