"""Databases to read from: a real SQLite file and, where there is one, a real PostgreSQL server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

SCHEMA = "CREATE TABLE sales (id INTEGER, buyer TEXT, sold TIMESTAMP, amount NUMERIC(9,2), paid BOOLEAN, note TEXT)"
ROWS = [
    (1, "ann", "2024-01-05 10:00:00", "10.50", True, None),
    (2, "bob", "2024-01-06 11:00:00", "20.00", False, 'says "hi", 100%'),
    (3, "Zoë", "2024-01-07 12:00:00", None, True, "12:30"),
]


@pytest.fixture
def sqlite_shop(tmp_path: Path) -> Path:
    """A shop's SQLite file; its folder is the workspace."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(SCHEMA)
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?)", ROWS)
    connection.close()
    return path


@pytest.fixture
def postgres_shop(postgres: Callable[[], str]) -> str:
    """The address of the same shop in PostgreSQL."""
    import psycopg

    address = postgres()
    with psycopg.connect(address) as connection:
        connection.execute(SCHEMA)
        for row in ROWS:
            connection.execute("INSERT INTO sales VALUES (%s, %s, %s, %s, %s, %s)", row)
    return address
