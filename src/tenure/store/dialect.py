"""The one statement that SQLAlchemy spells per database: insert, unless it is there."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from tenure.store.connection import Store


def upsert(store: Store, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what to do when the key is already there."""
    return sqlite.insert(table) if store.is_sqlite else postgresql.insert(table)
