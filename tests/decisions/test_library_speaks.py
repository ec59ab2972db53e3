"""Each campaign of the library finds the person it was written for, in one decision among all the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

import pytest

from tenure.campaigns.parse import parse, sorted_messages
from tenure.domain.campaign import Campaign

LIBRARY = resources.files("tenure.campaigns")
EPOCH = date(1970, 1, 1)


@cache
def library() -> tuple[Campaign, ...]:
    """Every campaign and step, with nobody held back."""
    found: list[Campaign] = []
    for folder in sorted((e for e in LIBRARY.iterdir() if e.joinpath("campaign.yaml").is_file()), key=lambda e: e.name):
        texts = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
        messages, steps = sorted_messages(texts)
        read = parse(folder.name, texts["campaign.yaml"], messages, folder.name, step_messages=steps)
        found += [replace(part, control=0.0) for part in (read, *read.steps)]
    return tuple(found)


# Whom each campaign was written for, as the profile has them; days are counted back from the morning of the decision.
PEOPLE: dict[str, dict[str, Any]] = {
    "welcome": {"stage": "prospect", "orders": 0, "stage_since": 1.0},
    "cultural-moments": {"country": "SE"},
    "whats-new": {"events_30d": 6},
    "abandoned-cart": {"cart_value": 40.0, "cart_at": 0.3},
    "abandoned-browsing": {"events_7d": 5, "recency_days": 12.0},
    "paywall-preview": {"stage": "prospect", "orders": 0, "events_30d": 12},
    "trial-ending": {"stage": "trial", "orders": 0, "plan": "light", "plan_price": 6.0, "trial_ends_at": -2.5},
    "plan-upgrade": {"plan": "light", "plan_price": 6.0, "events_30d": 40, "engagement_trend": 0.4},
    "add-on": {"plan": "full", "plan_price": 10.0, "events_30d": 9},
    "thank-you": {"stage": "new", "orders": 1, "first_order_at": 1.0, "recency_days": 1.0},
    "follow-up": {"recency_days": 4.0},
    "second-order": {"stage": "new", "orders": 1, "first_order_at": 8.0, "recency_days": 8.0},
    "discount-to-habit": {"orders": 3, "discount_share": 0.8, "recency_days": 8.0},
    "satisfaction-survey": {"stage_since": 200.0, "recency_days": 6.0},
    "cross-sell": {"next_product": "p1", "recency_days": 8.0},
    "up-sell": {"better_product": "p2", "discount_share": 0.1, "recency_days": 6.0},
    "new-product": {"top_category": "coffee"},
    "sale": {"sale_share": 0.7},
    "vip-offer": {"value_rank": 0.9, "recency_days": 8.0},
    "birthday": {},
    "anniversary": {"first_order_at": 731.0},
    "season-opening": {"top_category": "garden", "recency_days": 9.0},
    "newsletter": {"top_category": "tea"},
}
MOMENTS = ("stage_since", "cart_at", "trial_ends_at", "first_order_at")
# What happened to them, as facts: (table, days ago, columns).
HAPPENED: dict[str, list[tuple[str, float, dict[str, Any]]]] = {
    "abandoned-cart": [("events", 0.3, {"name": "Product Added", "properties": '{"product_id": "p1"}'})],
    "abandoned-browsing": [("events", 1.5, {"name": "Product Viewed", "properties": '{"product_id": "p1"}'})],
    "paywall-preview": [("events", 0.2, {"name": "Paywall Viewed", "properties": '{"content_id": "c7"}'})],
    "add-on": [("payments", 33.0, {"payment_id": "1", "subscription_id": "s", "amount": 1000, "status": "paid"}),
               ("payments", 3.0, {"payment_id": "2", "subscription_id": "s", "amount": 1000, "status": "paid"})],
}  # fmt: skip
ORDERED = ("thank-you", "follow-up", "second-order", "satisfaction-survey", "cross-sell")


@pytest.fixture(scope="module")
def outcomes(kit: SimpleNamespace) -> Iterator[dict[tuple[str, str], tuple[str, str | None]]]:
    """What one decision over the whole library said of each person and campaign."""
    world = kit.World()
    today = (kit.NOW.date() - EPOCH).days
    for who, profile in PEOPLE.items():
        known = {name: world.ago(value) if name in MOMENTS else value for name, value in profile.items()}
        born = {"birthday": (kit.NOW.date().replace(year=1990) - timedelta(days=1) - EPOCH).days}
        world.customer(who, facts=born if who == "birthday" else {}, **{"tickets_open": 0} | known)
        for table, days, columns in HAPPENED.get(who, []):
            world.fact(table, days, customer=who, **({"event_id": who} if table == "events" else {}) | columns)
        if who in ORDERED:
            world.order(who, profile["recency_days"])
    for kind, first, last, theirs in (("holiday", 3, 3, {"country": "SE"}), ("sale", 0, 5, {}),
                                      ("season", 6, 90, {"category": "garden"})):  # fmt: skip
        world.fact("occasions", occasion_id=kind, name=kind, kind=kind, starts_on=today + first, ends_on=today + last,
                   **theirs)  # fmt: skip
    for product, category, days in (("p1", "coffee", 400.0), ("p2", "tea", 300.0), ("p3", "coffee", 1.5)):
        world.fact("products", product_id=product, name=product, category=category, released_at=world.micros(days))
    world.decide(*library())
    yield world.outcomes()
    world.warehouse.close()


@pytest.mark.parametrize("name", PEOPLE)
def test_a_campaign_would_speak_to_the_person_it_was_written_for(
    outcomes: dict[tuple[str, str], tuple[str, str | None]], name: str
) -> None:
    # Another campaign may be worth more to the same person today; nothing but that may stand in the way.
    assert outcomes.get((name, name)) in (("chosen", None), ("lost", "choice"))


def test_the_newsletter_yields_to_whatever_there_is_to_say(
    outcomes: dict[tuple[str, str], tuple[str, str | None]],
) -> None:
    assert outcomes["newsletter", "newsletter"] == ("chosen", None)
    assert outcomes["new-product", "newsletter"] == ("lost", "choice")
