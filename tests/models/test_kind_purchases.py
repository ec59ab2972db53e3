"""The kind `purchases`: on real shops beside simple rules, in shops of known making, and where little is known."""

import json
import time
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from tests.models.order_past import TODAY, OrderPast, moment, shop
from tests.models.real_shops import past_of

from tenure.domain.business import Business
from tenure.models.kinds import purchases as kind
from tenure.models.kinds.contract import Batch
from tenure.models.kinds.order import kinds

BUSINESS = Business()


def batch(past, as_of=None) -> Batch:
    return Batch(past.profiles(as_of or past.as_of), {}, as_of or past.as_of, BUSINESS)


def figures(trained) -> dict:
    return {score.name: score for score in trained.card.scores}


def filled(state, past, as_of=None) -> dict[str, np.ndarray]:
    found = kind.score(json.loads(json.dumps(state, allow_nan=False)), batch(past, as_of))
    return {name: found[name].to_numpy(zero_copy_only=False) for name in kind.FILLS}


@pytest.fixture
def _one_model(monkeypatch):
    """Only one candidate, where the choice is not what is shown: most of the time goes into the others."""
    monkeypatch.setattr("tenure.models.buyers.CANDIDATES", ("ModifiedBetaGeo",))


@pytest.fixture(scope="module")
def made():
    past = shop(1_500, span=700)
    return past, kind.train(past, BUSINESS)


@pytest.fixture(scope="module")
def real():
    """A real shop and what was trained on it, each made once."""
    made = {}

    def make(name):
        if name not in made:
            past = past_of(name, sample=3_000)
            made[name] = past, kind.train(past, BUSINESS)
        return made[name]

    return make


@pytest.mark.parametrize(
    ("name", "mae", "ranking"),
    [("CDNOW", 0.30, 0.82), ("Online Retail II", 0.80, 0.79), ("The Complete Journey", 5.9, 0.88)],
)
def test_it_beats_own_past_rates_and_the_recency_rule_in_real_shops(real, name, mae, ranking):
    past, trained = real(name)
    found = figures(trained)
    assert trained.card.beats_naive
    assert found["MAE of orders"].model < min(mae, found["MAE of orders"].naive)
    assert found["AUC of no order"].model > max(ranking, found["AUC of no order"].naive)
    assert trained.card.split == past.earlier(90).moment.isoformat()
    said = filled(trained.state, past)
    assert all(np.isfinite(column).all() for column in said.values())


def test_a_season_is_not_taken_for_a_bias_and_a_whole_year_is_put_right(real):
    """Online Retail II: before Christmas forecasts are too low, in summer too high, over its second year by half."""
    _, trained = real("Online Retail II")
    assert trained.state["quarter"] == 1
    assert trained.state["year"] == pytest.approx(0.65, abs=0.05)
    notes = " ".join(trained.card.notes)
    assert "seasons do that" in notes
    assert "a year's orders were too high by 5" in notes


def test_orders_of_a_known_shop_are_forecast_in_all_and_each(made):
    past, trained = made
    then = moment(TODAY - 90)
    state = kind.train(replace(past, as_of=then), BUSINESS).state
    said = filled(state, past, then)
    before, after = (past.profiles(each)["orders"].to_numpy() for each in (then, past.as_of))
    known = before > 0
    orders, seen = said["expected_orders_90d"][known], (after - before)[known]
    assert orders.sum() == pytest.approx(seen.sum(), rel=0.12)
    assert np.corrcoef(orders, seen)[0, 1] > 0.6
    silent, idle = said["churn_90d"][known], seen == 0
    assert silent.mean() == pytest.approx(idle.mean(), abs=0.03)
    assert silent[idle].mean() > silent[~idle].mean() + 0.2
    assert (said["expected_orders_365d"][known] > orders).all()
    assert trained.card.customers == 1_500


def test_nothing_is_said_of_those_who_never_ordered(made):
    past, trained = made
    found = kind.score(trained.state, batch(past))
    for name in kind.FILLS:
        assert found[name].to_pylist()[-5:] == [None] * 5
        assert found[name].null_count == 5
    nobody = Batch(past.profiles(past.as_of).slice(0, 0), {}, past.as_of, BUSINESS)
    assert [len(kind.score(trained.state, nobody)[name]) for name in kind.FILLS] == [0] * 4


