from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tenure.domain.money import Money


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_units_and_minor_units_are_one_to_one(minor, currency):
    money = Money(minor, currency)
    assert Money.of(money.amount, currency) == money


def test_halves_round_to_even_so_that_sums_do_not_drift():
    assert [Money.of(Decimal(a), "EUR").minor for a in ("0.005", "0.015", "0.025")] == [0, 2, 2]


def test_money_reads_as_people_write_it():
    assert str(Money(123456, "EUR")) == "1,234.56 EUR"
    assert str(Money(1234, "JPY")) == "1,234 JPY"
