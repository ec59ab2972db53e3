"""Discounts that went to people who would have come anyway, on simulated people whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.learning.arms import Arm, Stratum
from tenure.learning.waste import wasted_discount


def arm(came: np.ndarray, discount: np.ndarray) -> Arm:
    given = discount * came
    return Arm(len(came), int(came.sum()), discount=float(given.sum()), discount_squared=float((given**2).sum()),
               discount_goals=float(given.sum()))  # fmt: skip


def test_a_worked_example():
    """900 treated, of whom 180 came and got 5 each; of 100 left alone 15 came: 15 of 20 in a hundred came anyway."""
    found = wasted_discount([Stratum(0.9, Arm(900, 180, discount=900.0, discount_squared=4500.0, discount_goals=900.0),
                                     Arm(100, 15))])  # fmt: skip
    assert (found.given, found.wasted) == (pytest.approx(900.0), pytest.approx(675.0))
    assert 0 < found.low < 675 < found.high <= 900


def test_discounts_that_everybody_gets_are_not_the_campaigns():
    same = {"discount": 500.0, "discount_squared": 2500.0, "discount_goals": 500.0}
    found = wasted_discount([Stratum(0.5, Arm(1000, 100, **same), Arm(1000, 100, **same))])
    assert (found.given, found.wasted, found.low) == (0.0, 0.0, 0.0)


def test_who_is_given_nothing_wastes_nothing_and_few_people_give_no_range():
    assert wasted_discount([Stratum(0.9, Arm(900, 90), Arm(100, 9))]).wasted == 0.0
    few = wasted_discount([Stratum(0.9, Arm(90, 20, discount=100.0), Arm(10, 1))])
    assert few.low is None and few.wasted == pytest.approx(100 * 0.1 / (20 / 90))
    assert wasted_discount([Stratum(0.9, Arm(900, 90), Arm())]) is None


def test_a_message_that_keeps_people_away_wastes_all_it_gives():
    found = wasted_discount([Stratum(0.5, Arm(1000, 100, discount=500.0, discount_squared=2500.0, discount_goals=500.0),
                                     Arm(1000, 200))])  # fmt: skip
    assert found.wasted == found.given == 500.0


def test_the_range_holds_the_truth_at_all_looks_together():
    """8% come anyway, 4% more because of a discount of 2 to 8: two thirds of it are wasted."""
    random, looks, missed = np.random.default_rng(8), np.geomspace(300, 6_000, 20).astype(int), 0
    worlds = 200
    for _ in range(worlds):
        n = looks[-1]
        treated, discount = random.random(n) < 0.8, random.uniform(2, 8, n)
        anyway, moved = random.random(n) < 0.08, random.random(n) < 0.04
        came = anyway | (moved & treated)
        wrong = False
        for size in looks:
            t, seen = treated[:size], slice(size)
            c = came[seen]
            found = wasted_discount([Stratum(0.8, arm(c[t], discount[seen][t]), arm(c[~t], np.zeros((~t).sum())))])
            truth = float(discount[seen][t & anyway[seen]].sum())
            wrong |= found.low is not None and not found.low <= truth <= found.high
        missed += wrong
    assert missed / worlds <= 0.07
