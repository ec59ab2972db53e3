"""How many people it takes: the number named is enough, and half of it is not."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.learning.arms import Arm, Stratum
from tenure.learning.effects import goal_effect
from tenure.learning.power import people_needed


@pytest.mark.parametrize(("alone", "lift", "control"), [(0.10, 0.05, 0.2), (0.3, -0.1, 0.1)])
def test_so_many_people_show_the_lift_four_times_in_five(alone, lift, control):
    needed = people_needed(alone, lift, control)
    random = np.random.default_rng(2)

    def shown(people: int) -> float:
        held = round(people * control)
        came = random.binomial(people - held, alone + lift, 1_000), random.binomial(held, alone, 1_000)
        found = [goal_effect([Stratum(1 - control, Arm(people - held, int(a)), Arm(held, int(b)))])
                 for a, b in zip(*came, strict=True)]  # fmt: skip
        return float(np.mean([(f.low > 0) if lift > 0 else (f.high < 0) for f in found]))

    assert shown(needed) == pytest.approx(0.8, abs=0.05)
    assert shown(needed // 2) < 0.5


def test_small_lifts_small_groups_and_what_is_left_of_the_variance():
    usual = people_needed(0.1, 0.02, 0.1)
    assert people_needed(0.1, 0.01, 0.1) > 3 * usual
    assert people_needed(0.1, 0.02, 0.02) > 3 * usual
    assert people_needed(0.1, 0.02, 0.5) < usual
    assert people_needed(0.1, 0.02, 0.1, ratio=0.5) == pytest.approx(usual / 2, rel=0.1)
    assert people_needed(0.1, 0.9, 0.1) == 300, "fewer than 30 left alone say nothing"


def test_what_can_never_be_shown_has_no_number():
    assert people_needed(0.1, 0.0, 0.1) is None
    assert people_needed(0.1, 0.02, 0.0) is None and people_needed(0.1, 0.02, 1.0) is None
    assert people_needed(0.1, 1e-6, 0.1) is None
