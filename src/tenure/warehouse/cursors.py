"""How far the warehouse has read each journal, kept in the warehouse itself so that both are restored together."""

from __future__ import annotations

from tenure.warehouse.duckdb import DuckWarehouse


class Cursors:
    """Named positions, 0 until they are set."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse = warehouse

    def position(self, name: str) -> int:
        """How far the journal of that name was read."""
        found = self._warehouse.fetch("SELECT value FROM meta WHERE name = ?", [f"cursor:{name}"])
        return int(found[0][0]) if found else 0

    def move(self, name: str, position: int) -> None:
        """Remember that the journal was read up to here."""
        self._warehouse.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", [f"cursor:{name}", position])
