"""`explain` speaks as a colleague would, each no with the customer's own figures."""

from __future__ import annotations

import json

import pytest

from tenure.domain.campaign import Belief, Goal, Occasion
from tenure.domain.errors import TenureError
from tenure.domain.segment import Column, Compare, Constant, Property


def why(world, *campaigns, who="ada", **more):
    return {v.campaign: v.detail for v in world.explain(who, *campaigns, **more).verdicts}


def test_who_this_is_stands_in_one_sentence(world, kit):
    world.customer("ada", stage="at_risk", recency_days=12.0, tenure_days=200.0, profit=180.5, value_rank=0.83)
    assert world.explain("ada").about == (
        "ada is an at-risk customer: 11 orders over 200 days, last order 12 days ago, usually every 7 days; "
        "180.50 USD of profit so far, as much as or more than 83% of buyers."
    )


def test_somebody_without_orders_is_said_to_have_none(world, kit):
    world.customer("ada", stage="prospect", orders=0)
    assert world.explain("ada").about == "ada is a prospect customer who has not ordered yet."


def test_what_is_chosen_is_worked_out_in_money(world, kit):
    world.customer("ada", churn_90d=0.125)
    world.order("ada", 3)
    said = world.explain("ada", kit.campaign("follow-up", goal=Goal(within_days=30), offer=kit.Offer("amount", 0.1)))
    assert said.chosen == (
        "`follow-up` by e-mail, for an order, 3 days ago. It is worth more than silence: the chance of an order within "
        "30 days rises from 50% to 55%, which at 40% margin on 50.00 USD brings 1.00 USD, less 0.06 USD for the offer, "
        "which those who come anyway take too, less 0.0020 USD for the contact, less 0.06 USD for wearing the "
        "customer's patience: 0.88 USD.",
    )


