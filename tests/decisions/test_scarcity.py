"""Channels that carry only so much a day, and money that is only so much: the most worth in all, and never too much."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.domain.business import ChannelSettings, ContactRules
from tenure.domain.campaign import Belief


@pytest.fixture(scope="module")
def crowd(request):
    """Forty weekly buyers of 10 to 400 an order, who allow e-mail and text messages."""
    kit = request.getfixturevalue("kit")
    made = kit.World()
    for number in range(40):
        made.customer(f"c{number}", facts={"phone": "+31600000000"}, average_order=10.0 * (number + 1),
                      channels=["email", "sms"])  # fmt: skip
        made.order(f"c{number}", 3)
    yield made
    made.warehouse.close()


def shop(world, email=None, sms=None, **contact):
    channels = (ChannelSettings("email", "maildir", 200, per_day=email),
                ChannelSettings("sms", "recorder", 5000, per_day=sms))  # fmt: skip
    world.business = replace(world.business, channels=channels, contact=ContactRules(**contact), holdout=0)
    world.warehouse.run("DELETE FROM decisions")
    world.warehouse.run("DELETE FROM facts.assignments")


def spoken(world, columns="customer_id, channel"):
    return world.warehouse.fetch(f"SELECT {columns} FROM decisions WHERE outcome = 'chosen' ORDER BY customer_key")


def test_a_full_channel_carries_those_who_gain_most(crowd, kit):
    shop(crowd, email=5)
    decided = crowd.decide(kit.campaign("a"))
    assert {who for who, _ in spoken(crowd)} == {f"c{number}" for number in range(35, 40)}
    assert decided.refused["a"] == {"capacity": 35}
    amount, rate = decided.limits["email"]
    assert amount == 5 and rate > 0
    assert "one more would bring" in decided.sentences()[1]


def test_who_finds_no_room_on_the_first_channel_hears_on_the_next(crowd, kit):
    shop(crowd, email=5)
    crowd.decide(kit.campaign("a", channels=("email", "sms")))
    found = dict(spoken(crowd))
    assert sum(channel == "email" for channel in found.values()) == 5
    assert len(found) > 30 and all(found[f"c{number}"] == "email" for number in range(36, 40))


def test_money_goes_where_it_brings_most(crowd, kit):
    shop(crowd, budget=100.0)
    decided = crowd.decide(kit.campaign("a", offer=kit.Offer("percent", 4), effect=Belief(0.2)))
    cost = sum(row[0] for row in spoken(crowd, "contact_cost + discount_cost"))
    assert 0 < cost <= 100 and decided.refused["a"]["budget"] > 0
    assert decided.limits["budget"][1] > 0


def test_a_budget_of_nothing_keeps_silent_and_says_so(crowd, kit):
    shop(crowd, budget=0.0)
    assert crowd.decide(kit.campaign("a")).refused["a"] == {"budget": 40}


def test_a_campaign_and_its_steps_share_one_budget(crowd, kit):
    shop(crowd)
    dear = {"offer": kit.Offer("percent", 4), "effect": Belief(0.2), "budget": 60.0}
    crowd.decide(kit.campaign("a", **dear), kit.campaign("a/more", **dear))
    assert 0 < sum(row[0] for row in spoken(crowd, "contact_cost + discount_cost")) <= 60


def test_what_was_spent_in_thirty_days_and_said_today_is_gone(crowd, kit):
    shop(crowd, email=5, budget=1000.0)
    crowd.warehouse.run(
        "INSERT INTO decisions (run_id, as_of, customer_key, campaign, occasion_key, outcome, purpose, channel, "
        "contact_cost, discount_cost) SELECT 'old', ?, 1, 'other', CAST(n AS VARCHAR), 'chosen', 'service', 'email', "
        "1, 0 FROM range(3) r(n)", [crowd.ago(0.1)],
    )  # fmt: skip
    decided = crowd.decide(kit.campaign("a"))
    assert decided.limits["email"][0] == 2 and decided.limits["budget"][0] == 997
    assert len(spoken(crowd)) == 5, "two beside the three of this morning"


def test_service_messages_come_before_all_others(crowd, kit):
    shop(crowd, email=43)
    decided = crowd.decide(kit.campaign("a"), kit.campaign("receipt", purpose="service"))
    assert decided.chosen == {"a": 3, "receipt": 40}


def test_the_offer_is_promised_where_it_pays_and_left_away_where_it_does_not(crowd, kit):
    shop(crowd)
    crowd.warehouse.run("UPDATE profiles SET overdue = 9, frequency = 1 WHERE customer_key > 20")
    crowd.decide(kit.campaign("a", offer=kit.Offer("percent", 5, lift=0.1), effect=Belief(0.02)))
    promised = dict(spoken(crowd, "customer_id, offer_kind"))
    assert {who for who, kind in promised.items() if kind} == {f"c{number}" for number in range(20, 40)}
    assert len(promised) == 40
    crowd.warehouse.run("UPDATE profiles SET overdue = 3 / 7.0, frequency = 10")


def test_explain_says_which_limit_stood_in_the_way(crowd, kit):
    shop(crowd, email=5)
    campaign = kit.campaign("a")
    crowd.decide(campaign)
    said = crowd.explain("c0", campaign, run_id="run-1")
    assert said.is_as_recorded and said.verdicts[0].rule == "capacity"
    assert "only so many can be reached a day" in said.verdicts[0].detail
    assert crowd.explain("c39", campaign, run_id="run-1").verdicts[0].rule is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(email=st.integers(0, 45), sms=st.none() | st.integers(0, 10), budget=st.none() | st.floats(0, 300),
       own=st.none() | st.floats(0, 50))  # fmt: skip
def test_no_limit_is_ever_passed_and_every_no_has_its_rule(crowd, kit, email, sms, budget, own):
    shop(crowd, email, sms, budget=budget)
    both = ("email", "sms")
    campaigns = [kit.campaign("a", channels=both, budget=own, offer=kit.Offer("percent", 3, lift=0.05)),
                 kit.campaign("b", effect=Belief(0.04)),
                 kit.campaign("c", channels=("sms",), effect=Belief(0.06))]  # fmt: skip
    decided = crowd.decide(*campaigns)
    rows = spoken(crowd, "channel, campaign, contact_cost + discount_cost, worth")
    assert sum(row[0] == "email" for row in rows) <= email
    assert sms is None or sum(row[0] == "sms" for row in rows) <= sms
    assert budget is None or sum(row[2] for row in rows) <= budget + 1e-6
    assert own is None or sum(row[2] for row in rows if row[1] == "a") <= own + 1e-6
    assert all(row[3] > 0 for row in rows)
    for name, refused in decided.refused.items():
        assert decided.chosen[name] + sum(refused.values()) == 40
