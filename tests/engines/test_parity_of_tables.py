"""What import accepts and what reports count is the same on Spark as on DuckDB, over tables of seeded chance."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from tenure import registry
from tenure.domain.facts import CANONICAL_TYPE, DELIVERY_KINDS, OWN_TABLES, TABLES
from tenure.domain.profile import STAGES
from tenure.relations import bind
from tenure.warehouse.snapshot import DERIVED
from tenure.warehouse.spark import SparkEngine
from tenure.warehouse.views import statement

FACTS, INSIGHTS = registry.relations_of("facts"), registry.relations_of("insights")
ARROW = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"), "VARCHAR[]": pa.list_(pa.string()),
}  # fmt: skip
WORDS = {
    "outcome": ("chosen", "lost", "control"), "stage": STAGES, "arm": ("treated", "control", "holdout"),
    "kind": (*DELIVERY_KINDS, "complaint", "csat", "sale"), "state": ("sent", "granted", "denied", "unknown"),
    "status": ("paid", "refunded", "cancelled", "failed"), "period": ("month", "year", "P3M", "fortnight"),
    "purpose": ("marketing", "service"), "run_id": ("k1", "k2", "k3"),
}  # fmt: skip
VALUES = {"from_at": 20, "to_at": 80, "from_day": 20, "to_day": 80, "window_days": 30, "loyal_orders": 3,
          "minor_per_unit": 100, "as_of": 100, "cost_minor": 9, "lift_num": 1, "lift_den": 20}  # fmt: skip


@pytest.fixture(scope="module")
def spark(sail):
    """Spark with no facts registered."""
    return SparkEngine(sail)


@pytest.mark.spark
@pytest.mark.parametrize("name", sorted(FACTS))
def test_rows_are_accepted_and_refused_alike(spark, shop, assert_same, name):
    relation = FACTS[name]
    tables = {table: chance(table, _columns_read(relation, table)) for table in relation.inputs}
    here, there = answers(spark, shop[0], relation, tables)
    assert here.num_rows > 0
    assert {row["reject_column"] is None for row in here.to_pylist()} == {True, False}
    assert_same(here, there)


@pytest.mark.spark
@pytest.mark.parametrize("name", sorted(INSIGHTS))
def test_figures_are_counted_alike(spark, shop, assert_same, name):
    relation = INSIGHTS[name]
    tables = {table: chance(table, _stored(table)) for table in relation.inputs}
    here, there = answers(spark, shop[0], relation, tables)
    assert here.num_rows > 0
    assert_same(here, there)


def answers(spark, warehouse, relation, tables):
    """The relation's rows here and there, over the same tables."""
    names = {name: f"chance_{relation.name}_{name}" for name in tables}
    given = {name: f"SELECT * FROM {called}" for name, called in names.items()}
    for name, table in tables.items():
        spark._session.createDataFrame(table).createOrReplaceTempView(names[name])
        warehouse.connection.register(names[name], table)
    here = warehouse.arrow(statement(relation.name, {relation.name: relation}, given, VALUES))
    for called in names.values():
        warehouse.connection.unregister(called)
    return here, spark.query(statement(relation.name, {relation.name: relation}, given, VALUES, hints=False))


def chance(table, columns):
    """400 rows of a table: small numbers so that keys meet, and something missing now and then."""
    dice = random.Random(table)
    rows = [{name: _cell(dice, name, kind) for name, kind in columns} for _ in range(400)]
    if table == "costs":  # every third is a segment's and nobody's own
        rows = [row | {"customer_key": None} if place % 3 == 0 and "customer_key" in row else row
                for place, row in enumerate(rows)]  # fmt: skip
    if table.startswith("known_"):  # keys are unique there
        key = columns[-1][0] if columns[0][0] == "customer_key" else columns[0][0]
        rows = list({row[key]: row for row in rows if row[key] is not None}.values())
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, ARROW[kind]) for name, kind in columns]))


def _cell(dice, name, kind):
    if name.endswith("_problem"):
        return "cannot be read" if dice.random() < 0.05 else None
    if dice.random() < 0.05 and name not in ("customer_key", "at", "day", "month_no"):
        return None
    match kind:
        case "VARCHAR":
            return dice.choice(WORDS.get(name, tuple(f"k{n}" for n in range(60))))
        case "BIGINT" if name == "rank":
            return dice.randint(1, 2)
        case "BIGINT":
            return dice.randint(0, 1) if name in ("declared", "cancelled", "automatic") else dice.randint(-1, 120)
        case "DOUBLE":
            return dice.randint(-300, 3_000) / 7
        case "BOOLEAN":
            return dice.random() < 0.5
        case "TIMESTAMP":
            return datetime(1970, 1, 1) + timedelta(microseconds=dice.randint(0, 3))
        case _:
            return ["email"][: dice.randint(0, 1)]


def _stored(table):
    return DERIVED.get(table) or (TABLES[table].stored if table in TABLES else OWN_TABLES[table])


def _columns_read(relation, table):
    """Names and types of the columns that a relation of `facts` reads of a staged or known table."""
    tree = sqlglot.parse_one(bind(relation.sql, dict.fromkeys(relation.parameters, 1)), dialect="duckdb")
    alias = next(t.alias_or_name for t in tree.find_all(exp.Table) if t.name == table)
    read = sorted({column.name for column in tree.find_all(exp.Column) if column.table == alias})
    kinds = {c.name: CANONICAL_TYPE[c.kind] for c in TABLES[relation.name].columns}
    whole = dict.fromkeys(
        ("row_no", "customer_key", "day", "month_no", "at", "cancelled", "known_at", "value"), "BIGINT"
    )
    return [(name, (whole | kinds).get(name, "VARCHAR")) for name in read]
