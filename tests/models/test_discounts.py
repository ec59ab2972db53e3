"""`DiscountShare`: against scipy, on customers whose shares are known, and on a real grocer's baskets."""

import json

import numpy as np
import pytest
from benchmarks.paths import rankings
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import betabinom

from tenure.domain.errors import TenureError
from tenure.models import DiscountShare
from tenure.models.discounts import money_as_orders, money_unit


def invented(customers: int, alpha: float, beta: float, seed: int = 1):
    """Customers whose shares are drawn from a beta distribution, with those shares."""
    rng = np.random.default_rng(seed)
    shares = rng.beta(alpha, beta, customers)
    orders = rng.integers(1, 20, customers)
    return {"discounted": rng.binomial(orders, shares), "orders": orders}, shares


def test_the_parameters_of_invented_customers_are_found():
    customers, _ = invented(20_000, 1.5, 4.0)
    model = DiscountShare().fit(customers)
    for name, true in (("alpha", 1.5), ("beta", 4.0)):
        assert model.params_[name] == pytest.approx(true, abs=4 * model.standard_errors_[name])
        assert model.standard_errors_[name] < 0.2


def test_the_likelihood_is_that_of_the_beta_binomial():
    customers, _ = invented(500, 0.8, 2.0)
    model = DiscountShare().fit(customers)
    hits, orders = customers["discounted"], customers["orders"]
    ways = gammaln(orders + 1) - gammaln(hits + 1) - gammaln(orders - hits + 1)
    exact = betabinom.logpmf(hits, orders, *model.params_.values()).sum() - ways.sum()
    assert model.log_likelihood_ == pytest.approx(exact, abs=1e-6)
    moved = betabinom.logpmf(hits, orders, 0.9 * model.params_.alpha, model.params_.beta).sum() - ways.sum()
    assert moved < exact


def test_intervals_hold_the_share_as_often_as_they_say():
    customers, shares = invented(20_000, 1.5, 4.0)
    model = DiscountShare().fit(customers)
    for level in (0.5, 0.9):
        low, high = model.interval(customers, level).T
        assert np.mean((low <= shares) & (shares <= high)) == pytest.approx(level, abs=0.015)
    said = model.chance_above(0.4, customers)
    assert said.mean() == pytest.approx(np.mean(shares > 0.4), abs=0.01)


def test_few_orders_leave_a_customer_near_what_is_usual():
    model = DiscountShare().fit(invented(5_000, 2.0, 6.0)[0])
    one, many, none = model.expected_share({"discounted": [1, 100, 0], "orders": [1, 100, 0]})
    assert none == pytest.approx(0.25, abs=0.02)
    assert none < one < 0.4 < 0.9 < many


@pytest.mark.parametrize("share", [0, 1])
def test_a_shop_where_all_customers_are_alike_gets_finite_answers(share):
    customers = {"discounted": [share * n for n in (3, 5, 1, 8)], "orders": [3, 5, 1, 8]}
    model = DiscountShare().fit(customers)
    expected = model.expected_share(customers)
    assert np.isfinite(list(model.params_.values())).all()
    assert np.abs(expected - share).max() < 0.3


# FIGURES: AUC .67, .78, .85, .88 after 1, 5, 10, 20 baskets of 1,307 households with 40 and more. Which label that was
# is not said. "Any discount" cannot be it (84% of baskets carry one, AUC .55 to .75). With the share of money given,
# the later share above the median meets all but the third (.83; a regression on everything that baskets show reaches
# only .835), and the top quarter of it meets all.
@pytest.mark.parametrize(
    ("place", "above_median", "top_quarter"), [(0, 0.70, 0.69), (1, 0.785, 0.80), (2, 0.825, 0.855), (3, 0.88, 0.885)]
)
def test_the_first_baskets_tell_who_will_buy_at_a_discount(place, above_median, top_quarter):
    found = rankings()[place]
    assert found.k == (1, 5, 10, 20)[place]
    assert found.median > above_median and found.quarter > top_quarter
    assert found.counted < found.median - 0.1


