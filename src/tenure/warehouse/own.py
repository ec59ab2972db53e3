"""Facts of our own: what Tenure did and what came of it, written by `send` and `learn`, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.domain.errors import TenureError, nearest
from tenure.domain.facts import OWN_TABLES
from tenure.warehouse.canonical import quoted
from tenure.warehouse.duckdb import DuckWarehouse

if TYPE_CHECKING:
    import pyarrow as pa

# What makes two rows the same: they are never replaced, only not written twice.
KEYS: dict[str, tuple[str, ...]] = {
    "contacts": ("message_id",),
    "deliveries": ("message_id", "kind", "at"),
    "assignments": ("customer_key", "campaign", "occasion_key"),
}


def record(warehouse: DuckWarehouse, table: str, rows: pa.Table) -> int:
    """Add rows of one of our own fact tables; returns how many were new.

    Args:
        warehouse: where they go.
        table: one of `OWN_TABLES`.
        rows: its columns by name, in canonical form; a column that is left out is NULL.

    Raises:
        TenureError: there is no such table.
    """
    if table not in OWN_TABLES:
        raise TenureError(f"`{table}` is not a table that Tenure writes itself", nearest(table, OWN_TABLES))
    if rows.num_rows == 0:
        return 0
    given = set(rows.column_names)
    select = ", ".join(
        f"CAST({quoted(name) if name in given else 'NULL'} AS {kind}) AS {quoted(name)}"
        for name, kind in OWN_TABLES[table]
    )
    keys = ", ".join(quoted(key) for key in KEYS[table])
    same = " AND ".join(f"f.{quoted(key)} IS NOT DISTINCT FROM n.{quoted(key)}" for key in KEYS[table])
    columns = ", ".join(quoted(name) for name, _ in OWN_TABLES[table])
    before = _count(warehouse, table)
    with warehouse.lend("recorded", rows), warehouse.transaction():
        warehouse.run(
            f"INSERT INTO facts.{table} SELECT {columns} FROM ("
            f"SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {columns}) AS place "
            f"FROM (SELECT {select} FROM recorded)) n "
            f"WHERE place = 1 AND NOT EXISTS (SELECT 1 FROM facts.{table} f WHERE {same})"
        )
        new = _count(warehouse, table) - before
        if new:
            warehouse.touch()
    return new


def _count(warehouse: DuckWarehouse, table: str) -> int:
    return int(warehouse.fetch(f"SELECT count(*) FROM facts.{table}")[0][0])
