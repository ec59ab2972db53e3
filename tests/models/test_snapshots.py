"""What churn is learned from, the rule that it must beat, and how log-odds are put straight."""

import numpy as np
import pyarrow as pa
import pytest

from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.models.platt import straightened
from tenure.models.recency_rule import RecencyRule, figures
from tenure.models.snapshots import AGES, AS_THEY_ARE, Gaps, features, gaps_of, ordered_within


@pytest.fixture
def profile_of_one():
    def make(day: int):
        columns = {name: pa.array([1.0]) for name in AS_THEY_ARE}
        columns |= {name: pa.array([None], pa.timestamp("us")) for name in AGES}
        return AsOf(day * MICROS_PER_DAY, day), pa.table({**columns, "first_day": pa.array([0])})

    return make


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_log_odds_are_straightened(slope):
    rng = np.random.default_rng(3)
    margins = rng.normal(size=20_000)
    happened = rng.random(20_000) < 1 / (1 + np.exp(-(slope * margins - 0.4)))
    assert straightened(margins, happened.astype(float), np.ones(20_000)) == pytest.approx((slope, -0.4), abs=0.08)


def test_a_handful_of_cases_straightens_nothing():
    slope, intercept = straightened(np.array([1.0, -1.0]), np.array([0.0, 1.0]), np.ones(2))
    assert (slope, intercept) == pytest.approx((1, 0), abs=0.2)


def test_cases_count_by_their_weights():
    margins, happened = np.zeros(2_000), np.repeat([1.0, 0.0], 1_000)
    _, intercept = straightened(margins, happened, np.repeat([3.0, 1.0], 1_000))
    assert intercept == pytest.approx(np.log(3), abs=0.01)


def test_the_recency_rule_has_the_shares_of_the_past():
    silence, churned = np.repeat([10.0, 200.0], 1_000), np.r_[np.zeros(900), np.ones(100), np.ones(1_000)]
    said = RecencyRule.of(silence, churned).probability(np.array([10.0, 200.0, 900.0, np.nan]))
    assert said == pytest.approx([0.1, 1, 1, 1], abs=0.01)


def test_gaps_that_end_on_or_after_the_day_are_not_looked_at(profile_of_one):
    gaps = Gaps(np.zeros(4, int), np.array([110, 130, 100, 140]), np.array([10.0, 20.0, 100.0, 10.0]))
    as_of, profile = profile_of_one(140)
    columns = features(profile, gaps, as_of)
    assert columns["last_gap"][0] == 20
    assert columns["longest_gap"][0] == 100
    assert columns["order_days_30d"][0] == 2
    assert columns["order_days_180d"][0] == 4, "the first order is counted with its repeats"
    assert ordered_within(gaps, 1, 140, 90)[0]
    assert not ordered_within(gaps, 1, 141, 90)[0]


def test_early_signs_are_columns_of_a_snapshot(profile_of_one):
    """Falling frequency, falling engagement, lukewarm feedback: what the model can know early it is shown."""
    as_of, profile = profile_of_one(10)
    found = features(profile, Gaps(np.empty(0, int), np.empty(0, int), np.empty(0)), as_of)
    assert {"slowing", "pace_change", "engagement_trend", "events_30d", "csat_last", "nps_last"} <= found.keys()
    assert "p_alive" not in found


def test_gaps_of_other_customers_are_left_out():
    relation = pa.table({"customer_key": [1, 2, 2, 5, 9], "day": [10, 11, 12, 13, 14], "gap": [1, 2, 3, 4, 5]})
    mine = gaps_of(relation, np.array([2, 4, 5]))
    assert mine.place.tolist() == [0, 0, 2]
    assert mine.gap.tolist() == [2, 3, 4]
    assert not len(gaps_of(relation, np.empty(0, int)).gap)


def test_slowing_compares_the_last_three_gaps_with_those_before(profile_of_one):
    """Twice as long is the logarithm of 2, for weekly and for yearly buyers; two earlier gaps are needed to say it."""
    days = np.cumsum([10, 10, 20, 20, 20])
    as_of, profile = profile_of_one(100)
    gaps = Gaps(np.zeros(5, int), days, np.diff(days, prepend=0).astype(float))
    assert features(profile, gaps, as_of)["slowing"][0] == pytest.approx(np.log(2))
    few = Gaps(gaps.place[1:], gaps.day[1:], gaps.gap[1:])
    assert np.isnan(features(profile, few, as_of)["slowing"][0])


def test_the_change_of_pace_is_unknown_of_those_who_came_lately(profile_of_one):
    none = Gaps(np.empty(0, int), np.empty(0, int), np.empty(0))
    known, unknown = (features(profile_of_one(day)[1], none, profile_of_one(day)[0]) for day in (180, 179))
    assert known["pace_change"][0] == -1
    assert np.isnan(unknown["pace_change"][0])


def test_a_forecast_that_is_the_rule_does_not_beat_it():
    rng = np.random.default_rng(0)
    silence = rng.exponential(50, 2_000)
    churned = (rng.random(2_000) < silence / (silence + 50)).astype(float)
    rule = RecencyRule.of(silence, churned)
    ranked = {score.name: score for score in figures(silence / 1_000, churned, silence, rule)}
    ruled = {score.name: score for score in figures(rule.probability(silence), churned, silence, rule)}
    assert not ranked["AUC"].beats_naive
    assert not ruled["log-loss"].beats_naive
