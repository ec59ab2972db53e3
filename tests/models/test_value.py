"""Customer lifetime value: intervals that hold, in real shops and simulated ones, and what is true of any customer."""

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.order_past import TODAY, moment, shop
from tests.models.value_shops import CUTS, cut, fitted, held, held_apart, mean

from tenure.domain.errors import TenureError
from tenure.models.buyers import Buyers, held_out
from tenure.models.holdouts import Holdout
from tenure.models.value import Correction, CustomerValue

SAMPLES = {"CDNOW": 6}  # of every so many customers where all would only cost time


@pytest.fixture(scope="module")
def simulated():
    """Customers of Pareto/NBD and Gamma-Gamma, cut 200 days before the end."""
    past = shop(6_000, span=700)
    then, now = (Buyers.of(past.profiles(moment(day))) for day in (TODAY - 200, TODAY))
    holdout = held_out(then, now)
    return holdout, fitted(holdout, ("ParetoNBD",))


@pytest.mark.parametrize("name", CUTS)
def test_the_interval_holds_four_fifths_of_true_totals_in_real_shops(name):
    """Read on the half of the customers that had not taught the correction, each half in turn."""
    holdout = cut(name, every=SAMPLES.get(name, 1))
    parts = held_apart(fitted(holdout), holdout)
    found = mean(parts)
    assert all(0.75 < part.all < 0.85 for part in parts)
    assert found.all == pytest.approx(0.8, abs=0.02)
    least = {"CDNOW": 0.3, "Online Retail II": 0.65, "The Complete Journey": 0.78}
    assert found.spenders > least[name], "those who spent are the surprising ones where most do not"


def test_the_forecast_of_a_left_truncated_shop_is_rescaled_and_says_so():
    holdout = cut("Online Retail II")
    correction = fitted(holdout).corrected(holdout)
    assert correction.factor == pytest.approx(0.75, abs=0.03)
    assert "too high by 3" in correction.note


@pytest.mark.parametrize(
    ("name", "start", "at", "until", "low", "high"),
    [
        ("CDNOW", "1997-05-18", "1997-10-01", "1998-07-01", 0.75, 0.85),
        ("The Complete Journey", "2017-04-03", "2017-10-03", "2018-01-01", 0.78, 0.85),
        ("The Complete Journey", "2017-04-01", "2017-07-01", "2018-01-01", 0.69, 0.85),
    ],
)
def test_what_earlier_days_taught_holds_later(name, start, at, until, low, high):
    """No checked day has taught anything. A quarter of the grocer cannot teach how paces drift over half a year."""
    every = SAMPLES.get(name, 1)
    earlier, later = cut(name, start, at, every), cut(name, at, until, every)
    taught = fitted(earlier).corrected(earlier)
    value = fitted(later).correct(taught, later.summary)
    assert low < held(value, later).all < high


def test_a_model_that_is_right_is_not_surprised(simulated):
    holdout, value = simulated
    correction = value.corrected(holdout)
    assert (correction.factor, correction.note) == (1.0, "")
    assert correction.surprise == pytest.approx(1.0, abs=0.12)
    outlook = value.outlook(holdout.summary)
    imagined = outlook.imagined(np.random.default_rng(4))
    for level in (0.7, 0.8, 0.9):
        seen, said = (outlook.holds(level, totals).mean() for totals in (holdout.spend, imagined))
        assert seen == pytest.approx(said, abs=0.02)
        assert seen > level - 0.01


def test_the_table_gives_the_quantiles_that_draws_give(simulated):
    """Purchases from the purchase model, mean spend and amounts from Gamma-Gamma, customer by customer."""
    holdout, value = simulated
    rng = np.random.default_rng(3)
    some = holdout.among(rng.permutation(len(holdout))[:40])
    n = value.purchases_.sample(some.summary, holdout.horizon, rng, 8_000)
    spent = {"frequency": some.summary["spend_days"], "monetary": some.summary["monetary"]}
    each = value.spend_.sample(spent, rng, 8_000) / value.spend_.params_["p"]
    drawn = rng.gamma(np.maximum(value.spend_.params_["p"] * n, 1e-12)) * each * (n > 0)
    outlook = value.outlook(some.summary)
    assert outlook.mean == pytest.approx(drawn.mean(axis=1), rel=0.12, abs=0.5)
    assert 1 - outlook.active == pytest.approx(np.mean(n == 0, axis=1), abs=0.02)
    for share in (0.5, 0.8, 0.9):
        said, seen = outlook.quantile(share), np.quantile(drawn, share, axis=1)
        sure = np.abs(share - np.mean(n == 0, axis=1)) > 0.08  # where the total is not just about to begin
        assert said[sure] == pytest.approx(seen[sure], rel=0.15, abs=0.5)


