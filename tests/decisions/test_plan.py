"""Chosen contacts become messages with an address, a language, an hour and everything the template may know."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tenure.domain.campaign import Occasion
from tenure.domain.errors import TenureError
from tenure.domain.message import message_key
from tenure.domain.moments import to_micros
from tenure.domain.segment import Column, IsNull, Not
from tenure.operations.plan import plan


def planned(world, *campaigns):
    world.decide(*campaigns)
    return list(plan("run-1", campaigns, world.decisions, world.as_of, world.business))


def test_a_message_has_its_key_address_hour_and_price(world, kit):
    world.customer("ada", facts={"timezone": "America/New_York"})
    world.order("ada", 3, order_id="o1")
    (message,) = planned(world, kit.campaign("follow-up"))
    assert (message.key, message.recipient) == (message_key("follow-up", "ada", "o1"), "ada@example.org")
    # Six in the morning in London is two at night in New York; eight there is noon in UTC.
    assert message.not_before == to_micros(datetime(2024, 6, 3, 12, 0, tzinfo=UTC))
    assert message.expires_at == world.micros(3 - 7)
    assert message.cost_milli_minor == 200


def test_planning_again_gives_the_same_messages(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    assert planned(world, kit.campaign("follow-up")) == planned(world, kit.campaign("follow-up"))


def test_a_service_message_does_not_wait_for_the_morning(world, kit):
    world.customer("ada", facts={"timezone": "America/New_York"})
    world.order("ada", 3)
    (message,) = planned(world, kit.campaign("receipt", purpose="service"))
    assert message.not_before == world.as_of.at


def test_a_reason_found_at_the_last_moment_survives_the_night(world, kit):
    world.customer("ada", recency_days=6.99, facts={"timezone": "America/New_York"})
    world.order("ada", 6.99)
    (message,) = planned(world, kit.campaign("follow-up"))
    assert message.expires_at - message.not_before == 86_400_000_000


def test_the_language_is_the_nearest_that_is_written(world, kit):
    for who, locale in (("ada", "de-AT"), ("bob", "pt_BR"), ("eve", "fi"), ("joe", None)):
        world.customer(who, locale=locale)
        world.order(who, 3)
    messages = planned(world, kit.campaign("follow-up", locales=("en", "de", "pt-BR")))
    assert {m.customer_id: m.locale for m in messages} == {"ada": "de", "bob": "pt-BR", "eve": "en", "joe": "en"}


def test_the_template_knows_customer_product_occasion_offer_and_shop(world, kit):
    world.fact("products", product_id="p1", name="Water filter", price=1999, url="https://shop.example/p1")
    world.customer("ada", replacement_product="p1", replacement_due_at=world.ago(-1), overdue=None)
    campaign = kit.campaign(
        "replace", occasion=Occasion(key="replacement_due_at", date="replacement_due_at", within_days=4),
        audience=kit.audience(("x", Not(IsNull(Column("replacement_product"))))), offer=kit.Offer("percent", 0.1),
    )  # fmt: skip
    (message,) = planned(world, campaign)
    context = json.loads(message.context)
    assert context["product"]["name"] == "Water filter"
    assert context["product"]["price"] == 19.99
    assert context["customer"]["first_name"] == "Ada"
    assert context["customer"]["last_order_at"] == "2024-05-31T06:00:00+00:00"
    assert context["occasion"]["at"] == "2024-06-04T06:00:00+00:00"
    assert context["offer"]["text"] == "0.1% off"
    assert context["shop"]["name"] == "The Shop"
    assert "customer_key" not in context["customer"]


def test_a_message_without_an_offer_says_so(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    (message,) = planned(world, kit.campaign("follow-up"))
    assert json.loads(message.context)["offer"] is None
    assert json.loads(message.context)["product"] == {}


def test_who_lost_the_address_meanwhile_gets_no_message(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.decide(kit.campaign("follow-up"))
    world.warehouse.run("UPDATE facts.customers SET email = NULL")
    assert not list(plan("run-1", [kit.campaign("follow-up")], world.decisions, world.as_of, world.business))


def test_a_campaign_that_is_gone_is_named(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.decide(kit.campaign("follow-up"))
    with pytest.raises(TenureError, match="`follow-up`"):
        plan("run-1", [], world.decisions, world.as_of, world.business)
