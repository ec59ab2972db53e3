"""What is computed beside the text of a relation is the relation, row for row, or is not given at all."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure import registry
from tenure.domain.business import Business
from tenure.domain.facts import TABLES
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.warehouse.bases import Asked, base
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.profiles import parameters
from tenure.warehouse.shortcuts import OF_LINES, Shortcuts, of_lines
from tenure.warehouse.views import KeyRange

COMPUTED = {"tempo", "goods", "taste", "upgrades", "replacement", *OF_LINES}
ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}
STATUS = (None, "cancelled")
DAY = 15_000
NOON = AsOf(DAY * MICROS_PER_DAY + MICROS_PER_DAY // 2, DAY)
PLAIN = Business()
EVERYONE = KeyRange(0, 1_000_000)

few = st.integers(1, 4)
days = st.one_of(st.integers(-60, 1), st.integers(-12, -1)).map(float) | st.sampled_from([-0.5, -7.25, -7.5])
product = st.sampled_from(["filter", "filter pro", "paint", "unlisted", "other"])
bought = st.tuples(
    few, days, product, st.integers(1, 3), st.sampled_from([0, 100, 250, 10**6]), st.sampled_from([0, 0, 1])
)
listed = st.tuples(
    product, st.sampled_from([None, "a", "b"]), st.sampled_from([None, "x", "y"]), st.sampled_from([None, 30]),
    st.sampled_from([None, 0, 7]), st.none() | product,
)  # fmt: skip


@pytest.fixture(scope="module")
def empty():
    """A warehouse that every example fills anew."""
    with DuckWarehouse(":memory:", threads=1) as warehouse:
        yield warehouse


def both(warehouse, as_of, business=PLAIN, part=EVERYONE):
    """(the text's rows, the computed rows) by relation."""
    asked = Asked(warehouse, registry.relations_of("features"), as_of, parameters(as_of, business))
    given = {name: base(asked, name, [part]) for name in ("catalogue", "base_rhythm")}
    computed = Shortcuts(asked, given).of(part, warehouse) | of_lines(asked, part, given, OF_LINES)
    return {name: (warehouse.arrow(asked.text(name, part, given)), rows) for name, rows in computed.items()}


def fill(warehouse, tables):
    """Replace the facts by these rows."""
    for name, rows in tables.items():
        warehouse.run(f"DELETE FROM facts.{name}")
        schema = pa.schema([(column, ARROW[kind]) for column, kind in TABLES[name].stored])
        with warehouse.lend("rows_to_add", pa.Table.from_pylist(rows, schema=schema)):
            warehouse.run(f"INSERT INTO facts.{name} SELECT * FROM rows_to_add")
    warehouse.touch()


def moment(days_later):
    """`at` and `day` so many days after the moment of looking."""
    at = NOON.at + round(days_later * MICROS_PER_DAY)
    return {"at": at, "day": at // MICROS_PER_DAY}


def shopping(purchases, things):
    """One order and one line per purchase, and the products."""
    orders = [
        {"customer_key": who, "order_id": str(n), "total": price, "status": STATUS[cancelled], **moment(day)}
        for n, (who, day, _, _, price, cancelled) in enumerate(purchases)
    ]  # fmt: skip
    lines = [
        {"customer_key": who, "order_id": str(n), "line": 1, "product_id": name, "quantity": 1000 * count,
         "unit_price": price, "discount": price // 3, "cancelled": cancelled, **moment(day)}
        for n, (who, day, name, count, price, cancelled) in enumerate(purchases)
    ]  # fmt: skip
    names = ("product_id", "category", "brand", "unit_cost", "lifetime_days", "better_version")
    products = [dict(zip(names, thing, strict=True)) for thing in {thing[0]: thing for thing in things}.values()]
    return {"orders": orders, "order_lines": lines, "products": products}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(purchases=st.lists(bought, max_size=40), things=st.lists(listed, max_size=5))
def test_whatever_was_bought_the_rows_are_those_of_the_text(empty, assert_same, purchases, things):
    fill(empty, shopping(purchases, things))
    found = both(empty, NOON)
    assert found.keys() == COMPUTED
    for here, there in found.values():
        assert_same(here, there)


@pytest.mark.parametrize("world", ["shop", "grocer"])
def test_the_rows_of_a_shop_are_those_of_the_text(request, assert_same, world):
    warehouse, as_of = request.getfixturevalue(world)
    found = both(warehouse, as_of)
    assert found.keys() == COMPUTED
    assert sum(here.num_rows > 0 for here, _ in found.values()) >= 3
    for here, there in found.values():
        assert here.schema.types == there.schema.types
        assert_same(here, there)


def test_a_range_has_its_own_customers_only(shop):
    warehouse, as_of = shop
    for _, rows in both(warehouse, as_of, part=KeyRange(10, 20)).values():
        assert set(rows["customer_key"].to_pylist()) <= set(range(10, 20))


def test_sums_that_would_overflow_are_left_to_the_engine(empty):
    enormous = [(1, -3.0, "paint", 1, 2**52, 0)] * 2
    fill(empty, shopping(enormous, []))
    assert both(empty, NOON).keys() == {"tempo", *OF_LINES}


def test_a_multiple_of_very_long_numbers_is_left_to_the_engine(empty):
    fill(empty, shopping([(1, -9.0, "paint", 1, 1, 0), (1, -3.0, "paint", 1, 1, 0)], []))
    stages = Business().stages.__class__(at_risk=Business().stages.at_risk + 1 / (10**16 + Business().stages.at_risk))
    assert "tempo" not in both(empty, NOON, Business(stages=stages))


def test_keys_too_far_apart_to_be_packed_are_left_to_the_engine(empty, assert_same):
    fill(empty, shopping([(1, -9.0, "paint", 1, 1, 0), (2**61, -3.0, "paint", 1, 1, 0)], []))
    assert both(empty, NOON, part=KeyRange(0, 2**62)) == {}
