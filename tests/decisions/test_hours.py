"""The hour at which this person reads: never at night, never too late, and nothing is known that has not happened."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.decisions.hours import LIKE, Reader, best_moment
from tenure.decisions.timing import is_quiet, next_open
from tenure.domain.habits import Habits
from tenure.warehouse.hours import DID, READ, DuckHabits

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "America/St_Johns"]
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2012, 1, 1), datetime(2030, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))
shares = st.lists(st.floats(0, 1), min_size=24, max_size=24).map(np.array)


def hour(number, weight=1.0):
    return [weight if place == number else 0.0 for place in range(24)]


@given(shares, moments, st.sampled_from(ZONES), times, times, st.floats(0.1, 72))
def test_the_moment_is_open_soon_and_in_time(likely, moment, name, quiet_from, quiet_until, hours):
    zone, until = ZoneInfo(name), moment + timedelta(hours=hours)
    soonest = next_open(moment, zone, quiet_from, quiet_until)
    best = best_moment(likely, moment, zone, quiet_from, quiet_until, until)
    assert best >= soonest and not is_quiet(best, zone, quiet_from, quiet_until)
    assert best == soonest or (best < until - timedelta(hours=1) and best <= moment + timedelta(days=1))
    assert likely[best.astimezone(zone).hour] >= likely[soonest.astimezone(zone).hour] - 1e-9


def test_somebody_who_reads_at_seven_hears_at_seven_on_their_own_clock():
    reader = Reader(Habits({1: hour(19, 30.0)}, {"America/New_York": hour(12, 500.0)}))
    night = (time(21), time(8))
    morning = datetime(2024, 6, 3, 13, 30, tzinfo=UTC)  # half past nine in New York
    zone, until = ZoneInfo("America/New_York"), morning + timedelta(days=2)
    assert best_moment(reader.shares(1, zone.key), morning, zone, *night, until) == datetime(2024, 6, 3, 23, tzinfo=UTC)
    stranger = best_moment(reader.shares(2, zone.key), morning, zone, *night, until)
    assert stranger == datetime(2024, 6, 3, 16, tzinfo=UTC), "of whom nothing is known hears when others read: at noon"
    assert best_moment(None, morning, zone, *night, until) == morning


def test_few_sightings_are_drawn_towards_those_of_the_zone_and_many_are_not():
    zones = {"UTC": hour(12, 1_000.0)}
    for seen, own in ((1.0, 1 / (1 + LIKE)), (1_000.0, 1_000 / (1_000 + LIKE))):
        found = Reader(Habits({1: hour(6, seen)}, zones)).shares(1, "UTC")
        assert found[6] == pytest.approx(own / 2, rel=0.02)
        assert found.sum() == pytest.approx(1)
    assert Reader(Habits()).shares(1, "UTC") is None


def at(world, moment):
    return (world.as_of.moment - moment) / timedelta(days=1)


def test_sightings_are_counted_on_each_persons_own_clock_and_scanners_are_not_people(world):
    for who, zone in (("ada", "Asia/Kathmandu"), ("bob", None), ("eve", "Europe/Berlin")):
        world.customer(who, facts={"timezone": zone})
    winter, summer = datetime(2024, 1, 15, 18, 20, tzinfo=UTC), datetime(2024, 5, 15, 17, 20, tzinfo=UTC)
    for number, moment in enumerate((winter, summer)):
        world.fact("events", at(world, moment), customer="eve", name="Page Viewed", event_id=f"e{number}")
    for number in range(3):
        world.fact("events", at(world, winter) - number / 1440, customer="ada", name="x", event_id=f"a{number}")
    world.fact("contacts", 3, customer="bob", message_id="m", state="sent")
    for seconds in (4, 3600):
        world.fact("deliveries", 3 - seconds / 86_400, customer="bob", message_id="m", kind="opened")
    found = DuckHabits(world.warehouse, "UTC").habits(world.as_of, [1, 2, 3])
    assert found.own[world.keys["eve"]] == hour(19, 2.0 * DID), "seven in the evening, in winter and in summer"
    assert found.own[world.keys["ada"]] == hour(0, DID), "five to midnight and a quarter past are one visit each hour"
    assert found.own[world.keys["bob"]] == hour(7, READ)
    assert set(found.zones) == {"Asia/Kathmandu", "UTC", "Europe/Berlin"}


def test_what_happens_later_changes_nothing(world):
    world.customer("ada")
    world.order("ada", 3)
    habits = DuckHabits(world.warehouse, "UTC")
    before = habits.habits(world.as_of, [1])
    world.order("ada", 0)
    world.fact("events", -1, customer="ada", name="x", event_id="later")
    world.fact("events", 2, customer="ada", name="x", event_id="known later", known_at=world.as_of.at)
    assert habits.habits(world.as_of, [1]) == before
