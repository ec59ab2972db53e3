"""Conditions are found impossible exactly when nobody could meet them."""

from __future__ import annotations

import operator

from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.campaigns.contradictions import contradiction
from tenure.domain.segment import Column, Compare, Condition, Constant, IsNull, Not, OneOf

_TESTS = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
numbers = st.integers(1, 6) | st.sampled_from([2.5, 4.0])
simple = st.one_of(
    st.builds(Compare, st.sampled_from(sorted(_TESTS)), st.just(Column("orders")), st.builds(Constant, numbers)),
    st.builds(lambda op, n: Compare(op, Constant(n), Column("orders")), st.sampled_from(sorted(_TESTS)), numbers),
    st.builds(lambda ns: OneOf(Column("orders"), tuple(map(Constant, ns))), st.lists(numbers, min_size=1, max_size=3)),
    st.just(IsNull(Column("orders"))),
)
conditions = simple | st.builds(Not, simple) | st.builds(lambda c: Not(Not(c)), simple)


def holds(condition: Condition, value: int | None) -> bool | None:
    """The condition of one value by SQL's three truths."""
    match condition:
        case Not(inner):
            said = holds(inner, value)
            return None if said is None else not said
        case IsNull():
            return value is None
        case OneOf(_, values):
            return None if value is None else value in [v.value for v in values]
        case Compare(op, Constant(left), Column()):
            return None if value is None else _TESTS[op](left, value)
        case Compare(op, Column(), Constant(right)):
            return None if value is None else _TESTS[op](value, right)
    raise AssertionError(condition)


@settings(max_examples=300, deadline=None)
@given(terms=st.lists(conditions, min_size=1, max_size=5))
def test_conditions_contradict_each_other_when_no_number_meets_them_all(terms: list[Condition]) -> None:
    possible = [value for value in (None, *range(9)) if all(holds(term, value) is True for term in terms)]
    found = contradiction([(str(number), term) for number, term in enumerate(terms)])
    assert (found is None) == bool(possible)
    if found:
        named = [terms[int(words)] for words in found]
        assert not [value for value in (None, *range(9)) if all(holds(term, value) is True for term in named)]
