"""The kind `value`: intervals and expectations in real shops, what margins and costs do, and where little is known."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.order_past import TODAY, OrderPast, moment, shop
from tests.models.real_shops import past_of

from tenure.domain.business import Business, ValueRules
from tenure.models.buyers import Buyers
from tenure.models.kinds import value as kind
from tenure.models.kinds.contract import Batch
from tenure.models.kinds.order import kinds

BUSINESS = Business(value=ValueRules(discount_rate=0.02))


@pytest.fixture(scope="module", autouse=True)
def _one_model():
    """Only one candidate: the choice is shown elsewhere, and most of the time would go into the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenure.models.buyers.CANDIDATES", ("ModifiedBetaGeo",))
        yield


def batch(past, as_of=None) -> Batch:
    return Batch(past.profiles(as_of or past.as_of), {}, as_of or past.as_of, BUSINESS)


def figures(trained) -> dict:
    return {score.name: score for score in trained.card.scores}


def filled(state, some: Batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = kind.score(json.loads(json.dumps(state, allow_nan=False)), some)
    return tuple(found[name].to_numpy(zero_copy_only=False) for name in kind.FILLS)


@pytest.fixture(scope="module")
def made():
    past = shop(1_500, span=700, cost=2.0)
    return past, kind.train(past, BUSINESS)


@pytest.mark.parametrize(
    ("name", "sample"), [("CDNOW", 4_000), ("Online Retail II", 3_000), ("The Complete Journey", 1_500)]
)
def test_intervals_hold_and_means_beat_last_period_in_real_shops(name, sample):
    past = past_of(name, sample=sample)
    trained = kind.train(past, Business())
    found = figures(trained)
    assert trained.card.beats_naive
    assert found["distance of the intervals from holding 80%"].model < 0.05
    assert found["interval score"].model < 0.6 * found["interval score"].naive
    assert "80% intervals held" in trained.card.notes[0]
    low, high = (filled(trained.state, batch(past))[i] for i in (1, 2))
    assert (low <= high).all()


def test_values_of_a_known_shop_come_true(made):
    """Fitted as of half a year ago, for a year; what came in that half year is held against it."""
    past, _ = made
    then = moment(TODAY - 350)
    state = kind.train(replace(past, as_of=then), BUSINESS).state
    said, low, high = filled(state, batch(past, then))
    before, after = past.profiles(then), past.profiles(past.as_of)
    known = before["orders"].to_numpy() > 0
    profit = [each["margin"].to_numpy() - each["cost_to_serve"].to_numpy() for each in (before, after)]
    seen = (profit[1] - profit[0])[known] * 365 / 350
    assert said[known].sum() == pytest.approx(seen.sum(), rel=0.15)
    assert np.mean((low[known] <= seen) & (seen <= high[known])) == pytest.approx(0.82, abs=0.05)


def test_nothing_is_said_of_those_who_never_ordered(made):
    past, trained = made
    found = kind.score(trained.state, batch(past))
    assert all(found[name].to_pylist()[-5:] == [None] * 5 and found[name].null_count == 5 for name in kind.FILLS)
    nobody = Batch(past.profiles(past.as_of).slice(0, 0), {}, past.as_of, BUSINESS)
    assert [len(kind.score(trained.state, nobody)[name]) for name in kind.FILLS] == [0] * 3


def test_a_customer_alone_gets_what_all_together_get(made):
    past, trained = made
    whole = batch(past)
    every, some = (
        filled(trained.state, each) for each in (whole, replace(whole, customers=whole.customers.slice(9, 2)))
    )
    for one, all_ in zip(some, every, strict=True):
        assert one == pytest.approx(all_[9:11], rel=1e-9)


def test_margins_scale_what_is_kept_and_costs_lower_it(made):
    past, trained = made
    spend = np.full(past.customers - 5, 30.0)

    def kept(margin, cost):
        some = Buyers.of(replace(past, margin=margin, cost=cost).profiles(past.as_of))
        return kind.Upkeep.of(some, margin).worth(some, spend)

    plain = kept(0.4, 0.0)
    assert plain == pytest.approx(0.4)
    assert kept(0.8, 0.0) == pytest.approx(2 * plain)
    assert kept(0.4, 3.0).mean() == pytest.approx(0.3, abs=0.01), "3 of 30 goes into serving an order"
    free = filled(trained.state, batch(replace(past, cost=0.0)))[0][:-5]
    assert (filled(trained.state, batch(past))[0][:-5] < free).all()


def test_orders_that_cost_more_than_they_bring_have_a_negative_value():
    past = shop(600, margin=0.1, cost=20.0)
    said, low, high = filled(kind.train(past, BUSINESS).state, batch(past))
    assert np.nanmean(said) < 0
    assert np.nanmedian(high) <= 0, "whoever buys nothing costs nothing"
    assert (low[:-5] <= said[:-5]).all() and (said[:-5] <= high[:-5]).all()


def test_the_own_margin_of_a_customer_counts_and_is_drawn_towards_all():
    past = shop(1_200)
    margin = np.where(past.who % 2 == 0, 0.6, 0.2)
    both = replace(past, margin=np.where(np.arange(past.customers) % 2 == 0, 0.6, 0.2))
    assert margin.mean() == pytest.approx(0.4, abs=0.05)
    state = kind.train(both, BUSINESS).state
    assert state["upkeep"]["share"] == pytest.approx(0.4, abs=0.05)
    plain = filled(state, batch(past))[0][:-5]
    ratio = filled(state, batch(both))[0][:-5] / plain
    even = np.arange(len(ratio)) % 2 == 0
    often = past.profiles(past.as_of)["frequency"].to_numpy()[:-5] > 15
    assert (ratio[even] > 1).all() and (ratio[~even] < 1).all()
    assert np.median(ratio[even & often]) > np.median(ratio[even & ~often]), "many orders speak for themselves"


def test_money_of_later_is_discounted_at_the_rate_of_the_business(made):
    past, trained = made
    state = json.loads(json.dumps(trained.state))
    assert state["value"]["settings"]["discount_rate"] == BUSINESS.value.discount_rate
    state["value"]["settings"]["discount_rate"] += 0.5
    ratio = filled(state, batch(past))[0][:-5] / filled(trained.state, batch(past))[0][:-5]
    assert 0.75 < np.median(ratio) < 0.85


def test_a_model_in_place_is_checked_on_the_same_days(made):
    past, trained = made
    again = {score.name: score for score in kind.check(trained.state, past, BUSINESS)}
    mine = figures(trained)
    assert again.keys() == mine.keys()
    assert again["RMSE of profit"].naive == mine["RMSE of profit"].naive
    assert again["RMSE of profit"].model == pytest.approx(mine["RMSE of profit"].model, rel=0.1)


def test_too_little_gives_no_model():
    few = np.arange(TODAY - 40, TODAY)
    assert kind.train(OrderPast(40, np.arange(40), few, np.ones(40)), BUSINESS) is None
    assert kind.check({}, OrderPast(40, np.arange(40), few, np.ones(40)), BUSINESS) == ()
    free = shop(300)
    assert kind.train(replace(free, amount=np.zeros(len(free.amount))), BUSINESS) is None, "nobody paid anything"


def test_one_price_for_all_has_a_value_too():
    past = shop(400)
    found = kind.train(replace(past, amount=np.full(len(past.amount), 9.99)), BUSINESS)
    said, low, high = filled(found.state, batch(replace(past, amount=np.full(len(past.amount), 9.99))))
    assert np.isfinite(said[:-5]).all()
    assert (low[:-5] <= said[:-5]).all() and (said[:-5] <= high[:-5]).all()


def test_it_is_found_after_purchases():
    names = list(kinds())
    assert names.index("purchases") < names.index("value")


rows = st.tuples(
    st.integers(0, 300), st.integers(0, 2_000_000), st.integers(0, 3_000_000), st.floats(-100, 1e7),
    st.floats(-1e6, 1e7), st.floats(0, 1e6),
)  # fmt: skip


@given(st.lists(rows, min_size=1, max_size=15))
@settings(max_examples=50, deadline=None)
def test_the_value_lies_within_its_interval_whatever_a_profile_says(made, profiles):
    """Refunds beyond revenue, clocks that stood still, costs beyond reason: finite numbers in order."""
    past, trained = made
    frequency, span, since, revenue, margin, cost = (np.array(column) for column in zip(*profiles, strict=True))
    table = pa.table({
        "customer_key": np.arange(len(frequency)), "orders": frequency + 1, "frequency": frequency,
        "span_milli": span, "since_milli": since, "revenue": revenue, "margin": margin, "cost_to_serve": cost,
    })  # fmt: skip
    said, low, high = filled(trained.state, Batch(table, {}, past.as_of, BUSINESS))
    assert np.isfinite([said, low, high]).all()
    assert (low <= said).all() and (said <= high).all()
