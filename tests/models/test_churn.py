"""Churn risk by itself: what it learns from snapshots, what it refuses, and that its reasons are true."""

import json
import re
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.models import ChurnRisk
from tenure.models.cards import Card
from tenure.models.metrics import auc, calibration_error

QUICK = {"rounds": 25, "learning_rate": 0.2}


def shop(rows: int = 6_000, seed: int = 0) -> dict[str, np.ndarray]:
    """Snapshots of three months in which silence, falling engagement and lukewarm feedback drive customers away."""
    rng = np.random.default_rng(seed)
    usual = rng.gamma(3, 8, rows)
    silent = rng.exponential(usual * 1.2)
    score = np.where(rng.random(rows) < 0.5, rng.integers(1, 6, rows), np.nan)
    before, lately = rng.poisson(8, rows), rng.poisson(8, rows) * (rng.random(rows) < 0.7)
    with np.errstate(invalid="ignore"):
        trend = (lately - before) / (lately + before)
    risk = 1.2 * np.log(silent / usual) - 0.7 * np.nan_to_num(score - 4) - 0.9 * np.nan_to_num(trend)
    longest = usual * rng.uniform(1.2, 2.5, rows)
    return {
        "recency_days": silent, "gap_median_days": usual, "gap_expected_days": usual * 1.1, "frequency":
        rng.integers(2, 30, rows), "overdue": silent / (usual * 1.1), "longest_gap": longest, "silence_ratio":
        silent / longest, "csat_last": score, "events_30d": lately, "engagement_trend": trend,
        "customer_key": rng.permutation(rows) // 3, "snapshot": 18_000 + 90 * rng.integers(0, 3, rows),
        "churned": (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int), "true_risk": risk,
    }  # fmt: skip


def without(table, *names):
    return {name: column for name, column in table.items() if name not in names}


@pytest.fixture(scope="module")
def known():
    return without(shop(), "true_risk")


@pytest.fixture(scope="module")
def model(known):
    return ChurnRisk(**QUICK).fit(known)


@pytest.fixture(scope="module")
def unseen():
    return shop(4_000, seed=1)


def test_it_ranks_nearly_as_well_as_the_truth_would(model, unseen):
    said, best = model.predict(unseen), unseen["true_risk"]
    assert auc(best, unseen["churned"]) - auc(said, unseen["churned"]) < 0.02
    assert auc(said, unseen["churned"]) > auc(unseen["recency_days"], unseen["churned"]) + 0.05


def test_what_it_says_in_percent_is_what_is_seen(model, unseen):
    assert calibration_error(model.predict(unseen), unseen["churned"]) < 0.03


def test_its_card_holds_it_against_silence_alone(model):
    card = model.card_
    assert card.beats_naive
    assert [score.name for score in card.scores if score.decides] == ["AUC", "log-loss"]
    assert card.split == "2019-10-11T00:00:00+00:00"
    assert card.checked == sum(int(part["count"]) for part in card.curve) > 1_500


def test_the_figures_of_a_fitted_model_can_be_had_again(model, known):
    again = {score.name: score for score in model.check(known)}
    assert again["AUC"].naive == {score.name: score for score in model.card_.scores}["AUC"].naive
    assert again["AUC"].model >= 0.7


def test_the_card_learned_nothing_from_labels_that_end_after_the_split(known):
    """Snapshots whose 90 days reach past the held-out one's day may be wrong in every label: the card stays."""
    late = {name: np.concatenate([column, column[:500]]) for name, column in known.items()}
    late["snapshot"][-500:] = known["snapshot"].max() - 89
    first = ChurnRisk(**QUICK).fit(late)
    late["churned"][-500:] = 1 - late["churned"][-500:]
    assert ChurnRisk(**QUICK).fit(late).card_.scores == first.card_.scores


def test_one_snapshot_is_learned_from_but_cannot_be_checked(known):
    fitted = ChurnRisk(**QUICK).fit(without(known, "snapshot"))
    assert fitted.card_.split == ""
    assert not fitted.card_.beats_naive
    assert fitted.predict(known).std() > 0.1


def test_frames_of_every_kind_give_the_same(known, model):
    arrow = pa.table(known)
    frame = arrow.to_pandas()
    frame["snapshot"] = pd.to_datetime(frame["snapshot"], unit="D")
    dated = ChurnRisk(**QUICK).fit(frame)
    assert (dated.predict(frame) == model.predict(known)).all()
    assert dated.card_.split == model.card_.split
    assert (model.predict(arrow) == model.predict(known)).all()


def test_a_saved_model_says_the_same(model, unseen, tmp_path):
    model.save(tmp_path / "churn.json")
    json.loads((tmp_path / "churn.json").read_text("utf-8"), parse_constant=pytest.fail)
    again = ChurnRisk.load(tmp_path / "churn.json")
    assert (again.predict(unseen) == model.predict(unseen)).all()
    assert again.reasons(unseen) == model.reasons(unseen)
    assert Card.from_json(again.card_.as_json()) == model.card_
    assert again.summary().rows == model.summary().rows


def test_contributions_sum_to_the_log_odds(model, unseen):
    said = model.predict(unseen)
    log_odds = np.log(said / (1 - said))
    assert np.allclose(model.contributions(unseen).sum(axis=1), log_odds - model.expected_, atol=1e-9)


