"""Facts count as events, and nothing at or after the moment moves any occasion."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.domain.campaign import Occasion
from tenure.domain.happenings import IMPLIED_EVENTS
from tenure.domain.idleness import Seen
from tenure.domain.moments import as_of
from tenure.warehouse.idling import look
from tenure.warehouse.occasions import happened_sql, occasion_sql


@pytest.fixture
def world(afresh):
    return afresh


def product(world, product_id, released_ago=None, better_version=None):
    world.fact("products", product_id=product_id, name=product_id, category="tea", price=900,
               released_at=None if released_ago is None else world.micros(released_ago),
               better_version=better_version)  # fmt: skip


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


# What is written later on a row that is known already, or counted over rows, is where the future could leak in.
SAID_LATER = ("Ticket Closed", "Subscription Started", "Subscription Cancelled", "Subscription Renewed")
OCCASIONS = [
    Occasion("properties.k", event="Visit Completed", within_days=30),
    *(Occasion("stage", event=event, within_days=30, wait_days=1) for event in SAID_LATER),
    Occasion("properties.year", date="birthday", every="year"),
    Occasion("replacement_due_at", date="replacement_due_at"),
    *(Occasion("properties.product_id", release=name, within_days=30) for name in ("any", "category", "better")),
    Occasion("properties.period", schedule="week"), Occasion("last_order_at"),
    Occasion("last_order_at", after="x", within_days=30),
]  # fmt: skip


LATER = ["orders", "refunds", "tickets", "feedback", "subscriptions", "payments", "events", "order_lines", "products",
         "contacts", "deliveries", "assignments"]  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    assert len(before) > 8
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
    world.fact("occasions", occasion_id="s", name="S", kind="sale", starts_on=19_900)
    seen = look(world.warehouse, asked, world.as_of, world.business)
    assert seen.events == {*IMPLIED_EVENTS, "Visit Completed"}
    assert (seen.calendars, seen.releases, seen.birthdays) == ({"sale"}, True, False)
    assert {"orders", "last_order_at", "channels"} <= seen.columns
    assert not {"days_to_end", "top_category"} & seen.columns
