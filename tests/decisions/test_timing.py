"""Nobody is disturbed at night, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tenure.decisions.timing import is_quiet, next_open, zone_of

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC",
         "America/St_Johns", "Pacific/Apia"]  # fmt: skip
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))


@given(moments, st.sampled_from(ZONES), times, times)
def test_the_answer_is_open_not_before_the_question_and_soon(moment, name, quiet_from, quiet_until):
    zone = ZoneInfo(name)
    answer = next_open(moment, zone, quiet_from, quiet_until)
    assert answer >= moment
    assert not is_quiet(answer, zone, quiet_from, quiet_until)
    # Samoa skipped a whole day in December 2011.
    assert answer - moment <= timedelta(hours=50 if name == "Pacific/Apia" else 25)
    if not is_quiet(moment, zone, quiet_from, quiet_until):
        assert answer == moment


@given(st.integers(0, 48 * 60), st.sampled_from(["Europe/Berlin", "America/New_York"]), times, times, st.booleans())
def test_around_the_change_of_clocks_nobody_is_woken(minutes, name, quiet_from, quiet_until, is_spring):
    month, day = (
        ((3, 30) if is_spring else (10, 25)) if name == "Europe/Berlin" else ((3, 8) if is_spring else (10, 31))
    )
    moment = datetime(2025, month, day, tzinfo=UTC) + timedelta(minutes=minutes)
    zone = ZoneInfo(name)
    answer = next_open(moment, zone, quiet_from, quiet_until)
    assert not is_quiet(answer, zone, quiet_from, quiet_until)
    assert moment <= answer <= moment + timedelta(hours=25)


def test_the_night_ends_at_eight_where_the_customer_lives():
    evening = datetime(2024, 6, 3, 20, 0, tzinfo=UTC)
    assert next_open(evening, ZoneInfo("Europe/Berlin"), time(21), time(8)) == datetime(2024, 6, 4, 6, 0, tzinfo=UTC)
    assert next_open(evening, ZoneInfo("America/New_York"), time(21), time(8)) == evening


def test_the_morning_after_the_clocks_change_is_still_eight_on_the_wall():
    night = datetime(2025, 3, 29, 23, 0, tzinfo=UTC)  # midnight in Berlin, before the hour that is missing
    assert next_open(night, ZoneInfo("Europe/Berlin"), time(21), time(8)) == datetime(2025, 3, 30, 6, 0, tzinfo=UTC)


def test_of_the_hour_that_comes_twice_the_second_end_is_taken_when_the_first_is_over():
    second = datetime(2025, 10, 26, 1, 10, tzinfo=UTC)  # 02:10 in Berlin for the second time
    assert next_open(second, ZoneInfo("Europe/Berlin"), time(22), time(2, 30)) == datetime(
        2025, 10, 26, 1, 30, tzinfo=UTC
    )


def test_an_unknown_zone_is_the_business_own():
    assert zone_of("Mars/Olympus", "Europe/Paris").key == "Europe/Paris"
    assert zone_of("../../etc/passwd", "Europe/Paris").key == "Europe/Paris"
    assert zone_of(None, "Europe/Paris").key == "Europe/Paris"
