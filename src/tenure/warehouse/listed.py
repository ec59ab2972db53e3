"""What is known of customers, cell by cell as a source would write it, for whoever changes only some of it."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.domain.facts import TABLES, Column
from tenure.domain.money import minor_per_unit
from tenure.warehouse.canonical import quoted
from tenure.warehouse.duckdb import DuckWarehouse


class DuckListed:
    """The customers of a warehouse.

    Args:
        warehouse: where they lie.
        currency: the business's, in whose units money is written.
    """

    def __init__(self, warehouse: DuckWarehouse, currency: str) -> None:
        self._warehouse = warehouse
        self._columns = TABLES["customers"].columns
        self._cells = ", ".join(_cell(column, currency) for column in self._columns)

    def listed(self, customer_ids: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """The columns of `customers` as text, by id, of those who are known."""
        import pyarrow as pa

        with self._warehouse.lend("asked", pa.table({"customer_id": pa.array(customer_ids, pa.string())})):
            found = self._warehouse.fetch(
                f"SELECT {self._cells} FROM facts.customers WHERE customer_id IN (SELECT customer_id FROM asked)"
            )
        names = [column.name for column in self._columns]
        return {row[0]: dict(zip(names, row, strict=True)) for row in found}


def _cell(column: Column, currency: str) -> str:
    name = quoted("at" if column.name == "created_at" else column.name)
    match column.kind:
        case "moment":
            return f"strftime(make_timestamp({name}), '%Y-%m-%dT%H:%M:%S.%fZ')"
        case "date":
            return f"CAST(DATE '1970-01-01' + CAST({name} AS INTEGER) AS VARCHAR)"
        case "money":
            return f"CAST({name} / CAST({minor_per_unit(currency)} AS DOUBLE) AS VARCHAR)"
        case _:
            return f"CAST({name} AS VARCHAR)"