def test_a_forecast_that_is_twice_too_high_is_halved(simulated):
    holdout, value = simulated
    half = Holdout(holdout.summary, holdout.orders, holdout.horizon, holdout.spend / 2)
    correction = value.corrected(half)
    assert correction.factor == pytest.approx(0.5, abs=0.04)
    assert value.corrected(half, earlier=(-0.3,)).factor == 1, "a season"
    corrected = CustomerValue.from_json(value.to_json()).correct(correction, holdout.summary)
    ratio = corrected.predict(holdout.summary).expected.sum() / value.predict(holdout.summary).expected.sum()
    assert ratio == pytest.approx(correction.factor)
    assert correction.note in corrected.notes_


def test_money_of_later_is_worth_less_today(simulated):
    holdout, value = simulated
    model = value.purchases_
    year = CustomerValue(discount_rate=0.1).fit(holdout.summary, model)
    plain = CustomerValue(discount_rate=0.0).fit(holdout.summary, model)
    found = year.predict(holdout.summary).expected / plain.predict(holdout.summary).expected
    exact = model.discounted_transactions(0.1 / 365, holdout.summary, 365)
    assert found == pytest.approx(exact / model.expected_purchases(365, holdout.summary), abs=2e-3)
    assert (found < 1).all() and (found > np.exp(-0.1)).all()


def test_a_customer_alone_gets_what_all_together_get(simulated):
    holdout, value = simulated
    every, some = value.predict(holdout.summary), value.predict(holdout.among(np.arange(7, 10)).summary)
    for name in ("expected", "low", "high"):
        assert getattr(some, name) == pytest.approx(getattr(every, name)[7:10], rel=1e-9)


def test_a_million_customers_take_less_than_a_minute(simulated):
    """A tenth of them here, and a tenth of half the time, since the machine may be busy."""
    holdout, value = simulated
    rng = np.random.default_rng(0)
    many = holdout.among(rng.integers(0, len(holdout), 100_000)).summary
    many["T"] = many["T"] + rng.integers(0, 200, 100_000)
    began = time.process_time()
    found = value.predict(many, 0.3)
    assert time.process_time() - began < 3
    assert np.isfinite(found.high).all()


def test_a_model_is_the_same_after_a_file(simulated, tmp_path):
    holdout, value = simulated
    value.save(tmp_path / "value.json")
    again = CustomerValue.load(tmp_path / "value.json")
    one, other = value.predict(holdout.summary), again.predict(holdout.summary)
    assert other.expected == pytest.approx(one.expected)
    assert other.high == pytest.approx(one.high, rel=1e-3)
    assert again.summary().to_dicts()[1]["value"] == 1
    assert len(json.dumps(value.to_json(), allow_nan=False)) < 100_000


def test_what_makes_no_sense_is_refused_in_a_sentence(simulated):
    holdout, value = simulated
    with pytest.raises(TenureError, match="positive `horizon`"):
        CustomerValue(horizon=0).fit(holdout.summary)
    with pytest.raises(TenureError, match="no share"):
        CustomerValue(coverage=80).fit(holdout.summary)
    with pytest.raises(TenureError, match="held-out time is 200 long and the model looks 365"):
        CustomerValue().fit(holdout.summary, value.purchases_).corrected(holdout)
    with pytest.raises(TenureError, match="what was spent"):
        value.corrected(Holdout(holdout.summary, holdout.orders, holdout.horizon))
    with pytest.raises(TenureError, match="not been fitted"):
        CustomerValue().predict(holdout.summary)


customers = st.lists(
    st.tuples(st.integers(0, 400), st.floats(0.01, 1), st.floats(1, 5_000), st.floats(0, 1e6)), min_size=1, max_size=20
)


@given(customers, st.floats(-3, 3), st.floats(0.35, 2.9), st.floats(0.34, 2.9))
@settings(max_examples=60, deadline=None)
def test_the_expected_value_lies_within_its_interval(simulated, rows, worth, factor, missed):
    """For any history, any spend, any correction, and whether a customer brings or costs money."""
    _, value = simulated
    x, part, age, spend = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    summary = {"frequency": x, "recency": np.where(x > 0, part * age, 0), "T": age, "monetary": spend,
               "spend_days": x + 1}  # fmt: skip
    level = value.params_["level"]
    value.correction_ = Correction(factor, missed)
    try:
        said = value.predict(summary, worth)
        outlook = value.outlook(summary)
    finally:
        value.correction_ = Correction()
    assert np.isfinite([said.low, said.expected, said.high]).all()
    assert (said.low <= said.expected).all() and (said.expected <= said.high).all()
    narrow, wide = outlook.interval(0.7), outlook.interval(0.95)
    assert (wide[0] <= narrow[0] + 1e-9).all() and (narrow[1] <= wide[1] * (1 + 1e-9)).all()
    assert 0.7 <= level <= 0.99
    if worth < 0:
        assert (said.high <= 0).all()
