"""The top of a concave hill: found from anywhere, on a ridge as well, and never below where the search began."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.models.newton import ascend


def log_likelihood(at):
    """Three heads and seven tails as a function of the log-odds: greatest at log(3 / 7)."""
    return float(3 * at[0] - 10 * np.logaddexp(0.0, at[0]))


def shape(at):
    chance = 1 / (1 + np.exp(-at[0]))
    return np.array([3 - 10 * chance]), np.array([[10 * chance * (1 - chance)]])


@given(st.floats(-30, 30))
def test_the_top_is_found_from_far_away_where_whole_steps_would_lead_down(start):
    at, top = ascend(log_likelihood, shape, np.array([start]))
    assert top >= log_likelihood([start])
    if abs(start) <= 6:  # farther out the hill is nearly straight, and a step may leap to as flat a place
        assert at[0] == pytest.approx(np.log(3 / 7), abs=1e-6)


def test_on_a_ridge_the_shortest_step_is_taken():
    matrix = np.array([[1.0, 1.0], [1.0, 1.0]])
    at, top = ascend(lambda x: -((x.sum() - 2) ** 2) / 2, lambda x: ((2 - x.sum()) * np.ones(2), matrix), np.zeros(2))
    assert at == pytest.approx([1, 1]) and top == pytest.approx(0)
