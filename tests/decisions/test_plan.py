"""Chosen contacts become messages with an address, a language, an hour and everything the template may know."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from tenure.domain.campaign import Occasion
from tenure.domain.errors import TenureError
from tenure.domain.message import message_key
from tenure.domain.moments import to_micros
from tenure.domain.segment import Column, IsNull, Not
from tenure.operations.known import about
from tenure.operations.plan import plan

SHELF = [("p1", "tea"), ("p2", "tea"), ("p3", "tea"), ("p4", "coffee"), ("p5", "coffee"), ("p6", "tea"), ("p7", "tea")]


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


def shelf(world):
    """Seven products that others bought last month, the earlier in the list the more of them, all new but the last."""
    for place, (product, category) in enumerate(SHELF):
        released = None if product == "p7" else world.micros(20 + place)
        world.fact("products", product_id=product, name=product.upper(), category=category, price=500,
                   released_at=released)  # fmt: skip
        for buyer in range(9 - place):
            line(world, f"other-{buyer}", product, 30)


def line(world, who, product, days_ago):
    if who not in world.keys:
        world.customer(who, stage="lost")
    world.fact("order_lines", days_ago, customer=who, order_id=f"{who}-{product}", product_id=product, line=1)


def lists(world, kit, **profile):
    world.customer("ada", **profile)
    world.order("ada", 3)
    world.decide(campaign := kit.campaign("news", stages=("active",)))
    found = plan("run-1", [campaign], world.decisions, world.as_of, world.business, ["news"])
    context = json.loads(next(found).context)
    return {name: [product["product_id"] for product in context[name]] for name in ("picks", "news")}


def test_picks_are_what_the_models_expect_then_what_others_buy_in_the_own_category(world, kit):
    shelf(world)
    assert lists(world, kit, top_category="coffee", next_product="p3")["picks"] == ["p3", "p4", "p5", "p1"]


def test_of_products_that_share_a_name_one_is_shown(world, kit):
    shelf(world)
    world.warehouse.run("UPDATE facts.products SET name = 'Green tea' WHERE product_id IN ('p1', 'p2')")
    assert lists(world, kit, top_category="tea")["picks"] == ["p1", "p3", "p6", "p7"]


def test_news_are_the_newest_releases_own_category_first(world, kit):
    shelf(world)
    assert lists(world, kit, top_category="coffee")["news"] == ["p4", "p5", "p1", "p2"]


def test_what_was_bought_is_not_shown_again_and_what_is_not_yet_known_not_at_all(world, kit):
    shelf(world)
    world.customer("ada-too")
    line(world, "ada-too", "p4", 40)
    world.fact("products", product_id="p9", name="P9", category="coffee", released_at=world.micros(0))
    line(world, "other-1", "p9", 0)
    world.order("ada-too", 3)
    world.warehouse.run("UPDATE profiles SET top_category = 'coffee' WHERE customer_id = 'ada-too'")
    world.decide(campaign := kit.campaign("news", stages=("active",)))
    (message,) = plan("run-1", [campaign], world.decisions, world.as_of, world.business, ["news"])
    context = json.loads(message.context)
    assert [product["product_id"] for product in context["picks"]] == ["p5", "p1", "p2", "p3"]
    assert [product["product_id"] for product in context["news"]] == ["p5", "p1", "p2", "p3"]


def test_lists_are_looked_up_for_those_who_show_them_alone(world, kit):
    shelf(world)
    world.customer("ada", top_category="coffee")
    world.order("ada", 3)
    (message,) = planned(world, kit.campaign("follow-up", stages=("active",)))
    context = json.loads(message.context)
    assert context["picks"] == context["news"] == []


def test_a_message_is_about_the_product_that_the_event_names(world, kit):
    world.fact("products", product_id="p1", name="Water filter", price=1999)
    world.fact("products", product_id="p2", name="Kettle", price=2999)
    world.customer("ada", next_product="p2")
    world.fact("events", 1, customer="ada", event_id="e1", name="Product Viewed", properties='{"product_id": "p1"}')
    occasion = Occasion(key="properties.product_id", event="Product Viewed", within_days=3)
    (message,) = planned(world, kit.campaign("browsing", occasion=occasion))
    assert json.loads(message.context)["product"]["product_id"] == "p1"


@pytest.mark.parametrize(
    ("occasion", "column", "word"),
    [(Occasion("order_id", event="Order Completed"), None, "occasion"),
     (Occasion("properties.product_id", release="better"), "replacement_due_at", "occasion"),
     (Occasion("order_id", event="Order Completed"), "next_product", "next"),
     (Occasion("replacement_due_at", date="replacement_due_at"), None, "replacement"),
     (Occasion("last_order_at"), "better_product", "better"), (Occasion("last_order_at"), None, "next")],
)  # fmt: skip
def test_what_a_campaign_is_about(kit, occasion, column, word):
    audience = kit.audience(("x", Not(IsNull(Column(column))))) if column else kit.audience()
    assert about(kit.campaign("x", occasion=occasion, audience=audience)) == word


def test_a_periods_message_is_over_with_the_period(world, kit):
    world.customer("ada")
    for schedule, day in (("day", 4), ("week", 10)):
        occasion = Occasion(key="period", schedule=schedule)
        (message,) = planned(world, kit.campaign(f"news-{schedule}", occasion=occasion, purpose="service"))
        midnight = to_micros(datetime.combine(date(2024, 6, day), datetime.min.time(), UTC))
        assert message.expires_at == max(midnight, world.micros(-1))
