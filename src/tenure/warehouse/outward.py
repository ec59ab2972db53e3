"""Facts in the contract's form: money in units, moments as timestamps in UTC, flags as true and false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.errors import TenureError, nearest
from tenure.domain.facts import OWN_TABLES, TABLES, Column
from tenure.domain.money import minor_per_unit
from tenure.warehouse.canonical import quoted
from tenure.warehouse.duckdb import DuckWarehouse

if TYPE_CHECKING:
    import pyarrow as pa


def rows(warehouse: DuckWarehouse, table: str, limit: int, business: Business) -> pa.Table:
    """The latest rows of a fact table, newest first.

    Args:
        warehouse: where facts lie.
        table: a table of the contract or one of our own.
        limit: rows at most.
        business: whose currency amounts are in.

    Raises:
        TenureError: there is no such table.
    """
    if table in OWN_TABLES:
        names = [name for name, _ in OWN_TABLES[table]]
        select = ", ".join(
            f"make_timestamp({quoted(name)}) AS {quoted(name)}" if name in ("at", "goal_until") else quoted(name)
            for name in names
        )
        return warehouse.arrow(f'SELECT {select} FROM facts.{table} ORDER BY "at" DESC, rowid DESC LIMIT {int(limit)}')
    if table not in TABLES:
        raise TenureError(f"there is no table `{table}`", nearest(table, [*TABLES, *OWN_TABLES]))
    fact = TABLES[table]
    columns = [
        f"{_outward(column, 'at' if column.name == fact.moment else column.name, business)} AS {quoted(column.name)}"
        for column in fact.columns
    ]
    columns += ["source", "make_timestamp(received_at) AS received_at"]
    stored = {name for name, _ in fact.stored}
    newest = '"at"' if "at" in stored else "received_at"
    keys = ", ".join(f"{quoted(key)} DESC" for key in fact.key)
    return warehouse.arrow(
        f"SELECT {', '.join(columns)} FROM facts.{table} ORDER BY {newest} DESC NULLS LAST, {keys} LIMIT {int(limit)}"
    )


def _outward(column: Column, stored: str, business: Business) -> str:
    name = quoted(stored)
    match column.kind:
        case "money":
            return f"{name} / CAST({minor_per_unit(business.currency)} AS DOUBLE)"
        case "quantity":
            return f"{name} / CAST(1000 AS DOUBLE)"
        case "moment":
            return f"make_timestamp({name})"
        case "date":
            return f"DATE '1970-01-01' + CAST({name} AS INTEGER)"
        case "flag":
            return f"{name} = 1"
        case _:
            return name
