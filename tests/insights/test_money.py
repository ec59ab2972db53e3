"""Revenue, recurring revenue, stages and economics: money counted in whole minor units."""

import pytest
from tests.insights.conftest import _at as at

from tenure.domain.business import Business, ValueRules


def test_a_refund_counts_in_its_own_month_and_a_cancelled_order_nowhere(shop):
    first = shop.order(1, "2020-01-10", 5000)
    gone = shop.order(1, "2020-01-11", 7000, status="cancelled")
    shop.order(2, "2020-02-10", 1001)
    shop.order(2, "2020-02-11", 300, status="refunded")  # no refund of its own: all of it, in its own month
    shop.refund(first, "2020-02-20", 500)
    shop.refund(gone, "2020-01-20", 7000)
    shop.payment(3, "2020-02-01", 999)
    shop.payment(3, "2020-02-02", 999, status="failed")
    months = shop.report("revenue", "2020-04-01").as_json()["months"]
    assert [(m["month"], m["orders"], m["gross"], m["refunds"], m["net"]) for m in months] == [
        ("2020-01", 1, 50.0, 0.0, 50.0), ("2020-02", 2, 23.0, 8.0, 15.0), ("2020-03", 0, 0.0, 0.0, 0.0)
    ]  # fmt: skip


def test_the_running_month_is_not_compared_with_a_whole_one(shop):
    shop.order(1, "2020-01-10", 5000)
    shop.order(1, "2020-02-10", 5500)
    shop.order(1, "2020-03-01", 100)
    report = shop.report("revenue", "2020-03-05")
    assert [m["whole"] for m in report.as_json()["months"]] == [True, True, False]
    assert report.sentences[:2] == (
        "Feb 2020 brought $55.00 net of refunds, 10.0% more than the month before.",
        "Mar 2020 is still running: $1.00 so far.",
    )


def test_gross_retention_is_capped_customer_by_customer_and_net_is_not(shop):
    for who, price in ((1, 1000), (2, 1000), (3, 1000)):
        shop.contract(who, "2020-01-01", price, ends_at="2020-03-01")
    shop.contract(1, "2020-03-01", 3000)  # grew
    shop.contract(2, "2020-03-01", 400)  # shrank
    shop.contract(4, "2020-03-05", 9000)  # new: counts in neither
    figures = shop.report("revenue", "2020-04-01", "2020-02-01", "2020-04-01").figures
    assert figures["gross_revenue_retention"] == pytest.approx(1400 / 3000)
    assert figures["net_revenue_retention"] == pytest.approx(3400 / 3000)


@pytest.mark.parametrize(
    ("period", "price"), [("month", 1000), ("year", 12000), ("P1Y", 12000), ("P3M", 3000), ("P6M", 6000)]
)
def test_periods_are_compared_by_the_year(shop, period, price):
    shop.contract(1, "2020-01-01", 1000, ends_at="2020-03-01")
    shop.contract(1, "2020-03-01", price, period)
    figures = shop.report("revenue", "2020-04-01", "2020-02-01", "2020-04-01").figures
    assert figures["net_revenue_retention"] == 1.0


def test_a_period_nobody_knows_is_left_out_and_said(shop):
    shop.contract(1, "2020-01-01", 1000)
    shop.contract(2, "2020-01-01", 1000, "fortnightly-ish")
    report = shop.report("revenue", "2020-04-01", "2020-02-01", "2020-04-01")
    assert report.figures["contracts_start"] == 1
    shop.order(1, "2020-01-01")
    assert "1 contracts have a period" in shop.report("revenue", "2020-04-01", "2020-02-01").sentences[-1]


def profile(shop, key, stage, profit, revenue=0.0, orders=1, as_of="2020-04-01", future=(None, None, None)):
    shop.warehouse.run(
        "CREATE TABLE IF NOT EXISTS profiles (customer_key BIGINT, as_of TIMESTAMP, orders BIGINT, revenue DOUBLE, "
        "margin DOUBLE, cost_to_serve DOUBLE, contact_cost DOUBLE, profit DOUBLE, stage VARCHAR, clv_365d DOUBLE, "
        "churn_90d DOUBLE, investment VARCHAR)"
    )
    shop.warehouse.run("INSERT INTO profiles VALUES (?, CAST(? AS TIMESTAMP), ?, ?, ?, 0, 0, ?, ?, ?, ?, ?)",
                       [key, as_of, orders, revenue, profit, profit, stage, *future])  # fmt: skip


