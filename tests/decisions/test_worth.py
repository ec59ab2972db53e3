"""The worth of a contact, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.decisions.eligibility import flags
from tenure.decisions.worth import NEXT_CHANNEL, Appraisal, Worth, chance_alone
from tenure.domain.business import Business, ChannelSettings, ContactRules
from tenure.domain.campaign import Belief, Goal, Offer
from tenure.domain.learned import Learned, Lift

BUSINESS = Business(channels=(ChannelSettings("email", "maildir", 200),),
                    contact=ContactRules(unsubscribe_risk=0.001, fatigue=0.05))  # fmt: skip


def rows(**changes) -> pa.Table:
    one = {
        "gap_expected_days": 7.0, "overdue": 3 / 7, "frequency": 10, "churn_90d": None, "revenue": 550.0,
        "margin": 220.0, "goal_value": 50.0, "offer_ok": True, "channel": "email", "pressure_30d": 2, "shipping": 4.0,
        "cost_to_serve": None, "stage": "active", "path": None,
    } | changes  # fmt: skip
    kinds = {
        "stage": pa.string(),
        "path": pa.string(),
        "channel": pa.string(),
        "offer_ok": pa.bool_(),
        "frequency": pa.int64(),
        "pressure_30d": pa.int64(),
    }
    return pa.table({name: pa.array([found], kinds.get(name, pa.float64())) for name, found in one.items()})


def value(table: pa.Table, campaign, business: Business) -> Worth:
    return Appraisal(table, campaign, business).by(0, flags(table, "offer_ok"))


def test_a_worked_example_with_an_offer(kit):
    """Weekly buyer, last order three days ago, ten percent off an order of 50 at 40% margin, 14 days to order."""
    alive = 1 / (1 + math.exp(3 / 7) / 11)
    p0 = alive * (1 - math.exp(-14 / 7))
    lift = min(0.05, 1 - p0)
    gain = lift * 0.4 * 50
    discount = (p0 + lift) * 5.0
    wear = 0.001 * gain * 2 * 365 / 30 + 0.05 * gain * 2
    worth = value(rows(), kit.campaign("x", offer=Offer("percent", 10)), BUSINESS)
    assert worth.p0[0] == pytest.approx(p0) and p0 == pytest.approx(0.7588, abs=1e-4)
    assert worth.discount[0] == pytest.approx(discount)
    assert worth.contact_cost[0] == pytest.approx(0.002)
    assert worth.wear[0] == pytest.approx(wear)
    assert worth.worth[0] == pytest.approx(gain - discount - 0.002 - wear)
    assert worth.worth[0] < -3, "ten percent off for somebody who comes anyway loses money"


def test_the_same_contact_without_the_offer_earns(kit):
    assert value(rows(), kit.campaign("x"), BUSINESS).worth[0] == pytest.approx(0.873, abs=5e-3)


def test_nobody_becomes_more_than_certain(kit):
    worth = value(rows(frequency=10**9, overdue=0.0, gap_expected_days=0.1),
                  kit.campaign("x", effect=Belief(lift=0.9), offer=Offer("amount", 5)), BUSINESS)  # fmt: skip
    assert worth.p0[0] == pytest.approx(1.0)
    assert worth.lift[0] == pytest.approx(0.0, abs=1e-6)
    assert worth.discount[0] == pytest.approx(5.0)


@given(st.floats(0, 1e6), st.floats(0.01, 1e4), st.integers(0, 1000), st.floats(0.1, 365))
def test_the_chance_is_one_and_fades_with_silence(overdue, gap, frequency, days):
    from tenure.domain.campaign import Audience, Campaign, Occasion

    campaign = Campaign("x", "1", "x", "marketing", (), Audience(""), Occasion("last_order_at"), ("email",),
                        Goal(within_days=days), Belief())  # fmt: skip
    table = rows(overdue=overdue, gap_expected_days=gap, frequency=frequency)
    later = rows(overdue=overdue + 1, gap_expected_days=gap, frequency=frequency)
    assert 0 <= chance_alone(later, campaign)[0] <= chance_alone(table, campaign)[0] <= 1


def test_a_fitted_model_speaks_before_the_rhythm(kit):
    campaign = kit.campaign("x", goal=Goal(within_days=45))
    assert chance_alone(rows(churn_90d=0.36), campaign)[0] == pytest.approx(1 - 0.6)


def test_somebody_without_orders_has_no_chance_alone(kit):
    table = rows(overdue=None, gap_expected_days=None, frequency=None, revenue=None, margin=None)
    worth = value(table, kit.campaign("x"), BUSINESS)
    assert (worth.p0[0], worth.margin[0]) == (0.0, 0.3)


def test_free_shipping_costs_what_shipping_costs_and_a_gift_what_it_cost(kit):
    for offer, price in ((Offer("free_shipping"), 4.0), (Offer("gift", 3.0), 3.0), (Offer("amount", 80.0), 50.0)):
        worth = value(rows(), kit.campaign("x", offer=offer), BUSINESS)
        assert worth.discount[0] == pytest.approx((worth.p0[0] + worth.lift[0]) * price)


def test_an_offer_that_is_for_others_costs_nothing(kit):
    assert value(rows(offer_ok=False), kit.campaign("x", offer=Offer("amount", 5)), BUSINESS).discount[0] == 0


def test_a_later_channel_of_the_file_is_believed_to_move_less(kit):
    campaign, nobody = kit.campaign("x", channels=("email", "sms")), np.array([False])
    first, second = (Appraisal(rows(), campaign, BUSINESS).by(place, nobody) for place in (0, 1))
    assert second.lift[0] == pytest.approx(first.lift[0] * NEXT_CHANNEL)


def test_who_costs_more_to_serve_than_they_bring_is_worth_no_effort(kit):
    assert value(rows(cost_to_serve=400.0), kit.campaign("x"), BUSINESS).worth[0] < 0


def test_results_move_the_lift_by_stage_and_path(kit):
    lifts = {("x", None, None): Lift(0.01, 0.002), ("x", "active", None): Lift(0.02, 0.003),
             ("x", "active", "discount"): Lift(0.04, 0.004)}  # fmt: skip
    learned = Learned(lifts, redeemed={"x": 0.5}, unsubscribed={"email": 0.01})
    for path, lift in ((None, 0.02), ("active", 0.02), ("discount", 0.04)):
        one = Appraisal(rows(path=path), kit.campaign("x", offer=Offer("amount", 5)), BUSINESS, learned)
        worth = one.by(0, np.array([True]))
        assert worth.lift[0] == pytest.approx(lift)
        assert worth.discount[0] == pytest.approx((worth.p0[0] + lift) * 5 * 0.5)
        assert worth.wear[0] == pytest.approx(worth.gain[0] * 2 * (0.01 * 365 / 30 + 0.05))
    assert Appraisal(rows(stage="lapsed"), kit.campaign("x"), BUSINESS, learned).lift[0] == 0.01
    assert Appraisal(rows(), kit.campaign("other"), BUSINESS, learned).lift[0] == 0.05


def test_a_measured_lift_holds_that_of_the_offer_already_as_far_as_it_was_promised(kit):
    campaign = kit.campaign("x", offer=Offer("amount", 5, lift=0.02))
    learned = Learned({("x", None, None): Lift(0.03, 0.01, 900)}, promised={"x": 0.25})
    for offered, stated, measured in ((True, 0.07, 0.045), (False, 0.05, 0.025)):
        promise = np.array([offered])
        assert Appraisal(rows(), campaign, BUSINESS).by(0, promise).lift[0] == pytest.approx(stated)
        assert Appraisal(rows(), campaign, BUSINESS, learned).by(0, promise).lift[0] == pytest.approx(measured)


def test_a_goal_that_is_no_order_begins_where_the_control_group_ended(kit):
    campaign = kit.campaign("x", goal=Goal("Visit Completed"))
    assert chance_alone(rows(), campaign)[0] == 0
    assert chance_alone(rows(), campaign, Learned(alone={"x": 0.3}))[0] == 0.3


def test_the_more_somebody_hears_the_more_a_contact_wears(kit):
    wear = [value(rows(pressure_30d=n), kit.campaign("x"), BUSINESS).wear[0] for n in (0, 1, 3, 6)]
    assert wear[0] == wear[1] < wear[2] < wear[3]


def test_own_margin_counts_within_reason(kit):
    assert value(rows(margin=-9000.0), kit.campaign("x"), BUSINESS).margin[0] == -1.0
    assert value(rows(margin=900.0), kit.campaign("x"), BUSINESS).margin[0] == 1.0


def test_a_currency_without_cents_prices_contacts_rightly(kit):
    yen = replace(BUSINESS, currency="JPY", channels=(ChannelSettings("email", "maildir", 200),))
    assert value(rows(), kit.campaign("x"), yen).contact_cost[0] == pytest.approx(0.2)


def test_worth_is_the_sum_of_its_parts(kit):
    worth = value(rows(), kit.campaign("x", offer=Offer("percent", 10)), BUSINESS)
    assert np.array_equal(worth.worth, worth.gain - worth.discount - worth.contact_cost - worth.wear)
