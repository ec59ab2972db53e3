"""A warehouse that an older program wrote is brought up to date once, and a newer one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.domain.errors import TenureError
from tenure.domain.facts import OWN_TABLES
from tenure.warehouse.duckdb import LAYOUT, DuckWarehouse


def test_an_older_warehouse_gets_the_columns_it_lacks_and_keeps_its_rows(tmp_path: Path) -> None:
    with DuckWarehouse(tmp_path / "w.duckdb") as old:
        old.run("ALTER TABLE facts.contacts DROP COLUMN occasion_key")
        old.run("INSERT INTO facts.contacts (message_id) VALUES ('m')")
        old.run("UPDATE meta SET value = 1 WHERE name = 'layout'")
    with DuckWarehouse(tmp_path / "w.duckdb") as now:
        assert now.fetch("SELECT message_id, occasion_key FROM facts.contacts") == [("m", None)]
        names = [name for (name,) in now.fetch("SELECT column_name FROM (DESCRIBE facts.contacts)")]
        assert names == [name for name, _ in OWN_TABLES["contacts"]]
        assert now.fetch("SELECT value FROM meta WHERE name = 'layout'") == [(LAYOUT,)]


def test_a_newer_warehouse_is_refused(tmp_path: Path) -> None:
    with DuckWarehouse(tmp_path / "w.duckdb") as newer:
        newer.run("UPDATE meta SET value = 99 WHERE name = 'layout'")
    with pytest.raises(TenureError, match="written by a newer version"):
        DuckWarehouse(tmp_path / "w.duckdb")
