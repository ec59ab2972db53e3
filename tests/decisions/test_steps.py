"""A cart left behind, a reminder two days after the first message, and everything that makes the reminder needless."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tenure.campaigns.parse import parse
from tenure.domain.message import message_key
from tenure.domain.moments import as_of
from tenure.operations.plan import plan

CART = """\
title: Something left in the cart
audience: cart_value >= 20
occasion: {event: Product Added, wait: 4 hours, within: 3 days, key: cart_at}
quiet_after: {contact: 14 days}
channels: [email]
control: 0
stop: [ordered, complaint, Chat Opened]
steps:
  - name: reminder
    wait: 2 days
    within: 3 days
    unless: [opened]
"""
LAST = """\
  - name: last
    wait: 1 day
    audience: cart_value >= 50
"""
WORDS = {"en": "---\nsubject: x\n---\ny"}


class Story:
    """One shop from morning to morning: decide, send what was chosen, hear what came of it."""

    def __init__(self, world, text=CART):
        self.world = world
        world.business = replace(world.business, contact=replace(world.business.contact, per_7_days=9, per_30_days=9))
        steps = ("reminder", "last") if LAST in text else ("reminder",)
        cart = parse("cart", text, WORDS, step_messages=dict.fromkeys(steps, WORDS))
        self.campaigns = [cart, *cart.steps]
        self.morning = world.as_of.moment

    def fill_cart(self, *customers, value=80.0):
        with self.world.warehouse.transaction():
            for customer in customers:
                self.world.customer(customer, cart_value=value, cart_at=self.world.ago(0.5))
                self.world.fact("events", 0.5, customer=customer, name="Product Added", event_id=f"{customer}-cart",
                                properties='{"product_id": "p7"}')  # fmt: skip

    def day(self, number, state="sent"):
        """Decide on the morning of a day after the first, and send at once; returns campaign → customers."""
        world, run = self.world, f"day-{number}"
        world.as_of = as_of(self.morning + timedelta(days=number), "UTC")
        world.warehouse.run("UPDATE profiles SET as_of = ?", [world.as_of.moment.replace(tzinfo=None)])
        world.decide(*self.campaigns, run_id=run)
        messages = list(plan(run, self.campaigns, world.decisions, world.as_of, world.business))
        for message in messages:
            assert message.not_before <= message.expires_at
            world.fact("contacts", customer=message.customer_id, campaign=message.campaign, state=state,
                       message_id=message.key, occasion_key=message.occasion_key, purpose="marketing",
                       at=world.as_of.at + 60_000_000)  # fmt: skip
        return sorted((message.campaign, message.customer_id) for message in messages)

    def hears(self, kind, customer):
        """The first message is answered half a day later."""
        ((key,),) = self.world.warehouse.fetch(
            "SELECT CAST(cart_at AS VARCHAR) FROM profiles WHERE customer_id = ?", [customer]
        )
        self.world.fact("deliveries", -0.5, customer=customer, message_id=message_key("cart", customer, key), kind=kind)


@pytest.fixture
def story(world):
    return Story(world)


def test_a_reminder_follows_the_message_that_was_sent_once_and_the_last_word_the_reminder(world):
    story = Story(world, CART + LAST)
    story.fill_cart("ada", "bob", value=80.0)
    story.fill_cart("eve", value=30.0)
    everyone = ["ada", "bob", "eve"]
    assert story.day(0) == [("cart", who) for who in everyone]
    assert story.day(2) == []  # the wait counts from the sending, which was a minute after the decision
    assert story.day(2.01) == [("cart/reminder", who) for who in everyone]
    assert story.day(3.5) == [("cart/last", "ada"), ("cart/last", "bob")]
    assert story.day(4) == []


def test_the_reminder_knows_the_occasion_of_the_first_message(story):
    story.fill_cart("ada")
    story.day(0)
    story.day(2.1)
    rows = story.world.warehouse.fetch("SELECT campaign, occasion_key, occasion_properties FROM decisions ORDER BY 1")
    assert [row[0] for row in rows] == ["cart", "cart/reminder"]
    assert rows[0][1:] == rows[1][1:]
    assert rows[1][2] == '{"product_id": "p7"}'


def test_whoever_opened_gets_no_reminder_and_no_word_after_it(world):
    story = Story(world, CART + LAST)
    story.fill_cart("ada", "bob")
    story.day(0)
    story.hears("opened", "ada")
    assert story.day(2.1) == [("cart/reminder", "bob")]
    assert story.day(3.5) == [("cart/last", "bob")]


def test_a_click_is_an_opening_too(story):
    story.fill_cart("ada")
    story.day(0)
    story.hears("clicked", "ada")
    assert story.day(2.1) == []


def test_the_control_group_hears_nothing_at_all(world):
    story = Story(world, CART.replace("control: 0", "control: 0.5"))
    story.fill_cart(*(f"c{number}" for number in range(16)))
    first = {who for _, who in story.day(0)}
    assert 3 < len(first) < 13
    assert {who for _, who in story.day(2.1)} == first
    held = world.warehouse.fetch("SELECT count(*) FROM facts.assignments WHERE arm = 'control'")
    assert held == [(16 - len(first),)]


@pytest.mark.parametrize("state", ["unknown", "failed"])
def test_a_message_that_may_not_have_arrived_is_not_followed(story, state):
    story.fill_cart("ada")
    story.day(0, state)
    assert story.day(2.1) == []


def test_a_reminder_that_comes_too_late_is_not_said(story):
    story.fill_cart("ada")
    story.day(0)
    assert story.day(5.1) == []


@pytest.mark.parametrize(
    ("what", "rule"),
    [("order", "goal_reached"), ("complaint", "stopped"), ("chat", "stopped"), ("other contact", "quiet_after")],
)
def test_what_happens_after_the_first_message_ends_the_campaign(story, what, rule):
    world = story.world
    story.fill_cart("ada")
    story.day(0)
    if what == "order":
        world.order("ada", -1)
        world.warehouse.run("UPDATE profiles SET last_order_at = ?", [world.ago(-1)])
    elif what == "complaint":
        world.warehouse.run("UPDATE profiles SET last_complaint_at = ?", [world.ago(-1)])
        world.business = replace(world.business, contact=replace(world.business.contact, complaint_days=0.1))
    elif what == "chat":
        world.fact("events", -1, customer="ada", name="Chat Opened", event_id="chat")
    else:
        world.fact("contacts", -1, customer="ada", campaign="sale", state="sent", message_id="m", purpose="marketing")
    assert story.day(2.1) == []
    refused = world.warehouse.fetch("SELECT rule FROM refusals WHERE run_id = 'day-2.1' AND campaign = 'cart/reminder'")
    assert refused == [(rule,)]


def test_what_happened_before_the_occasion_stops_nothing(story):
    story.fill_cart("ada")
    story.world.fact("events", 0.6, customer="ada", name="Chat Opened", event_id="chat")
    assert story.day(0) == [("cart", "ada")]
