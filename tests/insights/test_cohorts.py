"""Cohorts: by month of first order, the share that ordered in each later month."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.insights.cohorts import average_share, triangle


def test_the_triangle_of_four_customers(shop):
    shop.order(1, "2020-01-05")
    shop.order(1, "2020-01-25")  # twice in a month counts once
    shop.order(1, "2020-03-05")
    shop.order(2, "2020-01-05")
    shop.order(3, "2020-02-10")
    shop.order(3, "2020-03-10")
    shop.order(4, "2020-01-10", status="cancelled")  # begins nothing
    shop.order(4, "2020-03-10")
    report = shop.report("cohorts", "2020-04-01")
    assert report.as_json()["cohorts"] == [
        {"cohort": "2020-01", "customers": 2, "m1": 0.0, "m2": 0.5, "months_whole": 3},
        {"cohort": "2020-02", "customers": 1, "m1": 1.0, "m2": None, "months_whole": 2},
        {"cohort": "2020-03", "customers": 1, "m1": None, "m2": None, "months_whole": 1},
    ]
    assert report.figures["share_m1"] == 1 / 3  # one of the three whose second month is over


def test_a_month_that_is_still_running_is_marked_and_not_compared(shop):
    shop.order(1, "2020-01-05")
    shop.order(2, "2020-02-05")
    shop.order(2, "2020-03-01")
    running = shop.report("cohorts", "2020-03-02")
    assert [row["months_whole"] for row in running.as_json()["cohorts"]] == [2, 1]
    assert running.figures["share_m1"] == 0.0  # January's February is over; February's March is not
    assert "still running" in running.sentences[-1]


def test_a_swollen_first_cohort_is_said_to_hold_old_customers(shop):
    for who in range(10):
        shop.order(who, "2020-01-05")
    shop.order(11, "2020-02-05")
    shop.order(11, "2020-03-05")
    report = shop.report("cohorts", "2020-04-01")
    assert report.figures["share_m1"] == 1.0  # of the newcomer alone
    assert any("before the records begin" in s for s in report.sentences)


def test_without_orders_there_is_a_calm_sentence(shop):
    report = shop.report("cohorts", "2020-04-01")
    assert report.rows == () and report.sentences == ("Nobody has ordered yet.",)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 200)), max_size=30), st.integers(1, 200))
def test_every_buyer_is_in_exactly_one_cohort_and_no_share_passes_one(make_shop, orders, moment):
    shop = make_shop()
    first = date(2020, 1, 1)
    for who, day in orders:
        shop.order(who, (first + timedelta(days=day)).isoformat())
    rows = shop.report("cohorts", (first + timedelta(days=moment)).isoformat()).as_json()["cohorts"]
    assert sum(row["customers"] for row in rows) == len({who for who, day in orders if day < moment})
    shares = [v for row in rows for k, v in row.items() if k.startswith("m") and k[1:].isdigit() and v is not None]
    assert all(0 <= share <= 1 for share in shares)


def test_averages_weigh_cohorts_by_their_customers():
    cohorts = triangle([(0, 0, 90), (0, 1, 9), (1, 1, 10), (1, 2, 10)], last_month=2, last_is_whole=True)
    assert average_share(cohorts, 1) == 19 / 100
    assert average_share(cohorts, 5) is None
