"""Shares learned from counts: what is known beforehand without them, the counts themselves when there are many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.learning.shares import Count, alone, redeemed, unsubscribed


def test_few_control_people_lean_on_campaigns_of_the_same_goal_and_not_on_others():
    goals = {"a": "Order Completed", "b": "Order Completed", "c": "Review Given"}
    found = alone({"a": Count(0, 1), "b": Count(200, 1_000), "c": Count(0, 0)}, goals)
    assert set(found) == {"a", "b"}
    assert found["a"] == pytest.approx((0 + 20 * (200.5 / 1002)) / 21)
    assert found["b"] == pytest.approx(0.2, abs=0.001)


def test_every_offer_is_taken_to_be_redeemed_until_some_are_not():
    assert redeemed({}) == {} and redeemed({"a": Count(0, 0)}) == {}
    assert redeemed({"a": Count(1, 1)})["a"] == 1.0
    assert redeemed({"a": Count(0, 1)})["a"] > 0.85
    found = redeemed({"a": Count(300, 1_000), "b": Count(2, 2)})
    assert found["a"] == pytest.approx(0.3, abs=0.001)
    assert found["b"] == pytest.approx((2 + 20 * 312 / 1012) / 22)


def test_a_thousand_messages_weigh_as_much_as_the_settings():
    assert unsubscribed({"email": Count(3, 1_000)}, 0.001) == {"email": pytest.approx(0.002)}
    assert unsubscribed({"email": Count(0, 0)}, 0.001) == {}


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 99).flatmap(
    lambda n: st.integers(0, n).map(lambda k: Count(k, n))), max_size=3), st.floats(0, 1))  # fmt: skip
def test_every_share_is_one(counts, believed):
    for found in (alone(counts, dict.fromkeys(counts, "g")), redeemed(counts), unsubscribed(counts, believed)):
        assert all(0 <= share <= 1 for share in found.values())
