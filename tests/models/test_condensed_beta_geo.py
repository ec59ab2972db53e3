"""(M)BG/CNBD-k: it finds how regularly customers buy, profits from it, and costs nothing where they do not."""

import numpy as np
import pytest
from tests.models.purchases import WEEKS, cdnow_published, regular_buyers

from tenure.domain.errors import TenureError
from tenure.models import BetaGeo, CondensedBetaGeo, ModifiedBetaGeo


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_published()


@pytest.fixture(scope="module")
def regular():
    return regular_buyers(3_000, 3, seed=8)


@pytest.fixture(scope="module")
def fitted(regular):
    return CondensedBetaGeo().fit(regular[0])


@pytest.mark.parametrize("k", [1, 2, 4])
def test_regularity_is_found_again(k):
    summary, _ = regular_buyers(2_000, k, seed=k)
    fitted = CondensedBetaGeo().fit(summary)
    assert fitted.k_ == k
    assert (np.abs(np.asarray(fitted.params_) - [1.5, 1.5, 0.5, 4]) < 4 * np.asarray(fitted.standard_errors_)).all()


def test_without_the_gaps_it_is_found_nearly(regular):
    summary = {name: values for name, values in regular[0].items() if name != "log_gaps"}
    assert abs(CondensedBetaGeo().fit(summary).k_ - 3) <= 1


def test_forecasts_of_regular_buyers_gain_a_tenth(regular, fitted):
    summary, later = regular
    error = {
        type(model).__name__: np.abs(model.expected_purchases(26, summary) - later).mean()
        for model in (fitted, BetaGeo().fit(summary), ModifiedBetaGeo().fit(summary))
    }
    assert error["CondensedBetaGeo"] < 0.9 * min(error["BetaGeo"], error["ModifiedBetaGeo"])
    assert fitted.expected_purchases(26, summary).sum() == pytest.approx(later.sum(), rel=0.05)


def test_on_cdnow_it_does_not_lose(cdnow):
    fitted, rival = CondensedBetaGeo().fit(cdnow.summary), BetaGeo().fit(cdnow.summary)
    assert fitted.k_ == 1
    assert fitted.log_likelihood_ >= rival.log_likelihood_
    ours, theirs = (np.abs(m.expected_purchases(WEEKS, cdnow.summary) - cdnow.later).mean() for m in (fitted, rival))
    assert ours <= theirs


@pytest.mark.parametrize(("first", "sibling"), [(True, ModifiedBetaGeo), (False, BetaGeo)])
def test_with_k_1_it_is_its_sibling(cdnow, first, sibling):
    ours, theirs = CondensedBetaGeo(k=1, stops_at_first=first).fit(cdnow.summary), sibling().fit(cdnow.summary)
    assert ours.log_likelihood_ == pytest.approx(theirs.log_likelihood_, abs=1e-6)
    for answer in ("expected_purchases", "p_active"):
        pair = (getattr(model, answer)(WEEKS, cdnow.summary) for model in (ours, theirs))
        assert np.allclose(*pair, rtol=1e-5)


@pytest.mark.parametrize("first", [True, False])
def test_expectation_and_distribution_agree_for_every_regularity(regular, first):
    few = {name: values[:200] for name, values in regular[0].items()}
    for k in (2, 5, 12):
        model = CondensedBetaGeo(k=k, stops_at_first=first).fit(regular[0])
        chances = np.array([model.probability_of_n_purchases(n, 5, few) for n in range(150)])
        assert np.allclose(chances.sum(axis=0), 1, atol=1e-6)
        assert np.allclose(np.arange(150) @ chances, model.expected_purchases(5, few), rtol=1e-5, atol=1e-8)
        assert np.allclose(1 - chances[0], model.p_active(5, few), atol=1e-9)
        drawn = model.sample(few, 5, np.random.default_rng(k), 400)
        assert drawn.mean() == pytest.approx(model.expected_purchases(5, few).mean(), rel=0.02)


def test_a_silence_speaks_louder_of_regular_buyers(fitted):
    chance = CondensedBetaGeo.from_json(fitted.to_json())
    chance.k_ = 1
    silent = {"frequency": [12], "recency": [36.0], "T": [44.0]}
    assert fitted.p_alive(silent)[0] < chance.p_alive(silent)[0]


def test_an_impossible_regularity_is_refused(regular):
    with pytest.raises(TenureError, match="`k` is 13"):
        CondensedBetaGeo(k=13).fit(regular[0])


def test_it_is_kept_with_its_regularity(tmp_path, regular, fitted):
    fitted.save(tmp_path / "model.json")
    again = CondensedBetaGeo.load(tmp_path / "model.json")
    assert again.k_ == 3
    assert (again.p_active(9, regular[0]) == fitted.p_active(9, regular[0])).all()
    assert "regularity k = 3" in again.summary().title
