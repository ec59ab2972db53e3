"""Back-tests: CDNOW's printed holdout, simple rules counted by hand, which model is taken, and when one is rescaled."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.purchases import cdnow_published
from tests.models.records import cdnow

from tenure.domain.errors import TenureError
from tenure.models import BetaGeo, ParetoNBD
from tenure.models.backtest import BIASED, backtest, choose, measured, rescaling, restored
from tenure.models.holdouts import Holdout, split


@pytest.fixture(scope="module")
def holdout() -> Holdout:
    """The published sample: 39 weeks to fit, 39 to check."""
    return split(cdnow(), "1997-10-01", unit="week", at="date", customer="sample_id")


@pytest.fixture(scope="module")
def table(holdout):
    return {row["model"]: row for row in backtest(holdout).to_dicts()}


def test_the_cut_is_that_of_the_published_file(holdout):
    published = cdnow_published()
    assert len(holdout) == 2357
    assert holdout.horizon == pytest.approx(39)
    assert sorted(holdout.orders) == sorted(published.later)
    for name in ("frequency", "recency", "T"):
        assert np.sort(holdout.summary[name]) == pytest.approx(np.sort(published.summary[name].to_numpy()), abs=0.005)
    log = cdnow()
    later = log["date"].to_numpy() >= np.datetime64("1997-10-01")
    assert holdout.spend.sum() == pytest.approx(log["amount"].to_numpy()[later].sum())


@pytest.mark.parametrize(
    ("name", "mae", "correlation"),
    [("BetaGeo", 0.7855, 0.626), ("ModifiedBetaGeo", 0.7648, None), ("ParetoNBD", 0.7545, 0.630)],
)
def test_the_known_errors_of_cdnow_are_met(table, name, mae, correlation):
    assert table[name]["MAE"] == pytest.approx(mae, abs=5e-4)
    if correlation is not None:
        assert table[name]["correlation"] == pytest.approx(correlation, abs=1e-3)


def test_cumulative_orders_are_tracked_as_printed(table):
    """Fader, Hardie & Lee 2005: BG/NBD within 4.2% of week 78, Pareto/NBD within 2%."""
    assert abs(table["BetaGeo"]["tracking"]) < 0.042
    assert abs(table["ParetoNBD"]["tracking"]) < 0.02


def test_every_model_beats_every_rule_on_cdnow(table):
    rules = ("own past rate", "mean of all")
    for model in ("BetaGeo", "ModifiedBetaGeo", "ParetoNBD", "CondensedBetaGeo"):
        for figure in ("MAE", "RMSE", "deviance"):
            assert table[model][figure] < min(table[rule][figure] for rule in rules)
    assert table["recency"]["MAE"] is None
    assert table["recency"]["AUC"] == pytest.approx(0.78, abs=0.02)


def test_rules_are_what_they_say():
    log = pa.table({
        "customer_id": ["a", "a", "a", "a", "b", "c"],
        "ordered_at": np.array(["2020-01-01", "2020-01-21", "2020-02-25", "2020-03-05", "2020-01-01", "2020-02-20"],
                               "datetime64[D]"),
        "total": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
    })  # fmt: skip
    found = split(log, "2020-03-01", "2020-03-11")
    assert found.horizon == 10
    assert found.orders.tolist() == [1, 0, 0]
    assert found.spend.tolist() == [40, 0, 0]
    assert found.recent.tolist() == [1, 0, 1], "who came in the last ten days counts with the first order"
    assert found.first.tolist() == [0, 0, 50]
    assert found.among(np.array([0, 2])).recent.tolist() == [1, 1]


def test_the_model_with_the_least_deviance_is_taken_and_ties_go_to_the_first(holdout):
    found = choose(holdout)
    least = min(each.deviance for each in found.others)
    assert found.figures.deviance <= least * 1.005
    assert [each.name for each in found.others].index(found.figures.name) == min(
        i for i, each in enumerate(found.others) if each.deviance <= least * 1.005
    )
    again = choose(holdout, [ParetoNBD()])
    assert again.figures.name == "ParetoNBD"
    assert measured(again.model, holdout) == again.figures
    assert type(restored(again.model.to_json())) is ParetoNBD


def test_what_cannot_be_fitted_is_left_out_or_refused():
    nobody = Holdout({name: np.zeros(20) for name in ("frequency", "recency", "T")}, np.zeros(20), 10.0)
    with pytest.raises(TenureError, match="bought twice"):
        choose(nobody, [BetaGeo(), "ParetoNBD"])
    with pytest.raises(TenureError, match="no model to choose"):
        choose(nobody, [])
    with pytest.raises(TenureError, match="no purchase model"):
        choose(nobody, ["GammaGamma"])


def test_a_cut_without_a_future_is_refused():
    log = {"customer_id": [1, 2], "ordered_at": np.array(["2020-01-01", "2020-01-02"], "datetime64[D]")}
    with pytest.raises(TenureError, match="No time lies between"):
        split(log, "2020-01-03")
    with pytest.raises(TenureError, match="lie at or after"):
        split(log, "2019-01-01")


@pytest.mark.parametrize(
    ("biases", "factor", "says"),
    [
        ((0.1, 0.5), 1.0, ""),
        ((0.5, 0.25), 0.8, "too high by 50%"),
        ((-0.2, -0.5), 1.25, "too low by 20%"),
        ((-0.22, 0.16), 1.0, "seasons do that"),
        ((0.5, 0.05), 1.0, "seasons do that"),
        ((0.6,), 0.625, "too high by 60%"),
        ((float("nan"),), 1.0, ""),
        ((-0.9, -0.95), 3.0, "multiplied by 3.00"),
    ],
)
def test_only_a_bias_that_lasts_is_put_right(biases, factor, says):
    found = rescaling(biases)
    assert found.factor == pytest.approx(factor)
    assert says in found.note
    assert bool(found.note) == bool(says)


@given(st.lists(st.floats(-0.99, 50), min_size=1, max_size=4))
def test_rescaling_never_makes_a_held_out_time_worse(biases):
    factor = rescaling(biases).factor
    assert 1 / 3 <= factor <= 3
    if factor != 1:
        assert all(abs((1 + bias) * factor - 1) <= abs(bias) + 1e-9 for bias in biases)
        assert all(abs(bias) > BIASED for bias in biases)
