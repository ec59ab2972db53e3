"""Each rule says no to the one it is for, in the stated order, and service messages pass those of advertising."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenure.domain.campaign import Belief, Goal, Occasion
from tenure.domain.errors import TenureError
from tenure.domain.segment import Column, Compare, Constant, Property


def refused(world, campaign):
    return world.decide(campaign).refused[campaign.name]


def test_an_order_of_this_week_is_followed_up(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    assert world.decide(kit.campaign("follow-up")).chosen == {"follow-up": 1}
    assert world.outcomes() == {("ada", "follow-up"): ("chosen", None)}


def test_a_cancelled_order_is_no_occasion(world, kit):
    world.customer("ada")
    world.order("ada", 3, status="cancelled")
    assert refused(world, kit.campaign("follow-up")) == {"occasion": 1}


def test_an_order_at_or_after_the_moment_does_not_exist(world, kit):
    world.customer("ada")
    world.order("ada", 0)
    world.order("ada", -1)
    assert refused(world, kit.campaign("follow-up")) == {"occasion": 1}


@pytest.mark.parametrize(("days", "rules"), [(7.0, {}), (7.001, {"occasion": 1})])
def test_the_window_reaches_back_exactly_its_days(world, kit, days, rules):
    world.customer("ada", recency_days=days)
    world.order("ada", days)
    assert refused(world, kit.campaign("follow-up")) == rules


def test_the_first_rule_that_says_no_is_the_reason(world, kit):
    world.customer("ada", stage="active", holdout=True, channels=[], contacts_7d=9)
    campaign = kit.win_back(audience=kit.audience(kit.above("overdue", 9)))
    assert refused(world, campaign) == {"stage": 1}
    assert refused(world, replace(campaign, stages=())) == {"audience": 1}
    assert refused(world, kit.win_back(stages=())) == {"holdout": 1}


def test_what_is_not_known_is_not_in_the_audience(world, kit):
    world.customer("ada", overdue=None)
    assert refused(world, kit.win_back(stages=(), audience=kit.audience(kit.above("overdue", 0)))) == {"audience": 1}


def test_an_occasion_is_used_once_by_either_arm(world, kit):
    for name, arm in (("ada", "treated"), ("bob", "control"), ("eve", None)):
        world.customer(name)
        world.order(name, 3, order_id=f"o-{name}")
        if arm:
            world.fact("assignments", 2, customer=name, campaign="follow-up", occasion_key=f"o-{name}", arm=arm)
    assert refused(world, kit.campaign("follow-up")) == {"repeated": 2}
    assert world.chosen() == {"eve"}


def test_the_next_order_is_a_new_occasion(world, kit):
    world.customer("ada")
    world.order("ada", 5, order_id="first")
    world.order("ada", 3, order_id="second")
    world.fact("assignments", 4, customer="ada", campaign="follow-up", occasion_key="first", arm="treated")
    world.decide(kit.campaign("follow-up"))
    assert world.warehouse.fetch("SELECT occasion_key FROM decisions") == [("second",)]


def test_who_reached_the_goal_since_is_left_in_peace(world, kit):
    world.customer("ada")
    world.fact("events", 3, customer="ada", name="Visit Completed", event_id="1", properties="{}")
    world.fact("events", 2, customer="ada", name="Subscription Renewed", event_id="2", properties="{}")
    campaign = kit.campaign(
        "renewal", occasion=Occasion(key="last_order_at", event="Visit Completed", within_days=7),
        goal=Goal("Subscription Renewed", 30),
    )  # fmt: skip
    assert refused(world, campaign) == {"goal_reached": 1}


def test_nobody_without_consent_or_with_a_channel_we_lack_is_chosen(world, kit):
    world.customer("ada", channels=[])
    world.customer("bob", channels=["sms"])
    for name in ("ada", "bob"):
        world.order(name, 3)
    assert refused(world, kit.campaign("follow-up", channels=("sms", "email"))) == {"consent": 2}


def test_channels_are_taken_in_the_campaigns_order(world, kit):
    world.business = replace(
        world.business, channels=(*world.business.channels, type(world.business.channels[0])("sms", "maildir"))
    )
    world.customer("ada", channels=["email", "sms"])
    world.order("ada", 3)
    world.decide(kit.campaign("follow-up", channels=("push", "sms", "email")))
    assert world.warehouse.fetch("SELECT channel FROM decisions") == [("sms",)]


def test_a_complaint_brings_silence_for_as_long_as_the_business_says(world, kit):
    world.customer("ada", last_complaint_at=world.ago(13.9))
    world.customer("bob", last_complaint_at=world.ago(14))
    for name in ("ada", "bob"):
        world.order(name, 3)
    assert refused(world, kit.campaign("follow-up")) == {"complaint": 1}
    assert world.chosen() == {"bob"}


def test_a_campaign_is_silent_after_what_its_file_names(world, kit):
    for name in ("ada", "bob"):
        world.customer(name)
        world.order(name, 3)
    world.fact("events", 4, customer="ada", name="Parcel Lost", event_id="1")
    assert refused(world, kit.campaign("follow-up", quiet_after=(("Parcel Lost", 5.0),))) == {"quiet_after": 1}
    assert world.chosen() == {"bob"}


def test_a_contact_that_still_waits_to_leave_keeps_others_silent_too(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.warehouse.run(
        "INSERT INTO decisions (run_id, as_of, customer_key, campaign, occasion_key, outcome, purpose) "
        "VALUES ('old', ?, ?, 'other', 'k', 'chosen', 'marketing')",
        [world.ago(1), world.keys["ada"]],
    )
    assert refused(world, kit.campaign("follow-up", quiet_after=(("contact", 10.0),))) == {"quiet_after": 1}
    assert refused(world, kit.campaign("follow-up", quiet_after=(("contact", 1.0),))) == {}


def test_the_cap_counts_what_was_sent_and_what_still_waits(world, kit):
    world.customer("ada", contacts_7d=2, contacts_30d=2)
    world.customer("bob", contacts_7d=1, contacts_30d=6)
    world.customer("eve", contacts_7d=1, contacts_30d=5)
    world.customer("joe")
    for name in ("ada", "bob", "eve", "joe"):
        world.order(name, 3)
    for number in (1, 2):
        world.warehouse.run(
            "INSERT INTO decisions (run_id, as_of, customer_key, campaign, occasion_key, outcome, purpose) "
            "VALUES ('old', ?, ?, 'other', ?, 'chosen', 'marketing')",
            [world.ago(1), world.keys["joe"], str(number)],
        )
    assert refused(world, kit.campaign("follow-up")) == {"cap": 3}
    assert world.chosen() == {"eve"}


def test_a_service_message_passes_the_rules_of_advertising(world, kit):
    world.customer("ada", channels=[], holdout=True, contacts_7d=9, contacts_30d=9, last_complaint_at=world.ago(1))
    world.order("ada", 3)
    campaign = kit.campaign("receipt", purpose="service", control=1.0, effect=kit.campaign("x").effect)
    assert world.decide(campaign).chosen == {"receipt": 1}


def test_a_service_message_needs_an_address_and_no_refusal(world, kit):
    world.customer("ada", facts={"email": None})
    world.customer("bob")
    world.customer("eve")
    for name in ("ada", "bob", "eve"):
        world.order(name, 3)
    for who, days, state in (("bob", 5, "granted"), ("bob", 4, "denied"), ("eve", 5, "denied"), ("eve", 4, "granted")):
        world.fact("consents", days, customer=who, channel="email", purpose="service", state=state,
                   consent_id=f"{who}{days}")  # fmt: skip
    assert refused(world, kit.campaign("receipt", purpose="service")) == {"consent": 2}
    assert world.chosen() == {"eve"}


def test_service_and_marketing_do_not_compete(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    decided = world.decide(kit.campaign("receipt", purpose="service"), kit.campaign("follow-up"))
    assert decided.chosen == {"receipt": 1, "follow-up": 1}


@pytest.mark.parametrize(("days_ahead", "is_due"), [(6.9, True), (7.0, False), (-7.0, True), (-7.1, False)])
def test_a_date_counts_from_its_days_before_to_as_many_after(world, kit, days_ahead, is_due):
    world.customer("ada", recency_days=10.0, replacement_due_at=world.ago(-days_ahead))
    occasion = Occasion(key="replacement_due_at", date="replacement_due_at", within_days=7)
    assert bool(world.decide(kit.campaign("replace", occasion=occasion)).chosen["replace"]) is is_due


def test_where_reads_the_events_properties_and_takes_the_latest_that_fits(world, kit):
    world.customer("ada")
    for days, rating in ((4, 5), (3, 4), (2, 1)):
        world.fact("events", days, customer="ada", name="Visit Completed", event_id=str(days),
                   properties=f'{{"rating": {rating}, "visit": "v{days}"}}')  # fmt: skip
    where = kit.audience(("properties.rating >= 4", Compare(">=", Property("rating"), Constant(4))))
    occasion = Occasion(key="visit", event="Visit Completed", where=where, within_days=7)
    world.decide(kit.campaign("thanks", occasion=occasion))
    assert world.warehouse.fetch("SELECT occasion_key FROM decisions") == [("v3",)]


def test_an_event_of_somebody_who_signed_in_later_is_not_known_before(world, kit):
    world.customer("ada")
    world.fact("events", 3, customer="ada", name="Visit Completed", event_id="1", known_at=world.as_of.at)
    occasion = Occasion(key="last_order_at", event="Visit Completed")
    assert refused(world, kit.campaign("thanks", occasion=occasion)) == {"occasion": 1}


def test_profiles_of_another_moment_are_refused_in_a_sentence(world, kit):
    world.customer("ada", as_of=world.ago(1))
    with pytest.raises(TenureError, match="Run `tenure profile --as-of"):
        world.decide(kit.campaign("follow-up"))


def test_offers_only_for_some_leave_the_others_their_message(world, kit):
    world.customer("ada", discount_share=0.9)
    world.customer("bob", discount_share=0.0)
    for name in ("ada", "bob"):
        world.order(name, 3)
    when = kit.audience(("discount_share > 0.5", Compare(">", Column("discount_share"), Constant(0.5))))
    world.decide(kit.campaign("follow-up", offer=kit.Offer("amount", 0.1, when)))
    assert world.warehouse.fetch("SELECT customer_id, offer_kind, offer_value FROM decisions ORDER BY 1") == [
        ("ada", "amount", 0.1), ("bob", None, None)]  # fmt: skip


@pytest.mark.parametrize(("shipping", "promised"), [(None, None), (0, None), (490, "free_shipping")])
def test_free_shipping_is_promised_only_where_shipping_is_paid(world, kit, shipping, promised):
    world.customer("ada")
    world.fact("orders", 3, customer="ada", order_id="o", total=5000, shipping=shipping)
    world.decide(kit.campaign("follow-up", effect=Belief(0.5), offer=kit.Offer("free_shipping")))
    assert world.warehouse.fetch("SELECT offer_kind FROM decisions") == [(promised,)]
