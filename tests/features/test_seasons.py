"""The seasonal clock in the profile: the time between winters does not count against who buys boots in November."""

import pyarrow as pa
import pytest
from tests.features.conftest import DAY, NOON, Silent

from tenure.domain.business import Business
from tenure.warehouse.profiles import ProfileBuilder


class Winter:
    """A scorer with nothing but a clock: boots sell in the first 120 days of each year of 360, and never else."""

    def relations(self, as_of):
        return ()

    def is_empty(self, as_of):
        return True

    def clock(self, as_of):
        days = range(DAY - 1_500, DAY + 30)
        passed = [1000 * (360 * (day // 360) + 3 * min(day % 360, 120)) for day in days]
        return pa.table({"category": ["boots"] * len(passed), "day": list(days), "clock_milli": passed})

    def score(self, customers, relations, as_of, business):
        return customers


def bought(story, at, product, *ago):
    return [
        fact
        for number, days in enumerate(ago)
        for fact in (story.order(1, number, at(-days)), story.line(1, number, at(-days), product))
    ]


# DAY is day 240 of its year of 360: summer. The last winter ended 120 days ago.
@pytest.fixture
def winters(story, at):
    return [story.listed(1), ("products", {"product_id": "b1", "name": "Boots", "category": "boots"}),
            ("products", {"product_id": "s1", "name": "Soap", "category": "soap"})]  # fmt: skip


def told(facts, world, scorer):
    made = world(facts)
    ProfileBuilder(made.warehouse, scorer).build(NOON, Business(), Silent())
    (built,) = made.warehouse.arrow("SELECT * FROM main.profiles").to_pylist()
    (computed,) = ProfileBuilder(made.warehouse, scorer).compute(NOON, Business(), ["c1"]).to_pylist()
    assert built == computed
    return built


def test_boots_in_summer_are_not_a_lapse(story, at, world, winters):
    facts = winters + bought(story, at, "b1", 200, 180, 160, 140, 130)
    flat, seasonal = told(facts, world, None), told(facts, world, Winter())
    assert flat["overdue"] > 3 and flat["stage"] in ("lapsed", "lost")
    assert seasonal["overdue"] == pytest.approx(30_000 / (1000 * seasonal["gap_expected_days"]), rel=1e-6)
    assert seasonal["stage"] == "active"


def test_soap_keeps_the_calendars_time(story, at, world, winters):
    facts = winters + bought(story, at, "s1", 200, 180, 160, 140, 130)
    assert told(facts, world, Winter()) == told(facts, world, None)


def test_a_customer_of_both_keeps_the_mean_of_both_clocks(story, at, world, winters):
    facts = winters + bought(story, at, "b1", 200, 160) + [
        fact for n, days in enumerate((180, 130), start=7)
        for fact in (story.order(1, n, at(-days)), story.line(1, n, at(-days), "s1"))
    ]  # fmt: skip
    found = told(facts, world, Winter())
    half = (130 + 30) / 2  # 130 days on the calendar, 30 on the clock of boots
    assert found["overdue"] == pytest.approx(half / found["gap_expected_days"], rel=1e-3)


def test_a_whole_winter_without_boots_is_a_loss_all_the_same(story, at, world, winters):
    facts = winters + bought(story, at, "b1", 620, 600, 580, 560)
    seasonal, flat = told(facts, world, Winter()), told(facts, world, None)
    assert seasonal["stage"] == "lost" and flat["stage"] == "lost"
    assert seasonal["stage_since"] < seasonal["as_of"]


def test_what_shipping_came_to_is_a_cost_of_serving(story, at):
    facts = [story.listed(1), story.order(1, 1, at(-9), 2000, shipping=450),
             story.order(1, 2, at(-8), 2000, shipping=450, status="cancelled"),
             ("costs", {"customer_key": 1, "cost_id": "k", "kind": "phone", "amount": 100, "at": at(-7)})]  # fmt: skip
    assert story.one(facts)["cost_to_serve"] == 5.5
