"""BG/NBD against its paper: parameters, likelihood, forecasts, and what P(alive) is worth as a churn score."""

import numpy as np
import pytest
from scipy.special import hyp2f1
from tests.models.purchases import WEEKS, cdnow_buys_within, cdnow_everybody, cdnow_published

from tenure.models import BetaGeo
from tenure.models.cells import cells, coarse
from tenure.models.histories import histories
from tenure.models.metrics import auc


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_published()


@pytest.fixture(scope="module")
def fitted(cdnow):
    return BetaGeo().fit(cdnow.summary)


def test_the_papers_table_is_met(fitted):
    """Fader, Hardie & Lee 2005, table 2."""
    assert {name: round(value, 3) for name, value in fitted.params_.items()} == {
        "r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426,
    }  # fmt: skip
    assert round(fitted.log_likelihood_, 1) == -9582.4
    assert fitted.is_converged_
    assert not fitted.notes_


def test_all_customers_reach_the_measured_likelihood():
    assert BetaGeo().fit(cdnow_everybody()).log_likelihood_ == pytest.approx(-95368.444, abs=0.001)


def test_repeat_orders_are_tracked_to_week_78(cdnow, fitted):
    """Unconditional, as in the paper's figure: 4,160.6 expected against 4,339."""
    assert abs(cdnow.tracked(fitted) / 4339 - 1) < 0.042


def test_customers_forecasts_are_as_good_as_printed(cdnow, fitted):
    expected = fitted.expected_purchases(WEEKS, cdnow.summary)
    assert round(np.corrcoef(expected, cdnow.later)[0, 1], 3) == 0.626
    assert np.abs(expected - cdnow.later).mean() == pytest.approx(0.7855, abs=0.00005)


def test_the_sum_of_customers_forecasts_is_about_a_tenth_low(cdnow, fitted):
    """Known, and another figure than the tracking above: conditional forecasts of the 39 weeks alone."""
    assert fitted.expected_purchases(WEEKS, cdnow.summary).sum() / cdnow.later.sum() == pytest.approx(0.879, abs=0.001)


def test_p_alive_is_no_churn_score_and_p_active_is_one(cdnow, fitted):
    """Who buys in the next 90 days: worse than a coin, and a little better than "who bought last"."""
    comes_back = cdnow_buys_within(90)
    silence = cdnow.summary["T"].to_numpy() - cdnow.summary["recency"].to_numpy()
    assert auc(fitted.p_alive(cdnow.summary), comes_back) == pytest.approx(0.335, abs=0.001)
    assert auc(fitted.p_active(90 / 7, cdnow.summary), comes_back) == pytest.approx(0.785, abs=0.001)
    assert auc(-silence, comes_back) == pytest.approx(0.784, abs=0.001)


def test_the_quadrature_is_the_papers_equation_ten(cdnow, fitted):
    r, alpha, a, b = fitted.params_.values()
    x, recency, age = (cdnow.summary[name].to_numpy() for name in ("frequency", "recency", "T"))
    longer = alpha + age + WEEKS
    bracket = 1 - ((alpha + age) / longer) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, WEEKS / longer)
    gone = np.where(x > 0, a / np.where(x > 0, b + x - 1, 1) * ((alpha + age) / (alpha + recency)) ** (r + x), 0)
    textbook = (a + b + x - 1) / (a - 1) * bracket / (1 + gone)
    assert np.allclose(fitted.expected_purchases(WEEKS, cdnow.summary), textbook, rtol=1e-6, atol=0)


def test_a_new_customer_is_somebody_without_a_history(fitted):
    r, alpha, a, b = fitted.params_.values()
    share = WEEKS / (alpha + WEEKS)
    textbook = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + WEEKS)) ** r * hyp2f1(r, b, a + b - 1, share))
    assert fitted.expected_purchases(WEEKS) == pytest.approx(textbook, rel=1e-6)
    several = fitted.expected_purchases([0, WEEKS, 2 * WEEKS])
    assert several[0] == 0
    assert several[1] == fitted.expected_purchases(WEEKS)
    assert several[1] < several[2] < 2 * several[1]
    assert isinstance(fitted.p_active(WEEKS), float)


def test_where_the_textbook_has_poles_nothing_happens(fitted):
    """a = 1 and a + b = 1 are poles of the hypergeometric form, not of the model."""
    history = {"frequency": [0, 3], "recency": [0.0, 20.0], "T": [30.0, 30.0]}
    around = []
    for a, b in ((0.999, 2.4), (1.0, 2.4), (1.001, 2.4), (0.499, 0.5), (0.5, 0.5), (0.501, 0.5)):
        stored = fitted.to_json()
        stored["learned"]["params"].update(a=a, b=b)
        around.append(BetaGeo.from_json(stored).expected_purchases(WEEKS, history))
    for below, at, above in (around[:3], around[3:]):
        assert np.allclose((below + above) / 2, at, rtol=1e-5)


def test_coarse_cells_lead_to_the_same_place(monkeypatch, fitted, cdnow):
    monkeypatch.setattr("tenure.models.kernel.MANY", 100)
    found = cells(histories(cdnow.summary))
    assert len(coarse(found)) < len(found) < cdnow.summary.num_rows
    assert coarse(found).weight.sum() == cdnow.summary.num_rows
    roughly = BetaGeo().fit(cdnow.summary)
    assert roughly.log_likelihood_ == pytest.approx(fitted.log_likelihood_, abs=1e-5)
    assert np.allclose(np.asarray(roughly.params_), np.asarray(fitted.params_), rtol=1e-3)


def test_standard_errors_are_those_of_resampling(cdnow, fitted):
    """A parametric check: estimates from resampled customers spread as the standard errors say, within a third."""
    rng, rows = np.random.default_rng(2), cdnow.summary.num_rows
    spread = np.std(
        [np.log(np.asarray(BetaGeo().fit(cdnow.summary.take(rng.integers(0, rows, rows))).params_)) for _ in range(40)],
        axis=0,
    )
    said = np.asarray(fitted.standard_errors_) / np.asarray(fitted.params_)
    assert np.allclose(spread, said, rtol=0.34)


def test_the_summary_says_what_each_parameter_means(fitted):
    table = fitted.summary()
    assert table.names == ("parameter", "estimate", "standard error", "meaning")
    assert [row["parameter"] for row in table.to_dicts()] == ["r", "alpha", "a", "b"]
    assert "2,357 customers, log-likelihood -9,582.429" in table.title