def test_a_customer_alone_gets_what_all_together_get(made):
    past, trained = made
    whole = batch(past)
    every = kind.score(trained.state, whole)
    some = kind.score(trained.state, replace(whole, customers=whole.customers.slice(40, 3)))
    for name in kind.FILLS:
        assert some[name].to_numpy() == pytest.approx(every[name].to_numpy(zero_copy_only=False)[40:43], rel=1e-9)


@pytest.mark.usefixtures("_one_model")
def test_several_orders_a_day_are_several_orders():
    """A model of order days forecasts half as many as there are orders where each day has two."""
    past = shop(800)
    twice = OrderPast(past.customers, *(np.concatenate([each, each]) for each in (past.who, past.day, past.amount)))
    one, two = (filled(kind.train(each, BUSINESS).state, each) for each in (past, twice))
    assert two["expected_orders_90d"][:-5] == pytest.approx(2 * one["expected_orders_90d"][:-5])
    assert two["churn_90d"][:-5] == pytest.approx(one["churn_90d"][:-5])


@pytest.mark.usefixtures("_one_model")
def test_a_clock_that_runs_at_half_pace_is_read():
    """Out of season half a day passes in one; the held-out time is as long as it was for the customers."""
    past = shop(800)
    slow = replace(past, pace=0.5)
    whole, half = (kind.train(each, BUSINESS) for each in (past, slow))
    assert figures(half)["MAE of orders"].model == pytest.approx(figures(whole)["MAE of orders"].model, rel=0.02)
    ratio = filled(half.state, slow)["expected_orders_90d"][:-5] / filled(whole.state, past)["expected_orders_90d"][:-5]
    assert 1.2 < np.median(ratio) <= 2.1, "90 days of the clock are 180 of the calendar"


def test_repeats_in_a_season_that_stood_still_are_no_error(made):
    past, trained = made
    table = past.profiles(past.as_of)
    still = table.set_column(
        table.column_names.index("span_milli"), "span_milli", pa.array(np.zeros(table.num_rows, dtype=np.int64))
    )
    found = kind.score(trained.state, Batch(still, {}, past.as_of, BUSINESS))
    assert all(found[name].null_count <= 5 for name in kind.FILLS)


def test_where_recency_ranks_better_nobody_is_said_to_stay_away(made):
    past, trained = made
    found = kind.score(dict(trained.state) | {"ranks": False}, batch(past))
    assert found["churn_90d"].null_count == past.customers
    assert found["p_alive"].null_count == 5


def test_a_model_in_place_is_checked_on_the_same_days(made):
    past, trained = made
    again = kind.check(trained.state, past, BUSINESS)
    assert [score.name for score in again] == [score.name for score in trained.card.scores]
    assert again[0].naive == pytest.approx(trained.card.scores[0].naive, rel=0.02)


@pytest.mark.parametrize("span", [0, 55])
def test_too_short_a_past_gives_no_model(span):
    days = np.arange(TODAY - span, TODAY, 10)
    past = OrderPast(3, np.zeros(len(days), dtype=np.int64), days, np.ones(len(days)))
    assert kind.train(past, BUSINESS) is None
    assert kind.check({}, past, BUSINESS) == ()


def test_a_shop_to_which_nobody_returns_gives_no_model():
    day = TODAY - 1 - np.arange(300) % 200
    assert kind.train(OrderPast(300, np.arange(300), day, np.ones(300)), BUSINESS) is None


def test_it_is_found_after_the_season_and_before_churn():
    names = list(kinds())
    assert names.index("season") < names.index("purchases") < names.index("churn")


def test_fitting_and_scoring_keep_within_their_time(real):
    """5 seconds to fit a grocer on an idle machine, thrice that on a busy one; scoring is nothing beside it."""
    past, _ = real("The Complete Journey")
    whole = batch(past)
    began = time.process_time()
    trained = kind.train(past, BUSINESS)
    fitted = time.process_time()
    kind.score(trained.state, whole)
    assert fitted - began < 15
    assert time.process_time() - fitted < 0.5
