"""Outcomes come from facts before the moment, by first assignment, in the arm people were put into."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenure.operations.learn import COLUMNS
from tenure.warehouse.learned import EFFECTS


def test_goals_count_from_the_assignment_to_the_end_of_its_days(past):
    for customer, order in enumerate((20.001, 20, 10, 6.001, 6, 5), 1):
        past.assigned(customer, 20)
        past.ordered(customer, order)
    found = past.learn()
    assert (found["treated"], found["treated_goals"], found["treated_rate"]) == (6, 3, 0.5)


def test_two_orders_are_one_goal_and_twice_the_revenue(past):
    past.assigned(1, 20)
    past.assigned(2, 20, "control")
    for day in (18, 17):
        past.ordered(1, day)
    past.ordered(1, 16, status="cancelled")
    found = past.learn()
    assert (found["treated_goals"], found["treated_revenue"], found["control_revenue"]) == (1, 20.0, 0.0)
    assert (found["effect"], found["lift"], found["effect_low"]) == (1.0, None, None)


def test_whose_days_are_not_over_waits(past):
    past.assigned(1, 14)
    past.assigned(2, 13.999)
    past.ordered(2, 5)
    found = past.learn()
    assert (found["treated"], found["waiting"], found["treated_goals"]) == (1, 1, 0)


def test_only_the_first_assignment_counts(past):
    past.assigned(1, 40, key="first")
    past.assigned(1, 20, key="second")
    past.ordered(1, 18)
    found = past.learn()
    assert (found["treated"], found["treated_goals"]) == (1, 0)


def test_nothing_at_or_after_the_moment_changes_anything(past):
    for customer in range(1, 7):
        past.assigned(customer, 30 - customer, "treated" if customer % 2 else "control")
        past.ordered(customer, 20 - customer)
    moment = past.now - timedelta(days=12)
    before = past.learn(moment=moment)
    past.assigned(9, 12)
    for customer in range(1, 7):
        past.ordered(customer, 12)
        past.ordered(customer, 3)
    for name, table in (("m1", "contacts"), ("m1", "deliveries")):
        past.insert(table, customer_key=1, message_id=name, campaign="hello", at=past.micros(12),
                    **({"state": "sent", "cost": 5} if table == "contacts" else {"kind": "opened"}))  # fmt: skip
    assert past.learn(moment=moment) == before


def test_other_goals_are_events_known_before_the_moment(past):
    past.assigned(1, 20)
    past.assigned(2, 20)
    past.insert("events", customer_key=1, event_id="1", name="Renewed", at=past.micros(10), known_at=past.micros(10))
    past.insert("events", customer_key=2, event_id="2", name="Renewed", at=past.micros(10), known_at=past.micros(-1))
    assert past.learn("Renewed")["treated_goals"] == 1


def test_opens_unsubscribes_and_cost_are_by_message(past):
    past.assigned(1, 20)
    for message, state in (("m1", "sent"), ("m2", "sent"), ("m3", "failed")):
        past.insert("contacts", customer_key=1, message_id=message, campaign="hello", at=past.micros(19), cost=500_000,
                    state=state)  # fmt: skip
    for message, kind in (("m1", "opened"), ("m1", "opened"), ("m1", "unsubscribed"), ("m2", "delivered")):
        past.insert("deliveries", customer_key=1, message_id=message, campaign="hello", at=past.micros(18), kind=kind)
    found = past.learn()
    assert (found["sent"], found["opened"], found["unsubscribed"], found["cost"]) == (2, 1, 1, 10.0)


def test_a_planted_effect_is_found_in_the_facts(past):
    for customer in range(400):
        is_treated = customer % 2 == 0
        past.assigned(customer, 20, "treated" if is_treated else "control")
        if customer % 4 == 0 or customer % 20 == 1:
            past.ordered(customer, 10)
    found = past.learn()
    assert (found["treated_rate"], found["control_rate"]) == (0.5, 0.1)
    assert found["effect"] == pytest.approx(0.4) and found["lift"] == pytest.approx(4.0)
    assert 0.2 < found["effect_low"] < 0.4 < found["effect_high"] and found["revenue_low"] > 0
    assert found["alarm"] == ""


def test_people_who_vanished_from_one_arm_raise_the_alarm(past):
    for customer in range(300):
        past.assigned(customer, 20, "treated" if customer % 3 else "control")
    assert "200 of 300" in past.learn()["alarm"]


def test_measuring_again_replaces_and_another_moment_adds(past):
    past.assigned(1, 20)
    past.learn()
    past.learn()
    past.learn(moment=past.now - timedelta(days=1))
    assert past.warehouse.fetch("SELECT count(*), count(DISTINCT as_of) FROM effects") == [(2, 2)]


def test_before_anybody_was_assigned_there_is_nothing_to_say(past):
    assert past.learn() == {}


def test_what_is_stored_is_what_is_returned():
    assert tuple(name for name, _ in EFFECTS) == COLUMNS
