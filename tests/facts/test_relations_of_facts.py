"""The acceptance rules: one relation a table, over staged rows, with the canonical columns and a verdict."""

from __future__ import annotations

import pytest

from tenure import registry
from tenure.domain.facts import CANONICAL_TYPE, TABLES
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.readings import staged_columns

LOOKUPS = {
    "known_customers": "customer_id VARCHAR, customer_key BIGINT",
    "known_orders": 'order_id VARCHAR, customer_key BIGINT, "at" BIGINT, day BIGINT, month_no BIGINT, cancelled BIGINT',
    "known_subscriptions": "subscription_id VARCHAR, customer_key BIGINT",
}


@pytest.fixture(scope="module")
def staged():
    """A warehouse with every relation's inputs, empty."""
    with DuckWarehouse(":memory:") as warehouse:
        for name in TABLES:
            columns = ", ".join(f'"{column}" {kind}' for column, kind in staged_columns(name))
            warehouse.run(f"CREATE TABLE staged_{name} ({columns})")
        for name, columns in LOOKUPS.items():
            warehouse.run(f"CREATE TABLE {name} ({columns})")
        yield warehouse


@pytest.mark.parametrize("name", TABLES)
def test_a_relation_yields_what_is_stored_and_a_verdict(staged, name):
    relation = registry.relations_of("facts")[name]
    found = [(column, kind) for column, kind, *_ in staged.fetch(f"DESCRIBE {relation.sql}")]
    stored = [pair for pair in TABLES[name].stored if pair[0] not in ("source", "received_at")]
    assert [column for column, _ in found] == list(relation.columns)
    kinds = dict(found)
    for column, kind in (("row_no", "BIGINT"), *stored, ("reject_column", "VARCHAR"), ("reject_reason", "VARCHAR")):
        assert kinds[column] in (kind, "INTEGER"), column
    assert len(found) == len(stored) + 3


@pytest.mark.parametrize(("name", "column"), [(t.name, c) for t in TABLES.values() for c in t.columns])
def test_a_cell_that_cannot_be_read_rejects_its_row_by_name(staged, name, column):
    relation = registry.relations_of("facts")[name]
    problem = f"{column.name}_problem"
    good = {c.name: "1" if CANONICAL_TYPE[c.kind] != "VARCHAR" else "'x'" for c in TABLES[name].columns}
    good |= {c.name: f"'{c.choices[0]}'" for c in TABLES[name].columns if c.choices}
    good |= {"period": "'P3M'"} if name == "subscriptions" else {}
    known = "".join(
        f"CREATE OR REPLACE TEMP VIEW {lookup} AS SELECT "
        + ", ".join(
            f"{'CAST(1 AS BIGINT)' if part.endswith('BIGINT') else chr(39) + 'x' + chr(39)} AS {part.split()[0]}"
            for part in columns.split(", ")
        )
        + ";"
        for lookup, columns in LOOKUPS.items()
    )
    for cells, expected in ((good, None), ({**good, problem: "'is odd'"}, column.name)):
        cells = {"row_no": "1", **cells}
        columns = ", ".join(f'CAST({cells.get(c, "NULL")} AS {kind}) AS "{c}"' for c, kind in staged_columns(name))
        staged.run(f"{known} CREATE OR REPLACE TEMP VIEW staged_{name} AS SELECT {columns}")
        (verdict,) = staged.fetch(f"SELECT reject_column, reject_reason FROM ({relation.sql})")
        assert verdict == (expected, "is odd" if expected else None)
