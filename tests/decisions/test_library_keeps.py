"""The library's campaigns for the satisfied, the bound and the leaving: each speaks where it should, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

import pytest

from tenure.campaigns.parse import parse, sorted_messages
from tenure.domain.campaign import Campaign

LIBRARY = resources.files("tenure.campaigns")
Outcomes = dict[tuple[str, str], tuple[str, str | None]]

BOUND = {"orders": 0, "plan": "full", "plan_price": 90.0}
# Whom each campaign was written for, as the profile has them; moments in days before the morning of the decision.
PEOPLE: dict[str, dict[str, Any]] = {
    "replacement-due": {"replacement_product": "p1", "replacement_due_at": -1.0, "recency_days": 20.0},
    "newest-release": {"better_product": "p2", "sale_share": 0.1, "recency_days": 12.0},
    "review-request": {"csat_last": 5.0, "recency_days": 20.0, "gap_expected_days": 30.0, "stage_since": 99.0},
    "referral": {"stage": "loyal", "nps_last": 10.0, "recency_days": 9.0, "stage_since": 99.0},
    "reward-available": {"points": 250, "recency_days": 18.0, "gap_expected_days": 30.0},
    "tier-near": {"recency_days": 6.0},
    "tier-reached": {},
    "milestone": {"orders": 0},
    "challenge": {"orders": 0},
    "donation-impact": {"recency_days": 5.0},
    "membership-invitation": {"member": False, "recency_days": 2.0, "stage_since": 99.0},
    "renewal-by-date": BOUND | {"auto_renew": False, "contract_ends_at": -20.0, "days_to_end": 20.0},
    "renewal-by-use": BOUND | {"auto_renew": False, "contract_ends_at": -60.0, "days_to_end": 60.0},
    "check-details": BOUND | {"auto_renew": True, "contract_ends_at": -50.0, "days_to_end": 50.0},
    "auto-renewal-notice": BOUND | {"auto_renew": True, "contract_ends_at": -15.0, "days_to_end": 15.0},
    "payment-confirmation": BOUND | {"auto_renew": True},
    "still-using": BOUND | {"auto_renew": True, "last_used_at": 120.0, "events_90d": 0},
    "payment-failed": BOUND | {"auto_renew": True},
    "save-before-leaving": {"stage": "at_risk", "recency_days": 12.0, "overdue": 1.7},
    "complaint-recovery": {"last_complaint_at": 5.0},
    "win-back": {"stage": "lapsed", "recency_days": 28.0},
    "exit-survey": BOUND | {"stage": "at_risk"},
    "last-goodbye": {"stage": "lost", "recency_days": 90.0, "events_90d": 0, "stage_since": 40.0},
}
# Others, to whom a campaign must not speak, with the rule that says so.
SILENT: dict[str, tuple[str, dict[str, Any], str]] = {
    "no membership to offer": ("membership-invitation", {"recency_days": 2.0, "stage_since": 9.0}, "audience"),
    "no points": ("reward-available", {"recency_days": 18.0}, "audience"),
    "unhappy": ("review-request", {"csat_last": 2.0, "recency_days": 20.0, "stage_since": 9.0}, "audience"),
    "renews by itself": ("renewal-by-date", BOUND | {"auto_renew": True, "contract_ends_at": -20.0}, "audience"),
    "does not renew": ("auto-renewal-notice", BOUND | {"auto_renew": False, "contract_ends_at": -15.0}, "audience"),
    "use not recorded": ("still-using", BOUND | {"auto_renew": True, "events_90d": 0}, "audience"),
    "buys on sale": ("newest-release", {"better_product": "p2", "sale_share": 0.8}, "audience"),
    "costs too much": (
        "save-before-leaving",
        {"overdue": 1.7, "recency_days": 12.0, "investment": "let_go"},
        "audience",
    ),
    "is not due": ("replacement-due", {"replacement_product": "p1", "replacement_due_at": -9.0}, "occasion"),
    "paid by hand": ("payment-confirmation", BOUND, "occasion"),
    "a question closed": ("complaint-recovery", {}, "occasion"),
}
MOMENTS = ("replacement_due_at", "stage_since", "contract_ends_at", "last_used_at", "last_complaint_at")

PAYMENT = {"payment_id": "p", "subscription_id": "s", "amount": 900}
# What happened to them, as facts: (table, days ago, columns).
HAPPENED: dict[str, list[tuple[str, float, dict[str, Any]]]] = {
    "tier-near": [("events", 2.0, {"name": "Tier Near", "properties": '{"next_tier": "gold"}'})],
    "tier-reached": [("events", 0.2, {"name": "Tier Reached", "properties": '{"tier": "gold"}'})],
    "milestone": [("events", 0.2, {"name": "Milestone Reached", "properties": '{"milestone": "100 runs"}'})],
    "challenge": [("events", 4.0, {"name": "Challenge Joined", "properties": '{"challenge": "June"}'})],
    "donation-impact": [("events", 5.0, {"name": "Donation Made",
                                         "properties": '{"donation_id": "d", "cause": "water"}'})],
    "renewal-by-use": [("events", 1.0, {"name": "Visit Completed", "properties": '{"rating": 5}'})],
    "payment-confirmation": [("payments", 0.5, PAYMENT | {"status": "paid", "automatic": 1})],
    "paid by hand": [("payments", 0.5, PAYMENT | {"payment_id": "h", "status": "paid", "automatic": 0})],
    "payment-failed": [("payments", 0.5, PAYMENT | {"payment_id": "f", "status": "failed"})],
    "exit-survey": [("subscriptions", 300.0, {"subscription_id": "s", "plan": "full", "price": 9000})],
    "complaint-recovery": [("tickets", 5.0, {"ticket_id": "t", "kind": "complaint"})],
    "a question closed": [("tickets", 5.0, {"ticket_id": "q", "kind": "question"})],
}  # fmt: skip
ORDERED = ("review-request", "donation-impact", "membership-invitation", "no membership to offer", "unhappy")


@cache
def library() -> tuple[Campaign, ...]:
    """The campaigns of this page and their steps, with nobody held back."""
    found: list[Campaign] = []
    for name in PEOPLE:
        texts = {file.name: file.read_text("utf-8") for file in LIBRARY.joinpath(name).iterdir()}
        messages, steps = sorted_messages(texts)
        read = parse(name, texts["campaign.yaml"], messages, name, step_messages=steps)
        found += [replace(part, control=0.0) for part in (read, *read.steps)]
    return tuple(found)


@pytest.fixture(scope="module")
def shop(kit: SimpleNamespace) -> Iterator[Any]:
    """A world with all of them in it, for which one decision over these campaigns was taken."""
    world = kit.World()
    ended = {"exit-survey": {"cancelled_at": world.micros(2)}, "complaint-recovery": {"closed_at": world.micros(2)},
             "a question closed": {"closed_at": world.micros(2)}}  # fmt: skip
    for who, profile in (PEOPLE | {who: profile for who, (_, profile, _) in SILENT.items()}).items():
        known = {name: world.ago(value) if name in MOMENTS else value for name, value in profile.items()}
        world.customer(who, **{"tickets_open": 0} | known)
        for table, days, columns in HAPPENED.get(who, []):
            own = {"event_id": who} if table == "events" else {}
            world.fact(table, days, customer=who, **own | columns | ended.get(who, {}))
        if who in ORDERED:
            world.order(who, profile["recency_days"])
    for product, days in (("p1", 400.0), ("p2", 5.0)):
        world.fact("products", product_id=product, name=product, released_at=world.micros(days))
    world.decide(*library())
    yield world
    world.warehouse.close()


@pytest.fixture(scope="module")
def outcomes(shop: Any) -> Outcomes:
    """What that decision said, by customer and campaign."""
    kept: Outcomes = shop.outcomes()
    return kept


@pytest.mark.parametrize("name", PEOPLE)
def test_a_campaign_speaks_to_the_person_it_was_written_for(outcomes: Outcomes, name: str) -> None:
    # Another campaign may be worth more to the same person today; nothing but that may stand in the way.
    assert outcomes.get((name, name)) in (("chosen", None), ("lost", "choice"))


@pytest.mark.parametrize("who", SILENT)
def test_it_says_nothing_where_it_would_be_wrong(shop: Any, who: str) -> None:
    name, _, rule = SILENT[who]
    (written,) = (campaign for campaign in library() if campaign.name == name)
    (verdict,) = shop.explain(who, written).verdicts
    assert verdict.rule == rule


def test_what_is_owed_goes_out_beside_what_is_chosen(outcomes: Outcomes) -> None:
    service = {"auto-renewal-notice", "payment-confirmation", "still-using", "payment-failed", "complaint-recovery"}
    assert {name for name in service if outcomes[name, name] == ("chosen", None)} == service


def test_a_step_waits_for_its_first_message(outcomes: Outcomes) -> None:
    steps = {campaign.name for campaign in library() if campaign.step}
    assert steps == {"payment-failed/reminder", "payment-failed/last", "renewal-by-date/last-week", "win-back/second"}
    assert not [campaign for _, campaign in outcomes if campaign in steps]
