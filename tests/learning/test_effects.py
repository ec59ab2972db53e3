"""The intervals hold what they promise, on simulated people whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.learning.effects import (
    FEWEST,
    Arm,
    Stratum,
    alarm,
    goal_effect,
    interval,
    revenue_effect,
    sample_ratio,
)

LOOKS = np.unique(np.geomspace(60, 8_000, 40).astype(int))


def arms(treated: np.ndarray, reached: np.ndarray) -> list[Stratum]:
    def arm(mask: np.ndarray) -> Arm:
        return Arm(int(mask.sum()), int(reached[mask].sum()))

    return [Stratum(0.8, arm(treated), arm(~treated))]


def missed(rate: float, effect: float, seed: int, worlds: int = 200) -> tuple[float, float, float]:
    """Shares of worlds in which, at any look, the sequence or the ordinary interval missed; the latter at the last."""
    random = np.random.default_rng(seed)
    always = once = last = 0
    for _ in range(worlds):
        treated = random.random(LOOKS[-1]) < 0.8
        reached = random.random(LOOKS[-1]) < np.where(treated, rate + effect, rate)
        found = [goal_effect(arms(treated[:n], reached[:n])) for n in LOOKS]
        found = [f for f in found if f is not None and f.low is not None]
        always += any(not f.low <= effect <= f.high for f in found)
        once += any(not f.once_low <= effect <= f.once_high for f in found)
        last += not found[-1].once_low <= effect <= found[-1].once_high
    return always / worlds, once / worlds, last / worlds


@pytest.mark.parametrize(("rate", "effect"), [(0.3, 0.0), (0.05, 0.02), (0.01, 0.0)])
def test_the_interval_holds_at_all_looks_together(rate, effect):
    always, once, last = missed(rate, effect, seed=7)
    assert always <= 0.05 + 0.015
    assert last == pytest.approx(0.05, abs=0.03)
    assert once > 0.15, "which is why the ordinary interval cannot be looked at every day"


def test_a_planted_effect_is_found_and_its_size_with_it():
    random = np.random.default_rng(11)
    treated = random.random(20_000) < 0.8
    reached = random.random(20_000) < np.where(treated, 0.15, 0.10)
    found = goal_effect(arms(treated, reached))
    assert 0 < found.low < 0.05 < found.high < 0.1


def test_no_effect_is_not_found():
    random = np.random.default_rng(12)
    treated = random.random(20_000) < 0.8
    found = goal_effect(arms(treated, random.random(20_000) < 0.1))
    assert found.low < 0 < found.high


def test_a_worked_example():
    """900 written to, of whom 90 came; 100 left alone, of whom 8 came."""
    found = goal_effect([Stratum(0.9, Arm(900, 90), Arm(100, 8))])
    assert found.effect == pytest.approx(0.02)
    share_1, share_0 = 91 / 902, 9 / 102
    variance = share_1 * (1 - share_1) / 900 + share_0 * (1 - share_0) / 100
    assert found.once_high - found.effect == pytest.approx(1.959964 * math.sqrt(variance))
    assert found.high - found.effect == pytest.approx(interval(variance, 1000))
    assert 1.4 < interval(variance, 1000) / (1.959964 * math.sqrt(variance)) < 1.8


def test_revenue_per_head_is_measured_the_same_way():
    random = np.random.default_rng(5)
    treated, control = random.gamma(2, 30, 3_000), random.gamma(2, 25, 1_000)
    strata = [Stratum(0.75, *(Arm(len(a), 0, float(a.sum()), float((a**2).sum())) for a in (treated, control)))]
    found = revenue_effect(strata)
    assert found.effect == pytest.approx(treated.mean() - control.mean())
    plain = 1.959964 * math.sqrt(treated.var(ddof=1) / 3_000 + control.var(ddof=1) / 1_000)
    assert found.once_high - found.effect == pytest.approx(plain)
    assert found.low < 10 < found.high and found.low > 0


def test_a_changed_control_share_does_not_look_like_an_effect():
    """Half left alone in the season when everybody buys, a tenth in the season when nobody does."""
    strata = [Stratum(0.5, Arm(500, 400), Arm(500, 400)), Stratum(0.9, Arm(900, 90), Arm(100, 10))]
    assert goal_effect(strata).effect == pytest.approx(0.0)


def test_too_few_people_give_no_interval():
    few = goal_effect([Stratum(0.9, Arm(500, 50), Arm(FEWEST - 1, 2))])
    assert few.effect is not None and few.low is None and few.once_low is None
    assert goal_effect([Stratum(0.9, Arm(500, 50), Arm())]) is None
    assert goal_effect([]) is None


def test_an_arm_in_which_nobody_came_is_not_certain():
    found = goal_effect([Stratum(0.5, Arm(100, 0), Arm(100, 0))])
    assert found.low < -0.01 and found.high > 0.01


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_an_interval_contains_its_effect_and_stays_possible(one, other, data):
    found = goal_effect([Stratum(0.5, Arm(one, data.draw(st.integers(0, one))),
                                 Arm(other, data.draw(st.integers(0, other))))])  # fmt: skip
    if found.low is not None:
        assert -1 <= found.low <= found.once_low <= found.effect <= found.once_high <= found.high <= 1


def test_a_lopsided_split_raises_the_alarm_and_an_even_one_does_not():
    assert alarm([Stratum(0.9, Arm(9_000), Arm(1_000))]) == ""
    assert sample_ratio([Stratum(0.9, Arm(9_000), Arm(1_000))]) == pytest.approx(1.0)
    assert "cannot be trusted" in alarm([Stratum(0.9, Arm(9_000), Arm(800))])
    # z = 60 / sqrt(10,000 · 0.25) = 1.2, whose two-sided p is 0.2301.
    assert sample_ratio([Stratum(0.5, Arm(5_060), Arm(4_940))]) == pytest.approx(0.2301, abs=1e-4)
    assert sample_ratio([Stratum(1.0, Arm(5_000), Arm())]) is None


def test_the_alarm_is_rarely_false():
    random = np.random.default_rng(3)
    splits = random.binomial(2_000, 0.9, size=4_000)
    false = [bool(alarm([Stratum(0.9, Arm(int(n)), Arm(2_000 - int(n)))])) for n in splits]
    assert sum(false) / len(false) <= 0.003
