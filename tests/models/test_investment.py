"""Retention money goes where it pays: who is worth an effort, who grows, who is served, who may go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.models.investment import KINDS, Prospects, assign, effort_gain


def of(clv, high, churn, profit, tenure_days=365.0, cost=2.0, lift=0.1):
    one = [np.array([float(value)]) for value in (clv, high, churn, profit, tenure_days)]
    return assign(Prospects(*one), cost, lift)[0]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"clv": 100, "high": 150, "churn": 0.3, "profit": 100}, "keep"),  # 0.1 · 0.3 · 100 = 3 > 2
        ({"clv": 100, "high": 150, "churn": 0.1, "profit": 50}, "grow"),  # 1 < 2, but more than last year
        ({"clv": 100, "high": 150, "churn": 0.1, "profit": 200}, "serve"),
        ({"clv": 100, "high": 150, "churn": 0.1, "profit": 200, "tenure_days": 1460.0}, "grow"),  # 50 a year so far
        ({"clv": -5, "high": -1, "churn": 0.9, "profit": 900}, "let_go"),  # certain to cost from now on
        ({"clv": -5, "high": 20, "churn": 0.9, "profit": -3}, "let_go"),  # never brought anything, nor will
        ({"clv": -5, "high": 20, "churn": 0.9, "profit": 900}, "serve"),  # has earned the doubt
        ({"clv": float("nan"), "high": 1, "churn": 0.5, "profit": 1}, None),
    ],
)
def test_money_decides_what_becomes_of_whom(known, expected):
    assert of(**known) == expected


def test_a_first_weeks_profit_is_not_multiplied_into_a_year():
    assert of(clv=60, high=90, churn=0.1, profit=10, tenure_days=2.0) == "grow"


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 4, st.floats(0, 4000)), min_size=1, max_size=30))
def test_everybody_with_a_value_gets_one_of_four_words(rows):
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    columns[1] = np.maximum(columns[0], columns[1])
    columns[2] = np.abs(columns[2]) / 1e6
    found = assign(Prospects(*columns), 1.0, 0.05)
    assert set(found) <= set(KINDS)


@given(st.floats(0, 1e4), st.floats(0, 1), st.floats(0, 100), st.floats(0, 1))
def test_a_dearer_effort_never_pays_where_a_cheaper_one_did_not(clv, churn, cost, lift):
    gain = effort_gain(np.array([clv]), np.array([churn]), cost, lift)[0]
    assert effort_gain(np.array([clv]), np.array([churn]), cost + 1, lift)[0] < gain
