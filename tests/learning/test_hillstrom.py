"""On a real e-mail test the engine does not personalise where nothing says that it should."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import hillstrom

pytestmark = pytest.mark.skipif(not hillstrom.FILE.is_file(), reason="Hillstrom's e-mail test is not on this machine")
SPLITS = range(2)
GROUPS = "history, newbie and channel"


def seen(policy: str) -> list[hillstrom.Told]:
    return [hillstrom.told(hillstrom.POLICIES[policy](hillstrom.halves(n)), hillstrom.halves(n)) for n in SPLITS]


def test_the_engine_brings_what_one_mail_for_all_brings_and_more_than_anything_else_for_all():
    best = seen("men's mail to all")
    for policy in (f"Tenure, visits, by {GROUPS}", f"Tenure, orders, by {GROUPS}"):
        for mine, mens, womens, nothing in zip(seen(policy), best, seen("women's mail to all"), seen("nothing"),
                                               strict=True):  # fmt: skip
            for outcome in ("visit", "spend", "profit"):
                found = mine.values[outcome].value
                assert found > max(womens.values[outcome].value, nothing.values[outcome].value)
                assert found > 0.99 * mens.values[outcome].value, "personalising must not lose to one mail for all"


def test_where_taste_tells_people_apart_they_are_told_apart():
    """The women's mail moves those who buy women's goods more; sending it to them must cost nothing."""
    for mine in seen("Tenure, visits, by history and taste"):
        assert 0.02 < mine.shares[2] < 0.4
        assert mine.more[0] > -mine.more[1]
    train = hillstrom.halves(0)
    goal, belief = "visit", hillstrom.GOALS["visit"][1]
    taste, other = (hillstrom.cells(train, goal, standing)["womens"] for standing in ("history and taste", GROUPS))
    assert hillstrom.alike(taste, belief) < 0.01 < 0.2 < hillstrom.alike(other, belief)


def test_a_model_for_each_arm_takes_chance_for_difference_where_the_goal_is_rare():
    told = seen("T-learner, orders")
    assert np.mean([one.shares[1] for one in told]) < 0.9
    assert np.mean([one.values["visit"].value for one in told]) < np.mean(
        [one.values["visit"].value for one in seen(f"Tenure, orders, by {GROUPS}")]
    )