def test_money_weighs_by_how_steady_it_is():
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(300), 12)
    price = rng.gamma(4.0, 10.0, len(who))
    share = np.repeat(rng.beta(2.0, 8.0, 300), 12)
    steady = rng.beta(share * price / 2, (1 - share) * price / 2)
    wild = (rng.random(len(who)) < share).astype(float)
    orders = {"customer_id": who, "total": price * (1 - steady), "discount": price * steady}
    # A beta of strength price ÷ 2 has the variance of price ÷ 2 + 1 yes-or-no trials: a unit a little below 2.
    assert money_unit(orders) == pytest.approx(1.9, abs=0.15)
    all_or_nothing = {"customer_id": who, "total": price * (1 - wild), "discount": price * wild}
    assert money_unit(all_or_nothing) > 30
    counted = money_as_orders(orders, 2.0)
    assert counted["orders"].to_numpy().sum() == pytest.approx(price.sum() / 2)


@settings(max_examples=50, deadline=None)
@given(hits=st.integers(0, 40), misses=st.integers(0, 40))
def test_an_answer_lies_between_what_is_usual_and_the_own_share(hits, misses):
    model = DiscountShare()
    model._restore({"params": {"alpha": 2.0, "beta": 3.0}, "standard_errors": {}, "log_likelihood": 0.0})
    customer = {"discounted": [hits], "orders": [hits + misses]}
    expected = model.expected_share(customer)[0]
    own = hits / (hits + misses) if hits + misses else 0.4
    assert min(0.4, own) - 1e-12 <= expected <= max(0.4, own) + 1e-12
    low, high = model.interval(customer)[0]
    assert 0 <= low < high <= 1
    above = [model.chance_above(bar, customer)[0] for bar in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert above == sorted(above, reverse=True) and above[0] == 1 and above[-1] == 0
    more = {"discounted": [hits + 1], "orders": [hits + misses + 1]}
    assert model.expected_share(more)[0] > expected


def test_a_model_survives_its_file(tmp_path):
    customers, _ = invented(200, 1.0, 3.0)
    model = DiscountShare().fit(customers)
    model.save(tmp_path / "share.json")
    again = DiscountShare.load(tmp_path / "share.json")
    assert json.dumps(again.to_json()) == json.dumps(model.to_json())
    assert (again.expected_share(customers) == model.expected_share(customers)).all()
    assert "usual share" in repr(again.summary())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: DiscountShare().fit({"discounted": [2], "orders": [1]}), "row 1 has 2 discounted of 1"),
        (lambda: DiscountShare().fit({"discounted": [0], "orders": [0]}), "no order"),
        (lambda: DiscountShare().fit({"orders": [1]}), "`discounted` is missing"),
        (lambda: DiscountShare().expected_share({"discounted": [0], "orders": [1]}), "not been fitted"),
        (lambda: fitted().interval({"discounted": [0], "orders": [1]}, 1.5), "level"),
        (lambda: fitted().chance_above(2.0, {"discounted": [0], "orders": [1]}), "share of 2"),
        (lambda: money_unit({"customer_id": [1], "total": [1.0], "discount": [0.5]}), "two orders"),
        (lambda: money_unit({"total": [1.0], "discount": [0.5]}), "`customer_id` is missing"),
        (lambda: money_as_orders({"customer_id": [1], "total": [-1.0], "discount": [0.5]}, 1.0), "negative"),
        (lambda: money_as_orders({"customer_id": [1], "total": [1.0], "discount": [0.5]}, 0.0), "unit"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(call, words):
    with pytest.raises(TenureError) as refused:
        call()
    assert words.lower() in str(refused.value).lower()


def fitted() -> DiscountShare:
    return DiscountShare().fit({"discounted": [0, 1, 2], "orders": [2, 2, 3]})
