"""Pareto/NBD against its papers, where textbook formulae overflow, and where its likelihood is flat."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy.special import gammaln, hyp2f1, hyperu
from tests.models.purchases import WEEKS, cdnow_everybody, cdnow_published
from tests.models.records import found

from tenure.models import BetaGeo, ParetoNBD
from tenure.models.cells import cells
from tenure.models.histories import histories
from tenure.models.pareto_nbd import ExponentialLife
from tenure.models.summary import summary

CDNOW = np.array([0.553, 10.578, 0.606, 11.669])


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_published()


@pytest.fixture(scope="module")
def fitted(cdnow):
    return ParetoNBD().fit(cdnow.summary)


def test_the_papers_table_is_met(fitted):
    """Fader, Hardie & Lee 2005, table 2."""
    assert np.allclose(np.asarray(fitted.params_), CDNOW, atol=0.0006)
    assert round(fitted.log_likelihood_, 1) == -9595.0
    assert fitted.is_converged_


def test_all_customers_reach_the_measured_likelihood():
    assert ParetoNBD().fit(cdnow_everybody()).log_likelihood_ == pytest.approx(-95415.119, abs=0.001)


def test_repeat_orders_are_tracked_to_week_78(cdnow, fitted):
    """Unconditional: 4,270.0 expected against 4,339."""
    assert abs(cdnow.tracked(fitted) / 4339 - 1) < 0.02


def test_customers_forecasts_are_as_good_as_printed(cdnow, fitted):
    expected = fitted.expected_purchases(WEEKS, cdnow.summary)
    assert round(np.corrcoef(expected, cdnow.later)[0, 1], 3) == 0.630
    assert np.abs(expected - cdnow.later).mean() == pytest.approx(0.7545, abs=0.00005)


@pytest.mark.parametrize("values", [CDNOW, (0.5, 20.0, 0.3, 2.0), (3.0, 4.0, 2.0, 30.0), (0.1, 1.0, 1.0, 1.0)])
def test_two_integrals_are_the_textbooks_likelihood(values):
    """Fader & Hardie 2005, equation for L with the hypergeometric function, where that can be computed."""
    r, alpha, s, beta = values
    x, recency, age = np.array([0, 1, 3, 12, 0]), np.array([0, 2.0, 30.0, 38.0, 0]), np.array([39.0, 39, 31, 39, 0.5])
    m = r + s + x
    big, power = max(alpha, beta), s + 1 if alpha >= beta else r + x

    def term(t):
        return hyp2f1(m, power, m + 1, abs(alpha - beta) / (big + t)) / (big + t) ** m

    ends = (alpha + age) ** -(r + x) * (beta + age) ** -s + s / m * (term(recency) - term(age))
    textbook = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(ends)
    given = cells(histories({"frequency": x, "recency": recency, "T": age}))
    ours = ExponentialLife().likelihood(np.array(values), given)[0][given.row]
    assert np.allclose(ours, textbook, rtol=1e-9, atol=1e-9)


def test_long_histories_do_not_overflow(fitted):
    """The textbook's hypergeometric function is infinite here; the truth is a customer who buys on and on."""
    assert np.isinf(hyp2f1(5_001.1, 5_000.5, 5_002.1, 0.2))
    long = {"frequency": [250, 5_000, 5_000], "recency": [38.9, 38.99, 10.0], "T": [39.0, 39.0, 39.0]}
    assert np.allclose(fitted.p_alive(long), [1, 1, 0], atol=0.01)
    expected = fitted.expected_purchases(WEEKS, long)
    assert expected[0] == pytest.approx(250.55 / 49.58 * 32.4, rel=0.01)  # tempo × weeks that are still lived
    assert expected[2] == pytest.approx(0, abs=1e-6)
    assert np.isfinite(fitted.p_active(WEEKS, long)).all()


def test_discounted_transactions_are_the_papers_closed_form(cdnow, fitted):
    """Fader, Hardie & Lee 2005, "RFM and CLV", equation 5: with Tricomi's confluent function."""
    r, alpha, s, beta = fitted.params_.values()
    few, rate = cdnow.summary.slice(0, 200), np.log(1.15) / 52
    x, age = few["frequency"].to_numpy(), few["T"].to_numpy()
    rest = beta + age
    closed = (r + x) / (alpha + age) * rest**s * rate ** (s - 1) * hyperu(s, s, rate * rest)
    assert np.allclose(fitted.discounted_transactions(rate, few), fitted.p_alive(few) * closed, rtol=1e-6)


def test_a_single_year_of_a_seasonal_shop_has_an_answer():
    """Online Retail II, on which an unpenalised search runs away."""
    lines = pq.read_table(found("online_retail_ii/online_retail_ii.parquet"), columns=["Customer ID", "InvoiceDate"])
    lines = lines.filter(pc.is_valid(lines["Customer ID"]))
    for unit, t in (("day", 364), ("week", 52)):
        histories_ = summary(lines, "2010-12-09", unit=unit, customer="Customer ID")
        model = ParetoNBD().fit(histories_)
        assert np.isfinite(np.asarray(model.params_)).all()
        assert np.isfinite(np.asarray(model.standard_errors_)).all()
        assert model.is_converged_
        # The same in every unit, and near what the sibling model says: both ignore the season and are far too high.
        assert model.expected_purchases(t, histories_).sum() == pytest.approx(22_734, rel=1e-4)
        assert BetaGeo().fit(histories_).expected_purchases(t, histories_).sum() == pytest.approx(22_386, rel=1e-4)


def test_customers_of_whom_nobody_leaves_have_a_finite_answer():
    """A likelihood without a maximum: the drop-out rate wants to be 0. A weak penalty ends the search."""
    rng = np.random.default_rng(5)
    age = np.full(500, 100.0)
    x = rng.poisson(100 * rng.gamma(2, 0.25, 500)).astype(float)
    recency = np.where(x > 0, age * rng.random(500) ** (1 / np.maximum(x, 1)), 0)
    model = ParetoNBD().fit({"frequency": x, "recency": recency, "T": age})
    assert np.isfinite(np.asarray(model.params_)).all()
    assert model.params_.s / model.params_.beta < 1e-3
    assert model.notes_
    assert model.p_alive({"frequency": [50], "recency": [99.0], "T": [100.0]})[0] > 0.99
    assert model.sample({"frequency": [50], "recency": [99.0], "T": [100.0]}, 10, rng, doubt=True).mean() < 20


def test_it_is_kept_in_a_file(tmp_path, cdnow, fitted):
    fitted.save(tmp_path / "model.json")
    again = ParetoNBD.load(tmp_path / "model.json")
    assert again.to_json() == fitted.to_json()
    assert (again.expected_purchases(WEEKS, cdnow.summary) == fitted.expected_purchases(WEEKS, cdnow.summary)).all()
    assert pa.table(again.summary().to_arrow()).num_rows == 4
