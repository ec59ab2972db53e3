"""Gamma-Gamma: the printed figures of CDNOW, simulated truth, and spends that no model can be learned from."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.purchases import cdnow_published

from tenure.domain.errors import TenureError
from tenure.models import GammaGamma


def shop(customers=400, p=6.0, q=3.5, v=15.0, seed=1):
    """Counts and mean amounts of customers whose parameters are known, and each one's true mean spend."""
    rng = np.random.default_rng(seed)
    x, nu = rng.poisson(3, customers), rng.gamma(q, 1 / v, customers)
    z = rng.gamma(p * np.maximum(x, 1)) / nu / np.maximum(x, 1)
    return {"frequency": x, "monetary": np.where(x > 0, z, 0.0)}, p / nu


@pytest.fixture(scope="module")
def cdnow():
    summary = cdnow_published().summary
    return summary, GammaGamma().fit(summary)


def test_the_printed_figures_of_cdnow_are_met(cdnow):
    """Fader, Hardie & Lee's 946 repeaters: p 6.25, q 3.74, v 15.44, log-likelihood −4,055.918."""
    _, model = cdnow
    assert [f"{value:.2f}" for value in model.params_.values()] == ["6.25", "3.74", "15.44"]
    assert model.log_likelihood_ == pytest.approx(-4055.918, abs=5e-4)
    assert model.customers_ == 946
    assert model.notes_ == ()
    assert model.mean_ == pytest.approx(35.17, abs=0.01)


def test_a_customer_is_drawn_towards_the_mean_by_how_little_is_known(cdnow):
    summary, model = cdnow
    p, q, _ = model.params_.values()
    one, many = (model.expected_spend({"frequency": [x], "monetary": [100.0]})[0] for x in (1, 50))
    assert model.mean_ < one < many < 100
    weight = p / (p + q - 1)
    assert one == pytest.approx(weight * 100 + (1 - weight) * model.mean_)
    nobody = model.expected_spend({"frequency": [0], "monetary": [0.0]})[0]
    assert nobody == model.expected_spend() == model.mean_
    assert len(model.expected_spend(summary)) == summary.num_rows


def test_known_parameters_come_back_within_their_standard_errors():
    summary, _ = shop(20_000)
    model = GammaGamma().fit(summary)
    for name, truth in {"p": 6.0, "q": 3.5, "v": 15.0}.items():
        assert abs(model.params_[name] - truth) < 3 * model.standard_errors_[name]
        assert model.standard_errors_[name] < 0.1 * truth


def test_the_gradient_is_that_of_the_likelihood():
    from tenure.models.gamma_gamma import _objective

    summary, _ = shop()
    chosen = summary["frequency"] > 0
    objective = _objective(summary["frequency"][chosen].astype(float), summary["monetary"][chosen])
    at = np.array([3.0, 1.5, 20.0])
    _, gradient = objective(at)
    for i, step in enumerate(np.eye(3) * 1e-5):
        slope = (objective(at + step)[0] - objective(at - step)[0]) / 2e-5
        assert gradient[i] == pytest.approx(slope, rel=1e-5)


def test_drawn_means_hold_the_true_one_as_often_as_they_say():
    """Over four shops: within one all customers share the error of its parameters."""
    held = []
    for seed in range(1, 5):
        summary, truth = shop(2_000, seed=seed)
        model = GammaGamma().fit(summary)
        drawn = model.sample(summary, np.random.default_rng(5), 300, doubt=True)
        low, high = np.quantile(drawn, (0.1, 0.9), axis=1)
        held.append(np.mean((low <= truth) & (truth <= high)))
        assert drawn.mean() == pytest.approx(model.expected_spend(summary).mean(), rel=0.03)
    assert np.mean(held) == pytest.approx(0.8, abs=0.02)


def test_the_unit_of_money_changes_nothing_but_v():
    summary, _ = shop()
    cents = {"frequency": summary["frequency"], "monetary": 100 * summary["monetary"]}
    one, other = GammaGamma().fit(summary), GammaGamma().fit(cents)
    assert other.params_["p"] == pytest.approx(one.params_["p"], rel=1e-4)
    assert other.params_["v"] == pytest.approx(100 * one.params_["v"], rel=1e-4)
    assert other.log_likelihood_ == pytest.approx(one.log_likelihood_ - one.customers_ * np.log(100))