def test_what_lost_says_by_how_much(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    small = kit.campaign("small", effect=Belief(lift=0.01))
    assert why(world, kit.campaign("follow-up"), small)["small"] == (
        "`follow-up` is worth more, by 0.75 USD (0.19 USD for this one)"
    )


def test_an_offer_for_others_is_said_to_be_left_out(world, kit):
    world.customer("ada", discount_share=0.1)
    world.order("ada", 3)
    when = kit.audience(("discount_share > 0.5", Compare(">", Column("discount_share"), Constant(0.5))))
    said = world.explain("ada", kit.campaign("follow-up", offer=kit.Offer("percent", 10, when)))
    assert "without its offer, which is for others" in said.chosen[0]


def test_a_control_customer_is_silence_to_learn(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    said = world.explain("ada", kit.campaign("follow-up", control=1.0))
    assert said.chosen == (
        "Silence, to learn: `follow-up` would have been the best contact, but this customer is one of the 100% left "
        "alone to learn what the campaign changes.",
    )


CASES = [
    ({"stage": "active"}, {"stages": ("lapsed", "lost")},
     "it is for lapsed or lost customers; this one is active: last order 3 days ago, usually every 7 days"),
    ({"orders": 0, "stage": "prospect"}, {"stages": ("lapsed",)},
     "it is for lapsed customers; this one is prospect: no order yet"),
    ({"replacement_due_at": None}, {"occasion": Occasion("replacement_due_at", date="replacement_due_at")},
     "it speaks around the day a replacement is due, which is not known"),
    ({"last_complaint_at": 3}, {}, "the customer complained 3 days ago, and we are silent for 14 days"),
    ({"last_contact_at": 7}, {"quiet_after": (("contact", 28.0),)},
     "we last wrote 7 days ago, and it keeps silent for 28 days after that"),
    ({"contacts_7d": 2, "contacts_30d": 3}, {},
     "the customer heard from us twice in 7 days, where 2 is the most, and 3 times in 30 days, where 6 is the most"),
    ({"channels": []}, {"channels": ("email", "sms")},
     "it speaks on email or sms, and there is consent and an address for nothing"),
    ({}, {"channels": ("push",)}, "it speaks on push, and the business has set up none of these channels"),
    ({"holdout": True}, {},
     "this customer is one of the 5% whom all campaigns leave alone, so that their effect can be measured"),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "campaign", "sentence"), CASES)
def test_each_no_has_its_own_figures(world, kit, profile, campaign, sentence):
    moments = {name: world.ago(days) for name, days in profile.items() if name.endswith("_at") and days is not None}
    world.customer("ada", **(profile | moments))
    if profile.get("orders", 1):
        world.order("ada", 3)
    assert why(world, kit.campaign("c", **campaign)) == {"c": sentence}


def test_an_audience_names_each_term_that_does_not_hold(world, kit):
    world.customer("ada", tickets_open=2)
    closed = ("tickets_open = 0", Compare("=", Column("tickets_open"), Constant(0)))
    terms = kit.audience(kit.above("overdue", 1.5), closed, kit.above("orders", 2))
    assert why(world, kit.win_back(stages=(), audience=terms))["win-back"] == (
        "`overdue > 1.5` does not hold: overdue is 0.43; `tickets_open = 0` does not hold: tickets_open is 2"
    )


@pytest.mark.parametrize(("days", "where", "sentence"), [
    (None, False, "it follows an order, and there has been none"),
    (12, False, "it follows an order of the last 7 days, and the latest was 12 days ago"),
    (3, True, "an order was 3 days ago, but an occasion must have its order_id and meet `properties.total > 90`"),
])  # fmt: skip
def test_a_missing_occasion_says_what_there_was(world, kit, days, where, sentence):
    world.customer("ada")
    if days:
        world.order("ada", days)
    tree = Compare(">", Property("total"), Constant(90))
    occasion = Occasion(
        "order_id", "Order Completed", kit.audience(("properties.total > 90", tree)) if where else None, 7
    )
    assert why(world, kit.campaign("c", occasion=occasion))["c"] == sentence


def test_a_used_occasion_and_a_reached_goal_are_named(world, kit):
    world.customer("ada")
    world.order("ada", 3, order_id="o1")
    world.fact("assignments", 2, customer="ada", campaign="a", occasion_key="o1", arm="treated")
    world.fact("events", 2, customer="ada", name="Review Written", event_id="1")
    said = why(world, kit.campaign("a"), kit.campaign("b", goal=Goal("Review Written")))
    assert said == {"a": "it speaks once for each occasion, and an order 3 days ago was already used",
                    "b": "its goal, `Review Written`, was reached after the occasion"}  # fmt: skip


def test_what_costs_more_than_it_brings_shows_the_sum(world, kit):
    world.customer("ada", churn_90d=0.125)
    world.order("ada", 3)
    said = why(world, kit.campaign("c", goal=Goal(within_days=30), offer=kit.Offer("percent", 20)))["c"]
    assert said.startswith("it would cost more than it brings: the chance of an order within 30 days rises from 50%")
    assert said.endswith(": −4.56 USD")


def test_facts_that_arrived_after_the_run_are_said_and_a_changed_answer_too(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.decide(kit.campaign("follow-up"))
    same = world.explain("ada", kit.campaign("follow-up"), run_id="run-1", decided_at=world.as_of.at)
    assert same.is_as_recorded and not same.arrived and "arrived" not in same.text()
    world.fact("tickets", 1, received_ago=-1, customer="ada", ticket_id="t1", kind="complaint")
    world.warehouse.run("UPDATE profiles SET last_complaint_at = ?", [world.ago(1)])
    later = world.explain("ada", kit.campaign("follow-up"), run_id="run-1", decided_at=world.as_of.at)
    assert not later.is_as_recorded
    assert later.text().endswith(
        "Facts about the time before arrived after the run: 1 in tickets.\n"
        "The run itself chose `follow-up`; what is said above is what today's facts and settings give."
    )


def test_machines_get_the_same_with_the_parts_of_the_money(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.decide(kit.campaign("follow-up"), kit.win_back())
    said = world.explain("ada", kit.campaign("follow-up"), kit.win_back(), run_id="run-1").as_json()
    assert json.loads(json.dumps(said)) == said
    assert [(v["campaign"], v["outcome"], v["rule"]) for v in said["verdicts"]] == [
        ("follow-up", "chosen", None), ("win-back", "refused", "stage")]  # fmt: skip
    money = said["verdicts"][0]["money"]
    parts = money["gain"] - money["discount"] - money["contact_cost"] - money["wear"]
    assert money["worth"] == pytest.approx(parts) == pytest.approx(said["verdicts"][0]["worth"])
    assert said["recorded"] == [["follow-up", "chosen"]] and said["is_as_recorded"]


def test_somebody_nobody_knows_is_refused_in_a_sentence(world, kit):
    with pytest.raises(TenureError, match="with the id `ghost` was known"):
        world.explain("ghost", kit.campaign("follow-up"))


def test_many_campaigns_that_are_not_for_this_customer_are_counted_unless_all_are_asked_for(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    others = [kit.campaign(f"other-{number}", stages=("lost",)) for number in range(9)]
    said = world.explain("ada", kit.campaign("best"), kit.campaign("less", effect=Belief(0.001)), *others)
    short = said.text(everything=False)
    assert "- less: " in short and "- 9 more: 9 for other stages." in short and "other-3" not in short
    assert "- other-3: it is for lost customers" in said.text()
