"""Retention: ((end − new) ÷ start), worked by hand, by brute force, and on real records."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tenure as tn
from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import parse_as_of
from tenure.operations.report import question, report, retained
from tenure.warehouse.snapshot import WarehouseQuery


def test_a_thousand_with_two_hundred_new_and_eight_hundred_left_is_sixty_per_cent():
    assert tn.retention_rate(start=1000, new=200, end=800) == 0.6


@pytest.mark.parametrize(
    ("start", "new", "end", "word"),
    [(0, 0, 5, "nobody"), (-1, 0, 0, "start"), (10, 6, 5, "among"), (10, 0, 11, "more than"),
     (float("nan"), 0, 0, "start"), (10, float("inf"), 5, "new")],
)  # fmt: skip
def test_impossible_counts_are_refused_in_words(start, new, end, word):
    with pytest.raises(TenureError, match=word):
        tn.retention_rate(start, new, end)
    with pytest.raises(ValueError, match=word):
        tn.retention_rate(start, new, end)


@given(st.integers(1, 10**6), st.data())
def test_the_rate_lies_between_none_and_all(start, data):
    kept = data.draw(st.integers(0, start))
    new = data.draw(st.integers(0, 10**6))
    rate = tn.retention_rate(start, new, kept + new)
    assert 0 <= rate <= 1
    assert rate == kept / start


def test_kept_first_time_and_returned_customers_are_told_apart(shop):
    shop.order(1, "2020-03-20")  # there at the start and, by the order below, at the end
    shop.order(1, "2020-06-20")
    shop.order(2, "2020-03-20")  # there at the start, gone at the end
    shop.order(3, "2020-05-10")  # new
    shop.order(4, "2019-05-10")  # long gone at the start, back at the end
    shop.order(4, "2020-05-10")
    figures = shop.report("retention", "2020-07-01", "2020-04-01", "2020-07-01").as_json()
    names = ("start", "new", "first_time", "returned", "end", "retention_rate", "churn_rate")
    assert [figures[name] for name in names] == [2, 2, 1, 1, 3, 0.5, 0.5]
    assert figures["formula"] == "(end − new) ÷ start = (3 − 2) ÷ 2"
    assert figures["from"] == "2020-04-01" and figures["to"] == "2020-07-01" and figures["window_days"] == 90


def test_the_window_holds_exactly_its_days(shop):
    shop.order(1, "2020-04-01")  # 91 days before 1 July
    shop.order(2, "2020-04-02")  # 90 days before
    shop.order(3, "2020-07-01")  # the day itself is not before the moment
    assert shop.report("retention", "2020-08-01", "2020-06-01", "2020-07-01").figures["end"] == 1


def test_a_cancelled_order_makes_nobody_a_customer(shop):
    shop.order(1, "2020-06-20", status="cancelled")
    shop.order(2, "2020-06-20", status="refunded")
    assert shop.report("retention", "2020-07-01").figures["end"] == 1


@pytest.mark.parametrize(
    ("contract", "is_customer"),
    [
        ({}, True),
        ({"ends_at": "2020-06-30"}, False),
        ({"ends_at": "2020-07-10"}, True),
        ({"cancelled_at": "2020-06-30"}, False),
        ({"cancelled_at": "2020-07-02"}, True),  # not known on 1 July
        ({"cancelled_at": "2020-06-30", "ends_at": "2020-07-10"}, True),  # paid until its end
        ({"trial_ends_at": "2020-07-05"}, False),  # still trying
        ({"trial_ends_at": "2020-02-01"}, True),
        ({"trial_ends_at": "2020-02-01", "cancelled_at": "2020-01-20"}, False),  # never paid
        ({"ends_at": "2020-02-15", "auto_renew": 1}, True),  # renews by itself
        ({"ends_at": "2020-02-15", "auto_renew": 1, "cancelled_at": "2020-07-02"}, True),  # cancelled later
        ({"ends_at": "2020-02-15", "auto_renew": 1, "auto_renew_consent_at": "2020-07-02"}, False),  # agreed later
    ],
)
def test_who_holds_a_live_contract_is_a_customer(shop, contract, is_customer):
    shop.contract(1, "2020-01-15", **contract)
    assert shop.report("retention", "2020-08-01", "2020-06-01", "2020-07-01").figures["end"] == int(is_customer)


def test_the_end_of_one_period_is_the_start_of_the_next(shop, moment):
    for who, more in enumerate(CONTRACTS):
        shop.contract(who, "2020-01-15", **more)
    asked = question(WarehouseQuery(shop.warehouse), shop.business, moment("2020-08-01"))
    for on in ("2020-02-10", "2020-03-01", "2020-07-01", "2020-07-04", "2020-07-08"):
        end = retained(asked, moment("2020-01-01"), moment(on)).end
        assert end == retained(asked, moment(on), moment("2020-07-30")).start, on


CONTRACTS = (
    {}, {"ends_at": "2020-06-30"}, {"ends_at": "2020-07-05"}, {"cancelled_at": "2020-07-02"},
    {"trial_ends_at": "2020-07-05"}, {"cancelled_at": "2020-06-30", "ends_at": "2020-07-10"},
    {"ends_at": "2020-02-15", "auto_renew": 1, "cancelled_at": "2020-07-02"},
    {"ends_at": "2020-02-15", "auto_renew": 1, "auto_renew_consent_at": "2020-07-02"},
    {"ends_at": "2020-02-15", "cancelled_at": "2020-07-02"},
)  # fmt: skip


def test_moments_are_written_by_the_business_calendar(make_shop):
    shop = make_shop(Business(timezone="America/New_York"))
    asked = parse_as_of("2020-07-01", "America/New_York")
    query = WarehouseQuery(shop.warehouse)
    assert report("retention", query, shop.business, asked).figures["to"] == "2020-07-01"
    later = parse_as_of("2020-07-01T15:30:00Z", "America/New_York")
    assert report("retention", query, shop.business, later).figures["to"] == "2020-07-01T15:30:00Z"


def test_nobody_at_the_start_gives_no_rate_and_a_sentence(shop):
    shop.order(1, "2020-06-20")
    report = shop.report("retention", "2020-07-01")
    assert report.figures["retention_rate"] is None
    assert report.sentences[0].startswith("There were no customers on")


def test_a_period_past_the_moment_of_the_report_is_refused(shop):
    with pytest.raises(TenureError, match="after the moment"):
        shop.report("retention", "2020-07-01", "2020-06-01", "2020-08-01")
    with pytest.raises(TenureError, match="empty"):
        shop.report("retention", "2020-07-01", "2020-07-01")


def days_of_2020() -> list[str]:
    return [(date(2020, 1, 1) + timedelta(days=i)).isoformat() for i in range(120)]


events = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 119)), max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events, st.integers(1, 60), st.integers(5, 60), st.integers(61, 118))
def test_the_counts_are_those_of_a_person_with_a_calendar(make_shop, moment, events, window, start, end):
    shop = make_shop(Business(retention_window_days=window))
    names = days_of_2020()
    for who, day in events:
        shop.order(who, names[day])
    asked = question(WarehouseQuery(shop.warehouse), shop.business, moment(names[end]))
    found = retained(asked, moment(names[start]), moment(names[end]))

    def there(moment):
        return {who for who, day in events if moment - window <= day < moment}

    before, after = there(start), there(end)
    bought_before = {who for who, day in events if day < start}
    assert found.start == len(before)
    assert found.end == len(after)
    assert found.first_time == len(after - bought_before)
    assert found.returned == len((after & bought_before) - before)
    if before:
        assert found.rate == len(before & after) / len(before)
        assert found.rate + found.churn == pytest.approx(1)