def test_one_price_for_all_is_said_and_expected():
    model = GammaGamma().fit({"frequency": np.arange(1, 31), "monetary": np.full(30, 9.99)})
    assert "the same on every purchase" in model.notes_[0]
    assert model.expected_spend({"frequency": [0, 3], "monetary": [0.0, 9.99]}) == pytest.approx([9.99, 9.99], rel=1e-5)
    drawn = model.sample({"frequency": [4], "monetary": [9.99]}, np.random.default_rng(0), 50, doubt=True)
    assert drawn == pytest.approx(np.full((1, 50), 9.99), rel=0.02)


def test_a_few_who_spend_without_measure_are_said_and_the_seen_mean_is_used():
    rng = np.random.default_rng(3)
    monetary = np.exp(3 * rng.standard_normal(500))
    monetary[:3] = 1e9
    summary = {"frequency": rng.integers(1, 5, 500), "monetary": monetary}
    model = GammaGamma().fit(summary)
    assert any("no stable mean of all" in note for note in model.notes_)
    seen = np.average(monetary, weights=summary["frequency"])
    assert model.expected_spend() == pytest.approx(seen)
    assert np.isfinite(model.expected_spend(summary)).all()


def test_spend_that_goes_with_frequency_is_said():
    rng = np.random.default_rng(2)
    x = rng.integers(1, 20, 300)
    model = GammaGamma().fit({"frequency": x, "monetary": x * rng.gamma(20, 1, 300)})
    assert model.correlation_ > 0.9
    assert any("go together" in note for note in model.notes_)


@pytest.mark.parametrize(
    ("frequency", "monetary", "says"),
    [
        ([1] * 20, [-1.0] * 20, "negative `monetary`"),
        ([1.5] * 20, [5.0] * 20, "no count"),
        ([-1] * 20, [5.0] * 20, "no count"),
        ([0] * 50, [0.0] * 50, "0 customers have repeat purchases"),
        ([1] * 9, [5.0] * 9, "9 customers have repeat purchases"),
        ([1] * 20, [0.0] * 20, "0 customers have repeat purchases"),
        ([1] * 20, [np.nan] * 20, "missing or infinite"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_a_sentence(frequency, monetary, says):
    with pytest.raises(TenureError, match=says):
        GammaGamma().fit({"frequency": np.array(frequency), "monetary": np.array(monetary)})


def test_a_model_is_the_same_after_a_file(tmp_path):
    summary, _ = shop()
    model = GammaGamma().fit(summary)
    model.save(tmp_path / "spend.json")
    again = GammaGamma.load(tmp_path / "spend.json")
    assert (again.expected_spend(summary) == model.expected_spend(summary)).all()
    assert again.summary().to_dicts() == model.summary().to_dicts()
    json.dumps(model.to_json(), allow_nan=False)
    with pytest.raises(TenureError, match="has not been fitted"):
        GammaGamma().expected_spend()


spends = st.lists(
    st.tuples(st.integers(0, 5_000), st.floats(0, 1e8, allow_subnormal=False)), min_size=10, max_size=60
)  # fmt: skip


@given(spends, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_any_spends_give_finite_answers_or_a_sentence(rows, seed):
    """However wild the amounts: expectations are finite and positive, and draws too."""
    frequency, monetary = (np.array(column) for column in zip(*rows, strict=True))
    summary = {"frequency": frequency, "monetary": monetary}
    try:
        model = GammaGamma().fit(summary)
    except TenureError as refusal:
        assert "too few" in str(refusal)
        return
    expected = model.expected_spend(summary)
    assert np.isfinite(expected).all() and (expected > 0).all()
    drawn = model.sample(summary, np.random.default_rng(seed), 8, doubt=True)
    assert np.isfinite(drawn).all() and (drawn >= 0).all()
