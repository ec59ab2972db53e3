"""Lifts by stage and path: the stated belief without data, the data when there is no end of it, sense in between."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.domain.campaign import Belief
from tenure.learning.arms import Arm, Stratum
from tenure.learning.lifts import ALIKE, Cell, alike, lifts

BELIEF = Belief(0.02, "medium")


def cell(stage, path, treated, reached, control, also, campaign="c", chance=0.9):
    return Cell(campaign, stage, path, (Stratum(chance, Arm(treated, reached), Arm(control, also)),))


def test_without_anybody_to_compare_the_stated_lift_stands():
    assert lifts([], {"c": BELIEF}) == {}
    assert lifts([cell("active", "active", 500, 50, 0, 0)], {"c": BELIEF}) == {}
    assert lifts([cell("active", "active", 500, 50, 50, 5, "stranger")], {"c": BELIEF}) == {}


def test_a_handful_of_people_moves_the_stated_lift_little():
    found = lifts([cell("active", "active", 9, 9, 1, 0)], {"c": BELIEF})
    assert found["c", "active", "active"].mean == pytest.approx(0.02, abs=0.004)
    assert found["c", None, None].sd == pytest.approx(BELIEF.sd, rel=0.02)


@pytest.mark.parametrize("confidence", ["low", "medium", "high"])
def test_endless_data_speak_for_themselves(confidence):
    many = 10**9
    cells = [
        cell("active", "active", 9 * many, round(1.5 * many), many, many // 10),
        cell("lost", "hit_and_run", 9 * many, round(0.45 * many), many, many // 20),
    ]
    found = lifts(cells, {"c": Belief(0.02, confidence)})
    assert found["c", "active", "active"].mean == pytest.approx(1.5 / 9 - 0.1, abs=1e-5)
    assert found["c", "lost", "hit_and_run"].mean == pytest.approx(0.0, abs=1e-5)
    assert found["c", "active", "active"].sd < 1e-4


def test_the_surer_the_file_the_more_it_takes_to_move_it():
    cells = [cell("active", None, 900, 90, 100, 1)]
    moved = [abs(lifts(cells, {"c": Belief(0.02, c)})["c", None, None].mean - 0.02) for c in ("low", "medium", "high")]
    assert moved[0] > 2 * moved[1] > 4 * moved[2] > 0


def test_one_wild_cell_of_a_few_people_carries_nobody_away():
    """Nine of nine treated came and none of one: a difference of 1 that claims, by its own shares, to be certain."""
    sober = [cell("active", path, 900, 92, 100, 10) for path in ("active", "discount", "undecided")]
    calm = lifts(sober, {"c": BELIEF})
    found = lifts([*sober, cell("new", "active", 9, 9, 1, 0)], {"c": BELIEF})
    assert found["c", None, None].mean == pytest.approx(calm["c", None, None].mean, abs=0.002)
    assert found["c", "new", "active"].mean < 0.03


def test_what_was_not_known_of_people_counts_for_the_whole_alone():
    found = lifts([cell("active", None, 9000, 1200, 1000, 100), cell(None, None, 9000, 1200, 1000, 100)], {"c": BELIEF})
    assert set(found) == {("c", None, None), ("c", "active", None)}
    assert found["c", None, None].people == 20_000 and found["c", "active", None].people == 10_000


def test_a_campaign_is_not_moved_by_another():
    mine = cell("active", "active", 900, 100, 100, 10)
    other = cell("active", "active", 900, 900, 100, 0, "d")
    alone = lifts([mine], {"c": BELIEF})
    both = lifts([mine, other], {"c": BELIEF, "d": BELIEF})
    assert {key: lift for key, lift in both.items() if key[0] == "c"} == alone


def test_what_people_did_before_is_taken_out():
    """Treated who had ordered twice as often before need no message to come twice as often."""
    keen = Arm(900, 180, goals_before=900.0, goals_before_squared=2700.0, goals_both=540.0)
    tired = Arm(100, 10, goals_before=50.0, goals_before_squared=150.0, goals_both=30.0)
    bare = lifts([cell("active", "active", 900, 180, 100, 10)], {"c": Belief(0.02, "low")})
    known = lifts([Cell("c", "active", "active", (Stratum(0.9, keen, tired),))], {"c": Belief(0.02, "low")})
    assert known["c", "active", "active"].mean < bare["c", "active", "active"].mean
    assert known["c", "active", "active"].sd < bare["c", "active", "active"].sd


def test_planted_lifts_are_found_better_than_by_belief_or_by_each_cell_alone():
    """Sixty campaigns of twelve cells; their lifts spread around what the files say, cells around their campaign."""
    random = np.random.default_rng(4)
    wrong = {"learned": 0.0, "alone": 0.0, "belief": 0.0}
    inside = total = 0
    for _ in range(60):
        whole = random.normal(0.03, 0.03)
        cells, truth = [], {}
        for stage in ("new", "active", "at_risk"):
            here = whole + random.normal(0, 0.015)
            for path in ("undecided", "active", "discount", "hit_and_run"):
                lift, base = here + random.normal(0, 0.01), random.uniform(0.1, 0.3)
                lift = max(lift, -base)
                treated, control = int(random.integers(30, 2_000)), int(random.integers(5, 250))
                came = random.binomial(treated, base + lift), random.binomial(control, base)
                cells.append(cell(stage, path, treated, int(came[0]), control, int(came[1])))
                truth["c", stage, path] = lift, came[0] / treated - came[1] / control
        found = lifts(cells, {"c": Belief(0.03, "low")})
        for key, (lift, raw) in truth.items():
            wrong["learned"] += (found[key].mean - lift) ** 2
            wrong["alone"] += (raw - lift) ** 2
            wrong["belief"] += (0.03 - lift) ** 2
            inside += abs(found[key].mean - lift) < 1.96 * found[key].sd
            total += 1
    assert wrong["learned"] < 0.5 * wrong["belief"] and wrong["learned"] < 0.25 * wrong["alone"]
    assert 0.92 <= inside / total <= 0.995


def rare_goals(random, apart):
    """Forty cells of a goal that few reach; the message adds 0.7 points, spread by `apart` between cells."""
    cells = []
    for number in range(40):
        lift = max(0.007 + random.normal(0, apart), 0.0)
        came = random.binomial(250, 0.006 + lift), random.binomial(250, 0.006)
        cells.append(
            cell(f"stage {number % 7}", f"path {number // 7}", 250, int(came[0]), 250, int(came[1]), chance=0.5)
        )
    return cells


def test_cells_are_told_apart_when_results_tell_them_apart_and_not_before():
    """A message that moves everybody alike looks, cell by cell, as if it moved each by something else."""
    random, belief, chances = np.random.default_rng(8), Belief(0.01, "low"), {0.0: [], 0.05: []}
    for apart, found in chances.items():
        for _ in range(8):
            cells = rare_goals(random, apart)
            found.append(alike(cells, belief))
            if not apart:
                means = [lift.mean for key, lift in lifts(cells, {"c": belief}).items() if key[2]]
                own = [(s.treated.goals - s.control.goals) / 250 for c in cells for s in c.strata]
                assert np.std(means) < 0.25 * np.std(own)
    assert np.mean(chances[0.0]) > 1.5 * ALIKE and max(chances[0.05]) < 0.01
    assert alike([cell("active", "active", 9, 1, 1, 0)], belief) == pytest.approx(ALIKE, abs=0.01)
    assert alike([cell("active", "active", 9, 1, 0, 0)], belief) is None


counts = st.integers(0, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
some_cells = st.lists(
    st.builds(
        lambda stage, path, one, other: cell(stage, path, *one, *other),
        st.sampled_from(["new", "active", None]), st.sampled_from(["active", "discount", None]), counts, counts,
    ), max_size=9, unique_by=lambda c: (c.stage, c.path),
)  # fmt: skip


@settings(max_examples=40)
@given(some_cells, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing_and_every_answer_is_possible(cells, chance):
    found = lifts(cells, {"c": BELIEF})
    shuffled = list(cells)
    chance.shuffle(shuffled)
    assert lifts(shuffled, {"c": BELIEF}) == found
    for lift in found.values():
        assert -1 <= lift.mean <= 1 and 0 < lift.sd < 1 and math.isfinite(lift.mean)
