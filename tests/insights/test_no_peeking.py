"""No report looks at or past its moment, whatever happens there."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.operations.report import KINDS

MOMENT = 100  # days after 1 January 2020
dates = st.integers(0, 99)
orders = st.lists(st.tuples(st.integers(1, 4), dates, st.integers(1, 9999)), max_size=12)
contracts = st.lists(st.tuples(st.integers(1, 4), dates, st.one_of(st.none(), st.integers(0, 160))), max_size=5)
later = st.lists(st.tuples(st.integers(1, 6), st.integers(MOMENT, 200), st.integers(1, 9999)), min_size=1, max_size=8)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders, contracts, later)
def test_what_happens_later_changes_no_report(make_shop, kind, orders, contracts, later):
    now = day(MOMENT)
    before, after = make_shop(), make_shop()
    for shop in (before, after):
        for number, (who, when, total) in enumerate(orders):
            shop.order(who, day(when), total, order_id=f"order-{number}")
        for who, when, ends in contracts:
            shop.contract(who, day(when), ends_at=day(ends) if ends else None)
            shop.payment(who, day(when), 500)
    for number, (who, when, total) in enumerate(later):
        after.order(who, day(when), total, order_id=f"later-{number}")
        after.contract(who, day(when), total)
        after.payment(who, day(when), total)
        after.customer(100 + number, day(when))
        if orders:
            after.refund("order-0", day(when), 1)
    # A cancellation that nobody could know of yet.
    after.warehouse.run(
        'UPDATE facts.subscriptions SET cancelled_at = ? WHERE ends_at IS NULL AND "at" < ?', [micros(MOMENT)] * 2
    )
    assert after.report(kind, now).as_json() == before.report(kind, now).as_json()


def day(number: int) -> str:
    return (date(2020, 1, 1) + timedelta(days=number)).isoformat()


def micros(number: int) -> int:
    return (date(2020, 1, 1) + timedelta(days=number) - date(1970, 1, 1)).days * 86_400_000_000
