"""The same people are left alone wherever and whenever the question is asked."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.domain.arms import bound, is_left_alone, lot
from tenure.warehouse.candidates import arm_sql


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.text(st.characters(exclude_categories=["Cs", "Cc"])),
       st.fractions(0, 1), st.one_of(st.none(), st.text("abc-'|ß")))  # fmt: skip
def test_python_and_the_engine_draw_the_same_lots(world, salt, customer_id, share, campaign):
    said = world.warehouse.fetch(
        f"SELECT {arm_sql(salt, share, campaign, 'who')} FROM (SELECT ? AS who)", [customer_id]
    )
    assert said == [(is_left_alone(salt, customer_id, share, campaign),)]


def test_a_lot_is_the_documented_text():
    assert lot("a", "c", "b") == "2e077b3e"
    assert (bound(Fraction(1, 10)), bound(0.1), bound(0), bound(1)) == ("19999999", "19999999", "00000000", "g")


@given(st.fractions(0, 1), st.fractions(0, 1), st.text(max_size=8))
def test_a_larger_share_keeps_those_of_the_smaller(one, other, who):
    low, high = sorted((one, other))
    assert not is_left_alone("s", who, low) or is_left_alone("s", who, high)


def test_nobody_and_everybody_are_exact():
    people = [str(number) for number in range(1000)]
    assert not any(is_left_alone("s", who, 0) for who in people)
    assert all(is_left_alone("s", who, 1) for who in people)


def test_campaigns_and_the_holdout_draw_apart():
    people = [str(number) for number in range(20_000)]
    a = {who for who in people if is_left_alone("s", who, 0.2, "a")}
    b = {who for who in people if is_left_alone("s", who, 0.2, "b")}
    everywhere = {who for who in people if is_left_alone("s", who, 0.2)}
    assert 0.18 < len(a) / 20_000 < 0.22
    for first, second in ((a, b), (a, everywhere)):
        assert 0.035 < len(first & second) / 20_000 < 0.045, "the shares multiply, so the draws are independent"