@given(st.integers(0, 3_999), st.floats(1, 400), st.floats(0, 400))
@settings(max_examples=50, deadline=None)
def test_nobody_gets_safer_by_staying_silent(model, unseen, row, silent, longer):
    usual = unseen["gap_expected_days"][row], unseen["longest_gap"][row]
    one = {name: np.repeat(column[row], 2) for name, column in unseen.items()}
    one["recency_days"] = np.array([silent, silent + longer])
    one |= {"overdue": one["recency_days"] / usual[0], "silence_ratio": one["recency_days"] / usual[1]}
    first, later = model.predict(one)
    assert later >= first


def test_the_three_early_signs_are_given_as_reasons(model):
    row = {
        "recency_days": 40.0,
        "gap_median_days": 12.0,
        "gap_expected_days": 13.0,
        "frequency": 9.0,
        "overdue": 3.1,
        "longest_gap": 45.0,
        "silence_ratio": 0.9,
        "csat_last": 2.0,
        "events_30d": 2.0,
        "engagement_trend": -0.6,
    }
    (reasons,) = model.reasons({name: [value] for name, value in row.items()})
    assert sorted(reasons) == [
        "has opened the shop less in the last 30 days: 2 events, 8 in the 30 before",
        "orders have become rarer: usually every 12 days, now 40 days of silence",
        "the last satisfaction score was 2",
    ]
    assert len(model.reasons({name: [value] for name, value in row.items()}, most=1)[0]) == 1


def test_nothing_is_said_where_nothing_stands_out(model):
    happy = {
        "recency_days": 3.0,
        "gap_median_days": 25.0,
        "gap_expected_days": 26.0,
        "frequency": 20.0,
        "overdue": 0.1,
        "longest_gap": 60.0,
        "silence_ratio": 0.05,
        "csat_last": 5.0,
        "events_30d": 20.0,
        "engagement_trend": 0.5,
    }
    assert model.reasons({name: [value] for name, value in happy.items()}) == [[]]


def test_every_reason_is_true_of_its_row(model, unseen):
    spoken = 0
    for row, reasons in enumerate(model.reasons(unseen)):
        for sentence in reasons:
            spoken += 1
            if found := re.match(r"silent for (\S+) days, longer than ever before \(at most (\S+) days", sentence):
                assert unseen["recency_days"][row] > unseen["longest_gap"][row]
                assert float(found[1].replace(",", "")) == round(unseen["recency_days"][row])
            elif "usually every" in sentence:
                assert unseen["recency_days"][row] > 1.5 * unseen["gap_median_days"][row]
            elif "satisfaction" in sentence:
                assert sentence.endswith(f" {unseen['csat_last'][row]:g}")
            elif "opened the shop less" in sentence:
                assert unseen["engagement_trend"][row] < 0
    assert spoken > 1_000


def test_columns_of_ones_own_are_spoken_of_by_their_names():
    rng = np.random.default_rng(2)
    calls = rng.poisson(3, 2_000)
    frame = {"calls_to_support": calls, "churned": (rng.random(2_000) < 0.1 + 0.1 * np.minimum(calls, 8)).astype(int)}
    fitted = ChurnRisk(**QUICK).fit(frame)
    assert fitted.reasons({"calls_to_support": [9, 0]}) == [["calls to support is 9, where 3 is typical"], []]
    assert fitted.summary().to_dicts()[0]["column"] == "calls_to_support"


def test_texts_are_no_columns_to_learn_from(known):
    fitted = ChurnRisk(**QUICK).fit({**known, "country": np.repeat("DE", len(known["churned"]))})
    assert "country" not in fitted.columns_


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"churned": None}, "column `churned` is missing"),
        ({"churned": np.arange(6_000) % 3}, "other values than 0 and 1"),
        ({"churned": np.where(np.arange(6_000) < 29, 1, 0)}, "29 of them of churned customers, are too few"),
        ({"recency_days": np.full(6_000, np.inf)}, "`recency_days` has infinite values"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_a_sentence(known, change, says):
    frame = {name: column for name, column in {**known, **change}.items() if column is not None}
    with pytest.raises(TenureError, match=re.escape(says)):
        ChurnRisk(**QUICK).fit(frame)


def test_frames_without_what_was_learned_are_refused(model, unseen):
    with pytest.raises(TenureError, match="column `csat_last` is missing"):
        model.predict(without(unseen, "csat_last"))
    with pytest.raises(TenureError, match="has not been fitted"):
        ChurnRisk().predict(unseen)
    with pytest.raises(TenureError, match="no column of numbers"):
        ChurnRisk().fit({"churned": np.arange(400) % 2})


def test_scoring_costs_microseconds_a_customer(model, unseen):
    """15 for the probability, 50 for the reasons, in seconds of work; a tenth of that was measured."""
    many = {name: np.tile(column, 5) for name, column in unseen.items()}
    model.reasons(unseen)
    began = time.process_time()
    model.predict(many)
    said = time.process_time()
    model.reasons(many)
    assert (said - began) / 20_000 < 15e-6
    assert (time.process_time() - said) / 20_000 < 50e-6
