"""The kinds `taste` and `drivers` on the real grocer: better than their simple rules, and nothing seen too early."""

import json

import numpy as np
import pytest
from tests.models.records import grocer

from tenure.domain.business import Business
from tenure.domain.moments import AsOf, parse_as_of
from tenure.models.kinds import drivers, taste
from tenure.models.kinds.contract import Batch
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.past import DuckPast

NOW = parse_as_of("2017-11-06", "UTC")
_LINES = """SELECT CAST(household_id AS BIGINT) AS h, basket_id AS b, CAST(product_id AS VARCHAR) AS p, quantity AS q,
  sales_value AS v, coupon_disc + coupon_match_disc AS d, epoch_us(transaction_timestamp) AS t
  FROM read_parquet('{file}') WHERE CAST(household_id AS BIGINT) % 4 = 0 AND quantity > 0"""


@pytest.fixture(scope="module")
def past():
    """A quarter of the grocer's households in memory."""
    lines = _LINES.format(file=grocer("transactions"))
    with DuckWarehouse(":memory:", threads=1) as warehouse:
        for text in (
            f"""INSERT INTO facts.customers BY NAME SELECT DISTINCT h AS customer_key,
              CAST(h AS VARCHAR) AS customer_id, 0 AS declared FROM ({lines}) ORDER BY customer_key""",
            f"""INSERT INTO facts.orders BY NAME SELECT h AS customer_key, CAST(h AS VARCHAR) AS customer_id,
              CAST(b AS VARCHAR) AS order_id, min(t) AS "at", min(t) // 86400000000 AS day, 0 AS month_no,
              CAST(round(sum(v) * 100) AS BIGINT) AS total, CAST(round(sum(d) * 100) AS BIGINT) AS discount
              FROM ({lines}) GROUP BY h, b ORDER BY customer_key, "at" """,
            f"""INSERT INTO facts.order_lines BY NAME SELECT h AS customer_key, CAST(b AS VARCHAR) AS order_id,
              row_number() OVER (PARTITION BY b ORDER BY p, v) AS line, p AS product_id,
              CAST(q * 1000 AS BIGINT) AS quantity, CAST(round(v * 100 / q) AS BIGINT) AS unit_price, t AS "at",
              t // 86400000000 AS day, 0 AS month_no, 0 AS cancelled FROM ({lines}) ORDER BY customer_key, "at" """,
        ):
            warehouse.fetch(text)
        warehouse.touch()
        yield DuckPast(warehouse, NOW, Business())


@pytest.fixture(scope="module", params=[taste, drivers], ids=["taste", "drivers"])
def trained(request, past):
    return request.param, request.param.train(past, Business())


def scored(kind, found, past, rows=None):
    customers = past.profiles(NOW)
    relations = {name: past.relation(name, NOW) for name in kind.RELATIONS}
    if rows is not None:
        kept = customers.column("customer_key").to_pylist()[:rows]
        customers = customers.slice(0, rows)
        relations = {
            name: t.filter(np.isin(t.column("customer_key").to_numpy(), kept)) for name, t in relations.items()
        }
    return kind.score(json.loads(json.dumps(found.state)), Batch(customers, relations, NOW, Business()))


def test_the_simple_rule_is_beaten_on_days_not_seen(trained, past):
    kind, found = trained
    assert found.card.beats_naive, found.card.scores
    assert kind.check(found.state, past, Business())[0].name == found.card.scores[0].name


def test_every_buyer_is_scored_and_alone_as_in_company(trained, past):
    kind, found = trained
    whole, few = scored(kind, found, past), scored(kind, found, past, rows=20)
    assert set(whole) == set(kind.FILLS)
    for name in kind.FILLS:
        assert whole[name].slice(0, 20).to_pylist() == few[name].to_pylist()
    assert sum(value is not None for value in whole[kind.FILLS[0]].to_pylist()) > 20


def test_a_short_past_teaches_nothing(trained, past):
    early = parse_as_of("2017-01-20", "UTC")
    assert trained[0].train(DuckPast(past._warehouse, early, Business()), Business()) is None
    assert trained[0].check(trained[1].state, DuckPast(past._warehouse, AsOf(0, 0), Business()), Business()) == ()
