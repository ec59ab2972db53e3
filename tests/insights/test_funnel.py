"""The funnel and the repeat rate."""

from dataclasses import replace

from tenure.domain.business import Business, StageRules


def test_two_orders_on_one_day_are_no_repeat(make_shop):
    shop = make_shop(replace(Business(), stages=StageRules(loyal_orders=3)))
    shop.customer(9)
    shop.customer(8, "2020-06-01")  # not known yet
    shop.order(1, "2020-01-01")
    shop.order(1, "2020-01-01")
    for day in ("2020-01-01", "2020-01-02", "2020-01-03"):
        shop.order(2, day)
    shop.order(3, "2020-01-05")
    shop.order(3, "2020-01-09")
    report = shop.report("funnel", "2020-02-01")
    assert [row[:2] for row in report.rows] == [
        ("Known", 4), ("First order", 3), ("Second order", 2), ("Loyal (3 order days or more)", 1)
    ]  # fmt: skip
    assert report.figures["repeat_rate"] == 2 / 3


def test_nobody_known_is_no_error(shop):
    report = shop.report("funnel", "2020-02-01")
    assert report.figures["repeat_rate"] is None
    assert report.sentences == ("0 customers are known; nobody has ordered yet.",)