def test_stages_stand_in_the_order_of_life_with_the_empty_ones(shop):
    profile(shop, 1, "lost", 0.29)
    profile(shop, 2, "active", 0.58)
    profile(shop, 3, "active", 0.58)
    report = shop.report("stages", "2020-05-01")
    assert [row[:2] for row in report.rows] == [
        ("Prospect", 0), ("Trial", 0), ("New", 0), ("Active", 2), ("Loyal", 0), ("At risk", 0), ("Lapsed", 0),
        ("Lost", 1),
    ]  # fmt: skip
    assert report.as_json()["stages"][3]["profit"] == 1.16
    assert report.as_of == "2020-04-01"  # the moment of the profiles, not of the question


def test_profiles_of_a_later_moment_are_not_shown(shop):
    profile(shop, 1, "active", 1.0, as_of="2020-06-01")
    report = shop.report("stages", "2020-05-01")
    assert report.rows == () and "no profiles" in report.sentences[0]


def test_tenths_hold_equal_numbers_and_all_the_profit(shop):
    for key in range(25):
        profile(shop, key, "active", float(key), orders=1)
    profile(shop, 99, "prospect", 0.0, orders=0)
    rows = [r for r in shop.report("economics", "2020-05-01").as_json()["groups"] if r["by"] == "tenth"]
    assert [r["customers"] for r in rows] == [2, 3, 2, 3, 2, 3, 2, 3, 2, 3]
    assert rows[0]["profit"] == 24 + 23 and sum(r["profit"] for r in rows) == sum(range(25))


def test_figures_are_written_as_the_business_writes_them(make_shop):
    shop = make_shop(Business(locale="de", currency="EUR"))
    shop.order(1, "2020-02-10", 1234567)
    said = shop.report("revenue", "2020-03-01").sentences[0]
    assert said == "Feb. 2020 brought 12.346\xa0€ net of refunds."


def test_churn_is_acceptable_where_keeping_costs_more_than_it_brings(make_shop):
    shop = make_shop(Business(value=ValueRules(retention_cost=2.0, retention_lift=0.1)))
    profile(shop, 1, "active", 50.0, future=(100.0, 0.30, "keep"))  # 0.1 · 0.3 · 100 = 3 > 2: worth an effort
    profile(shop, 2, "active", 50.0, future=(100.0, 0.10, "serve"))  # 1 < 2: cheaper to accept
    profile(shop, 3, "lapsed", -9.0, future=(-5.0, 0.80, "let_go"))  # brings nothing: whoever goes may go
    profile(shop, 4, "prospect", 0.0, orders=0)  # no lifetime value: not counted
    told = shop.report("economics", "2020-05-01")
    assert told.figures["expected_churn_90d"] == pytest.approx(0.4)
    assert told.figures["acceptable_churn_90d"] == pytest.approx(0.3)
    assert told.figures["at_stake"] == pytest.approx(40.0)
    assert told.figures["expected_profit_365d"] == pytest.approx(195.0)
    groups = [r["group"] for r in told.as_json()["groups"] if r["by"] == "investment"]
    assert groups == ["Keep", "Serve", "Let go"]
    assert "Acceptable churn is 30.0%" in " ".join(told.sentences)


def test_costs_booked_to_a_segment_are_told_beside_the_customers_own(shop):
    profile(shop, 1, "active", 5.0)
    shop.add("costs", cost_id="k1", segment="wholesale", amount=1250, kind="account manager", **at("2020-03-01"))
    shop.add("costs", cost_id="k2", segment="wholesale", amount=9999, kind="account manager", **at("2020-06-01"))
    (row,) = [r for r in shop.report("economics", "2020-05-01").as_json()["groups"] if r["by"] == "segment"]
    assert (row["group"], row["customers"], row["cost_to_serve"], row["profit"]) == ("wholesale", 0, 12.5, -12.5)
