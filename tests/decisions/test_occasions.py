"""Every kind of occasion: whom it finds, under which key, and that nothing of the future moves it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.domain.campaign import Audience, Occasion
from tenure.domain.happenings import IMPLIED_EVENTS
from tenure.domain.idleness import Seen
from tenure.domain.moments import as_of, day_number
from tenure.domain.segment import Compare, Constant, Property
from tenure.warehouse.idling import look
from tenure.warehouse.occasions import happened_sql, occasion_sql

NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
def shop(request):
    """One warehouse for all tests of this file."""
    made = request.getfixturevalue("kit").World()
    yield made
    made.warehouse.close()


@pytest.fixture
def world(shop):
    """The warehouse, empty, as of the usual morning in UTC."""
    with shop.warehouse.transaction():
        shop.clear()
    shop.as_of = as_of(datetime(2024, 6, 3, 6, tzinfo=UTC), "UTC")
    return shop


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


def open_everything(world) -> None:
    """One of everything that facts imply, all on the morning ten days ago or later."""
    world.customer("ada")
    world.fact("orders", 9, customer="ada", order_id="o1", total=4_250, status="paid")
    world.fact("orders", 8, customer="ada", order_id="o2", total=100, status="cancelled")
    world.fact("refunds", 7, customer="ada", refund_id="r1", order_id="o1", amount=250)
    world.fact("tickets", 6, customer="ada", ticket_id="t1", kind="complaint", severity=2.0, closed_at=world.micros(5))
    world.fact("tickets", 4, customer="ada", ticket_id="t2", kind="question")
    world.fact("feedback", 4, customer="ada", feedback_id="f1", kind="nps", score=9.0, reason="kind staff")
    world.fact("subscriptions", 9, customer="ada", subscription_id="s1", plan="light", price=599, period="month")
    world.fact("subscriptions", 9, customer="ada", subscription_id="s2", plan="full", price=999, period="month",
               trial_ends_at=world.micros(3), cancelled_at=world.micros(1), cancel_reason="dear")  # fmt: skip
    world.fact("subscriptions", 9, customer="ada", subscription_id="s3", plan="full", price=999, period="month",
               trial_ends_at=world.micros(3), cancelled_at=world.micros(4), cancel_reason="dear")  # fmt: skip
    for days, number, status in ((8, 1, "paid"), (2, 2, None), (1, 3, "failed")):
        world.fact("payments", days, customer="ada", payment_id=f"p{number}", subscription_id="s1", amount=599,
                   automatic=1, status=status, failure="card expired" if status == "failed" else None)  # fmt: skip


HAPPENED = {
    "Order Completed": [(9, {"order_id": "o1", "total": 42.5})],
    "Order Refunded": [(7, {"order_id": "o1", "amount": 2.5, "refund_id": "r1"})],
    "Ticket Opened": [(6, {"ticket_id": "t1", "kind": "complaint", "severity": 2.0}),
                      (4, {"ticket_id": "t2", "kind": "question", "severity": None})],
    "Ticket Closed": [(5, {"ticket_id": "t1", "kind": "complaint", "severity": 2.0})],
    "Feedback Given": [(4, {"feedback_id": "f1", "kind": "nps", "score": 9.0, "reason": "kind staff"})],
    "Trial Started": [(9, {"subscription_id": "s2", "plan": "full", "price": 9.99}),
                      (9, {"subscription_id": "s3", "plan": "full", "price": 9.99})],
    "Subscription Started": [(9, {"subscription_id": "s1", "plan": "light", "price": 5.99}),
                             (3, {"subscription_id": "s2", "plan": "full", "price": 9.99})],
    "Subscription Cancelled": [(4, {"subscription_id": "s3", "plan": "full", "reason": "dear"}),
                               (1, {"subscription_id": "s2", "plan": "full", "reason": "dear"})],
    "Subscription Renewed": [(2, {"subscription_id": "s1", "payment_id": "p2", "amount": 5.99})],
    "Payment Succeeded": [
        (8, {"payment_id": "p1", "subscription_id": "s1", "amount": 5.99, "automatic": True}),
        (2, {"payment_id": "p2", "subscription_id": "s1", "amount": 5.99, "automatic": True})],
    "Payment Failed": [(1, {"payment_id": "p3", "subscription_id": "s1", "amount": 5.99, "failure": "card expired"})],
}  # fmt: skip


def test_every_implied_event_comes_from_its_facts_with_its_properties(world):
    open_everything(world)
    assert set(HAPPENED) == set(IMPLIED_EVENTS)
    for event, expected in HAPPENED.items():
        rows = world.warehouse.fetch(
            f'SELECT "at", properties FROM ({happened_sql(event, world.as_of, "USD")}) ORDER BY 1, 2'
        )
        assert [(at, json.loads(said)) for at, said in rows] == [(world.micros(d), said) for d, said in expected], event
        assert {tuple(said) for _, said in expected} == {IMPLIED_EVENTS[event]}


@pytest.mark.parametrize("event", sorted(IMPLIED_EVENTS))
def test_facts_at_or_after_the_moment_imply_nothing(world, event):
    open_everything(world)
    for days, _ in HAPPENED[event]:
        moment = as_of(world.as_of.moment - timedelta(days=days), "UTC")
        rows = world.warehouse.fetch(f'SELECT "at" FROM ({happened_sql(event, moment, "USD")})')
        assert all(at < moment.at for (at,) in rows)


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


OCCASIONS = [
    Occasion("properties.k", event="Visit Completed", within_days=30),
    *(Occasion("stage", event=event, within_days=30, wait_days=1) for event in sorted(IMPLIED_EVENTS)),
    Occasion("properties.year", date="birthday", every="year"),
    Occasion("replacement_due_at", date="replacement_due_at"),
    *(Occasion("properties.product_id", release=name, within_days=30) for name in ("any", "category", "better")),
    Occasion("properties.period", schedule="week"), Occasion("last_order_at"),
    Occasion("last_order_at", after="x", within_days=30),
]  # fmt: skip


LATER = ["orders", "refunds", "tickets", "feedback", "subscriptions", "payments", "events", "order_lines", "products",
         "contacts", "deliveries", "assignments"]  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(later=st.lists(st.tuples(st.sampled_from(LATER), st.sampled_from([0, -0.001, -3])), min_size=1, max_size=8))
def test_nothing_at_or_after_the_moment_moves_any_occasion(world, kit, later):
    with world.warehouse.transaction():
        world.clear()
    open_everything(world)
    world.fact("events", 2, customer="ada", name="Visit Completed", event_id="v", properties='{"k": "a"}')
    product(world, "t1", 9)
    product(world, "mine", better_version="t1")
    world.fact("contacts", 2, customer="ada", campaign="x", state="sent", message_id="m", occasion_key="k")
    before = everything(world, kit)
    assert len(before) > 12
    for number, (table, days) in enumerate(later):
        add(world, table, days, f"later{number}")
    # What is written later on rows that are known already does not count before its moment either.
    world.warehouse.run("UPDATE facts.tickets SET closed_at = ? WHERE ticket_id = 't2'", [world.as_of.at])
    world.warehouse.run("UPDATE facts.subscriptions SET cancelled_at = ? WHERE subscription_id = 's1'",
                        [world.as_of.at])  # fmt: skip
    assert everything(world, kit) == before


def everything(world, kit):
    campaigns = [kit.campaign("x/s" if occasion.after else "x", occasion=occasion) for occasion in OCCASIONS]
    texts = [occasion_sql(campaign, world.as_of, world.business, "profiles") for campaign in campaigns]
    parts = [f"SELECT {number}, * FROM ({text})" for number, text in enumerate(texts)]
    return world.warehouse.fetch(f"{' UNION ALL '.join(parts)} ORDER BY ALL")


def add(world, table, days, name):
    own = {
        "orders": {"order_id": name, "total": 1, "status": "paid"}, "refunds": {"refund_id": name, "amount": 1},
        "tickets": {"ticket_id": name, "kind": "complaint"}, "feedback": {"feedback_id": name, "kind": "nps"},
        "subscriptions": {"subscription_id": name, "plan": "full", "price": 1, "period": "month"},
        "payments": {"payment_id": name, "subscription_id": "s1", "amount": 1},
        "events": {"event_id": name, "name": "Visit Completed", "properties": '{"k": "z"}'},
        "order_lines": {"order_id": name, "line": 1, "product_id": "t1", "cancelled": 0},
        "contacts": {"campaign": "x", "state": "sent", "message_id": name, "occasion_key": name},
        "deliveries": {"message_id": "m", "kind": "clicked"},
        "assignments": {"campaign": "x", "occasion_key": "k", "arm": "treated"},
    }  # fmt: skip
    if table == "products":
        return product(world, name, days)
    return world.fact(table, days, customer="ada", **own[table])


def test_what_there_is_to_find_is_seen_before_the_moment_alone(world):
    asked = [*IMPLIED_EVENTS, "Visit Completed", "Parcel Lost"]
    nothing = look(world.warehouse, asked, world.as_of, world.business)
    assert nothing == Seen(channels=frozenset({"email"}))
    open_everything(world)
    world.fact("events", 1, customer="ada", name="Visit Completed", event_id="v")
    world.fact("events", -1, customer="ada", name="Parcel Lost", event_id="p")
    product(world, "t1", 9)
    calendar(world, "s", "2024-06-05")
    seen = look(world.warehouse, asked, world.as_of, world.business)
    assert seen.events == {*IMPLIED_EVENTS, "Visit Completed"}
    assert (seen.calendars, seen.releases, seen.birthdays) == ({"sale"}, True, False)
    assert {"orders", "last_order_at", "channels"} <= seen.columns
    assert not {"days_to_end", "top_category"} & seen.columns
