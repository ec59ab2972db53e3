"""Every kind of occasion: whom it finds, and under which key."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tenure.domain.campaign import Audience, Occasion
from tenure.domain.moments import as_of, day_number
from tenure.domain.segment import Column, Compare, Constant, Property
from tenure.warehouse.occasions import occasion_sql

NEW_YORK = "America/New_York"


@pytest.fixture
def world(afresh):
    return afresh


@pytest.fixture
def found(world, kit):
    """Who has the occasion: customer → (key, properties)."""

    def find(occasion: Occasion) -> dict:
        sql = occasion_sql(kit.campaign("x", occasion=occasion), world.as_of, world.business, "profiles")
        rows = world.warehouse.fetch(
            f"SELECT c.customer_id, o.occasion_key, o.properties FROM ({sql}) o "
            "JOIN facts.customers c ON c.customer_key = o.customer_key"
        )
        return {who: (key, json.loads(properties or "{}")) for who, key, properties in rows}

    return find


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


def test_an_event_recorded_under_an_implied_name_counts_as_well(world, found):
    world.customer("ada")
    world.fact("events", 1, customer="ada", name="Trial Started", event_id="e", properties='{"plan": "light"}')
    assert found(Occasion("properties.plan", event="Trial Started")) == {"ada": ("light", {"plan": "light"})}


def test_an_event_is_spoken_of_once_the_wait_has_passed_and_until_its_days_are_over(world, found):
    for name, days in (("fresh", 0.1), ("ripe", 1.0), ("late", 3.0), ("stale", 3.1)):
        world.customer(name)
        world.fact("events", days, customer=name, name="Quote Sent", event_id=name, properties='{"n": 1}')
    assert set(found(Occasion("properties.n", event="Quote Sent", wait_days=0.5, within_days=3.0))) == {"ripe", "late"}


def test_a_cart_that_is_still_being_filled_is_not_left_behind(world, found):
    for name, changed in (("busy", 0.05), ("gone", 0.5)):
        world.customer(name, cart_at=world.ago(changed))
        for days in (0.5, changed):
            world.fact("events", days, customer=name, name="Product Added", event_id=f"{name}{days}")
    assert set(found(Occasion("cart_at", event="Product Added", wait_days=0.2, within_days=3.0))) == {"gone"}


@pytest.mark.parametrize(
    ("born", "today", "zone", "key"),
    [
        ("1980-06-05", "2024-06-03 06:00", "UTC", "2024"), ("1980-06-02", "2024-06-03 06:00", "UTC", "2024"),
        ("1980-06-01", "2024-06-03 06:00", "UTC", None), ("1980-06-07", "2024-06-03 06:00", "UTC", None),
        ("1980-01-02", "2023-12-31 06:00", "UTC", "2024"), ("1980-12-31", "2024-01-01 06:00", "UTC", "2023"),
        ("1980-02-29", "2023-02-28 06:00", "UTC", "2023"), ("1980-02-29", "2023-03-01 06:00", "UTC", "2023"),
        ("1980-02-29", "2024-02-29 06:00", "UTC", "2024"), ("1980-02-29", "2024-03-01 06:00", "UTC", "2024"),
        ("1980-02-29", "2023-03-02 06:00", "UTC", None), ("2024-06-03", "2024-06-03 06:00", "UTC", None),
        # In New York the second of June lasts until four in the morning of the third in UTC.
        ("1980-06-05", "2024-06-03 03:59", "UTC", "2024"), ("1980-06-05", "2024-06-03 03:59", NEW_YORK, None),
        ("1980-06-05", "2024-06-03 04:00", NEW_YORK, "2024"), ("1980-06-01", "2024-06-03 03:59", NEW_YORK, "2024"),
        ("1980-06-01", "2024-06-03 04:00", NEW_YORK, None),
    ],
)  # fmt: skip
def test_a_birthday_opens_before_the_day_and_stays_after_it(world, kit, born, today, zone, key):
    world.customer("ada", facts={"birthday": day(born)})
    moment = as_of(datetime.fromisoformat(today).replace(tzinfo=UTC), zone)
    occasion = Occasion("properties.year", date="birthday", every="year", before_days=2, late_days=1)
    sql = occasion_sql(kit.campaign("x", occasion=occasion), moment, replace(world.business, timezone=zone), "profiles")
    rows = world.warehouse.fetch(f"SELECT occasion_key, properties FROM ({sql})")
    assert [row[0] for row in rows] == ([key] if key else [])
    if key:
        assert json.loads(rows[0][1]) == {"year": int(key), "years": int(key) - 1980}


def test_the_day_of_a_first_order_returns_every_year_but_is_no_anniversary_itself(world, found):
    for name, first in (("old", "2021-06-03 23:00"), ("new", "2024-06-03 01:00"), ("other", "2021-07-03 01:00")):
        world.customer(name, first_order_at=datetime.fromisoformat(first))
    occasion = Occasion("properties.year", date="first_order_at", every="year", before_days=0, late_days=0)
    assert found(occasion) == {"old": ("2024", {"year": 2024, "years": 3})}


def calendar(world, occasion_id, starts, ends=None, kind="sale", country=None, category=None):
    world.fact("occasions", occasion_id=occasion_id, name=occasion_id.title(), kind=kind, starts_on=day(starts),
               ends_on=day(ends) if ends else None, country=country, category=category)  # fmt: skip


def test_a_calendar_day_is_for_its_country_and_category(world, found):
    world.customer("ada", country="DE", top_category="tea")
    world.customer("bob", country="FR", top_category="coffee")
    world.customer("eve")
    calendar(world, "german", "2024-06-04", country="de")
    calendar(world, "coffee", "2024-06-05", category="coffee")
    calendar(world, "everyone", "2024-06-06", kind="holiday")
    occasion = Occasion("properties.occasion_id", calendar="sale", before_days=3, late_days=0)
    assert {who: key for who, (key, _) in found(occasion).items()} == {"ada": "german", "bob": "coffee"}
    holiday = found(Occasion("properties.occasion_id", calendar="holiday", before_days=3, late_days=0))
    assert set(holiday) == {"ada", "bob", "eve"}
    assert holiday["eve"][1] == {
        "occasion_id": "everyone", "name": "Everyone", "kind": "holiday", "country": None, "category": None,
        "starts_on": "2024-06-06", "ends_on": "2024-06-06",
    }  # fmt: skip


@pytest.mark.parametrize(("starts", "ends", "is_open"), [
    ("2024-06-05", None, True), ("2024-06-06", None, False), ("2024-05-20", "2024-06-03", True),
    ("2024-05-20", "2024-06-02", True), ("2024-05-20", "2024-06-01", False), ("2024-06-02", None, True),
])  # fmt: skip
def test_a_calendar_day_is_open_from_before_its_start_until_after_its_end(world, found, starts, ends, is_open):
    world.customer("ada")
    calendar(world, "s", starts, ends)
    occasion = Occasion("properties.occasion_id", calendar="sale", before_days=2, late_days=1)
    assert bool(found(occasion)) is is_open


def test_of_two_calendar_days_the_nearest_that_is_not_ruled_out_is_taken(world, found):
    world.customer("ada")
    calendar(world, "near", "2024-06-04")
    calendar(world, "far", "2024-06-06")
    occasion = Occasion("properties.occasion_id", calendar="sale", before_days=5, late_days=0)
    assert found(occasion)["ada"][0] == "near"
    far = Audience("x", (("x", Compare("<>", Property("name"), Constant("Near"))),))
    narrowed = Occasion("properties.occasion_id", calendar="sale", before_days=5, late_days=0, where=far)
    assert found(narrowed)["ada"][0] == "far"


def product(world, product_id, released_ago=None, better_version=None):
    world.fact("products", product_id=product_id, name=product_id, category="tea", brand="Leaf", price=900,
               released_at=None if released_ago is None else world.micros(released_ago),
               better_version=better_version)  # fmt: skip


def bought(world, customer, product_id, days_ago, cancelled=0):
    world.fact("order_lines", days_ago, customer=customer, order_id=f"{customer}{product_id}", line=1,
               product_id=product_id, quantity=1000, unit_price=900, cancelled=cancelled)  # fmt: skip


def test_a_release_is_told_to_those_whom_it_may_concern_and_who_have_not_bought_it(world, found):
    world.customer("ada", top_category="tea", top_brand="Bean")
    world.customer("bob", top_category="coffee", top_brand="Leaf", better_product="t2")
    for name, released_ago in (("t0", None), ("t1", 9), ("t2", 5), ("t3", 20), ("t4", -1)):
        product(world, name, released_ago)
    product(world, "old", better_version="t2")
    bought(world, "bob", "old", 400)

    def keys(release):
        occasion = Occasion("properties.product_id", release=release, within_days=10)
        return {who: key for who, (key, _) in found(occasion).items()}

    assert keys("any") == {"ada": "t2", "bob": "t2"}
    assert keys("category") == {"ada": "t2"}
    assert keys("brand") == {"bob": "t2"}
    assert keys("better") == {"bob": "t2"}
    better = found(Occasion("properties.product_id", release="better", within_days=10))["bob"][1]
    assert better == {"product_id": "t2", "name": "t2", "category": "tea", "brand": "Leaf", "price": 9.0,
                      "released_at": "2024-05-29T06:00:00Z", "replaces": "old"}  # fmt: skip
    dear = Audience("x", (
        ("x", Compare("<>", Property("product_id"), Constant("t2"))),
        ("y", Compare("<", Property("price"), Column("average_order"))),
    ))  # fmt: skip
    world.customer("eve", average_order=9.0)
    narrowed = found(Occasion("properties.product_id", release="any", within_days=10, where=dear))
    assert {who: key for who, (key, _) in narrowed.items()} == {"ada": "t1", "bob": "t1"}
    assert found(Occasion("stage", release="any", within_days=10))["eve"][0] == "active"
    world.warehouse.run("DELETE FROM profiles WHERE customer_id = 'eve'")
    bought(world, "ada", "t2", 2)
    bought(world, "bob", "t2", 2, cancelled=1)
    assert keys("any") == {"ada": "t1", "bob": "t2"}


@pytest.mark.parametrize(("schedule", "zone", "key", "first"), [
    ("day", "UTC", "2024-06-03", "2024-06-03"), ("week", "UTC", "2024-W23", "2024-06-03"),
    ("month", "UTC", "2024-06", "2024-06-01"), ("day", NEW_YORK, "2024-06-02", "2024-06-02"),
    ("week", NEW_YORK, "2024-W22", "2024-05-27"),
])  # fmt: skip
def test_a_schedule_gives_everybody_the_period_of_the_businesss_calendar(world, kit, schedule, zone, key, first):
    world.customer("ada")
    world.customer("bob")
    moment = as_of(datetime(2024, 6, 3, 3, 30, tzinfo=UTC), zone)
    campaign = kit.campaign("x", occasion=Occasion("properties.period", schedule=schedule))
    sql = occasion_sql(campaign, moment, replace(world.business, timezone=zone), "profiles")
    rows = world.warehouse.fetch(f"SELECT occasion_key, properties FROM ({sql})")
    assert [(k, json.loads(p)) for k, p in rows] == [(key, {"period": key, "starts_on": first})] * 2
