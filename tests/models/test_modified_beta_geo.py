"""MBG/NBD: as measured before, and without the blind spot of BG/NBD."""

import numpy as np
import pytest
from tests.models.purchases import WEEKS, cdnow_everybody, cdnow_published, regular_buyers

from tenure.models import BetaGeo, ModifiedBetaGeo
from tenure.models.metrics import auc


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_published()


@pytest.fixture(scope="module")
def fitted(cdnow):
    return ModifiedBetaGeo().fit(cdnow.summary)


def test_the_known_parameters_are_met(fitted):
    assert {name: round(value, 3) for name, value in fitted.params_.items()} == {
        "r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614,
    }  # fmt: skip
    assert round(fitted.log_likelihood_, 3) == -9582.136


def test_all_customers_reach_the_measured_likelihood():
    assert ModifiedBetaGeo().fit(cdnow_everybody()).log_likelihood_ == pytest.approx(-95336.958, abs=0.001)


def test_customers_forecasts_are_as_good_as_measured(cdnow, fitted):
    expected = fitted.expected_purchases(WEEKS, cdnow.summary)
    assert np.abs(expected - cdnow.later).mean() == pytest.approx(0.7648, abs=0.00005)


def test_who_never_came_back_may_be_gone(cdnow, fitted):
    once = cdnow.summary["frequency"].to_numpy() == 0
    assert (BetaGeo().fit(cdnow.summary).p_alive(cdnow.summary)[once] == 1).all()
    assert (fitted.p_alive(cdnow.summary)[once] < 0.5).all()
    assert auc(fitted.p_active(WEEKS, cdnow.summary), cdnow.later > 0) > 0.76


def test_a_new_customer_may_be_gone_at_once(fitted):
    a, b = fitted.params_.a, fitted.params_.b
    assert fitted.p_alive({"frequency": [0], "recency": [0], "T": [0]})[0] == pytest.approx(b / (a + b))


def test_known_parameters_are_found_again():
    summary, later = regular_buyers(20_000, 1, seed=4)
    fitted = ModifiedBetaGeo().fit(summary)
    said = np.asarray(fitted.standard_errors_)
    assert (np.abs(np.asarray(fitted.params_) - [1.5, 1.5, 0.5, 4]) < 4 * said).all()
    assert fitted.expected_purchases(26, summary).sum() == pytest.approx(later.sum(), rel=0.03)
