"""The kind `season`: in shops of known season, with and without enough of a past, and what the warehouse reads."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from tenure.domain.business import Business
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.models.kinds import season as kind
from tenure.models.kinds.contract import Batch, Trained
from tenure.models.season import SeasonalClock
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.past import DuckPast

TODAY = 18_000
NOW = AsOf(TODAY * MICROS_PER_DAY, TODAY)
BUSINESS = Business()
INTO_FACTS = (
    """INSERT INTO facts.orders (customer_key, customer_id, order_id, total, "at", day, month_no)
    SELECT who, who::VARCHAR, number::VARCHAR, 1000, b.at, day, day // 31 FROM bought AS b ORDER BY who""",
    """INSERT INTO facts.order_lines
    (customer_key, order_id, line, product_id, quantity, unit_price, "at", day, cancelled)
    SELECT who, number::VARCHAR, 1, category, 1000, 1000, b.at, day, 0 FROM bought AS b ORDER BY who""",
    """INSERT INTO facts.products (product_id, name, category) SELECT DISTINCT category, category, category
    FROM bought""",
    """INSERT INTO facts.customers (customer_key, customer_id, declared) SELECT DISTINCT who, who::VARCHAR, 1
    FROM bought""",
)


def winter(day):
    """Boots sell in winter: twice as fast at its height as in an average week."""
    return 1 + np.cos(2 * np.pi * day / 365.25)


def turned(day):
    """A season that turns round after the first year: what one year taught is wrong in the next."""
    return np.where(day < TODAY - 380, 1 + np.cos(2 * np.pi * day / 365.25), 1 - np.cos(2 * np.pi * day / 365.25))


def open_shop(days, seasons, per_day=6, seed=5) -> DuckWarehouse:
    """A warehouse with one line an order, each of one category sold at its season's pace to one of 400 customers."""
    rng = np.random.default_rng(seed)
    rows = [
        (category, day)
        for category, pace in seasons.items()
        for day in range(TODAY - days, TODAY)
        for _ in range(rng.poisson(per_day * float(pace(day))))
    ]
    category, day = (np.array(each) for each in zip(*rows, strict=True))
    who = rng.integers(1, 401, len(rows))
    at = day.astype(np.int64) * MICROS_PER_DAY + 1_000
    bought = pa.table({"category": category, "day": day, "who": who, "at": at, "number": np.arange(len(rows))})
    warehouse = DuckWarehouse(":memory:", threads=1)
    with warehouse.lend("bought", bought):
        for statement in INTO_FACTS:
            warehouse.fetch(statement)
    warehouse.touch()
    return warehouse


def trained(days, seasons, **more) -> Trained | None:
    with open_shop(days, seasons, **more) as warehouse:
        return kind.train(DuckPast(warehouse, NOW, BUSINESS), BUSINESS)


@pytest.fixture(scope="module")
def boots() -> Iterator[tuple[DuckPast, Trained]]:
    with open_shop(3 * 365, {"boots": winter, "soap": np.ones_like}) as warehouse:
        past = DuckPast(warehouse, NOW, BUSINESS)
        found = kind.train(past, BUSINESS)
        assert found is not None
        yield past, found


def test_a_known_season_forecasts_the_held_out_weeks(boots):
    _, found = boots
    assert SeasonalClock.from_json(found.state).seasonal_ == ("boots",)
    assert found.card.beats_naive
    assert found.card.scores[1].naive - found.card.scores[1].model > 0.15
    assert found.card.customers == 400
    assert found.card.checked > 390


def test_a_state_is_checked_on_the_same_weeks(boots):
    past, found = boots
    assert [s.naive for s in kind.check(found.state, past, BUSINESS)] == [s.naive for s in found.card.scores]
    flat = SeasonalClock.from_json(found.state).without(["boots"]).to_json()
    (alone,) = kind.check(flat, past, BUSINESS)
    assert alone.model == pytest.approx(alone.naive)


def test_the_warehouse_reads_a_row_for_every_day_from_before_the_first_order(boots):
    past, found = boots
    table = kind.clock_table(found.state, NOW)
    day, milli = (table.column(name).to_numpy() for name in ("day", "clock_milli"))
    assert table.column_names == ["category", "day", "clock_milli"]
    assert set(table.column("category").to_pylist()) == {"boots"}
    assert day.min() < past.days()[0]
    assert day.max() == TODAY
    assert (np.diff(day) == 1).all()
    assert (np.diff(milli) > 0).all()
    assert milli[day == TODAY - 10] - milli[day == TODAY - 375] == pytest.approx(365_000, abs=3_000)


def test_the_next_order_is_due_when_the_customers_clock_shows_it(boots):
    past, found = boots
    past = DuckPast(past._warehouse, NOW, BUSINESS, lambda moment: kind.clock_table(found.state, moment))
    lines = past.relation("seasonal_lines", NOW)
    batch = Batch(past.profiles(NOW), {"seasonal_lines": lines}, NOW, BUSINESS)
    filled = kind.score(found.state, batch)["next_order_at"]
    seasonal = np.isin(batch.column("customer_key"), lines.column("customer_key").to_numpy())
    known = np.asarray(filled.is_valid())
    assert (known == (seasonal & np.isfinite(batch.column("last_order_at")))).all() and known.sum() > 20
    clock = SeasonalClock.from_json(found.state)
    due = np.asarray(filled.cast(pa.int64()).fill_null(0)) / MICROS_PER_DAY
    begin, gap = batch.column("last_order_at") / MICROS_PER_DAY, batch.column("gap_expected_days")
    orders = kind._orders_by_category(clock, batch)
    passed = clock.elapsed(orders, begin, due)
    assert passed[known] == pytest.approx(gap[known], abs=1e-3)
    assert np.abs(due - begin - gap)[known].max() > 5  # and by the calendar it is another day


def test_a_flat_shop_gets_a_flat_clock_that_is_not_promoted():
    found = trained(3 * 365, {"soap": np.ones_like, "bread": np.ones_like})
    assert kind.clock_table(found.state, NOW) is None
    assert not found.card.beats_naive


def test_a_season_that_lost_to_a_flat_year_runs_flat():
    found = trained(2 * 365 + 20, {"boots": turned, "gloves": winter})
    assert SeasonalClock.from_json(found.state).seasonal_ == ("gloves",)
    assert "1 of 2 seasons lost to a flat year and run flat" in found.card.notes


def test_less_than_a_year_teaches_no_season():
    assert trained(360, {"boots": winter}) is None


def test_a_season_that_could_not_be_checked_is_not_promoted():
    found = trained(390, {"boots": winter})
    assert found.card.split == ""
    assert not found.card.beats_naive
