"""What the whole base says as of a moment, computed once and kept: the typical gap, and what profit is much.

Kept by the statement that made it (which holds the moment and the settings) and the version of the facts, so a profile
of a named few is judged against exactly the same base as a full build's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tenure.domain.moments import AsOf
from tenure.relations import Relation
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.views import Everyone, KeyRange, Scope, Values, facts_of, statement


def stored(name: str) -> str:
    """What the warehouse calls a fact table."""
    return f"facts.{name}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the relations: as of when, and with which settings."""

    warehouse: DuckWarehouse
    relations: Mapping[str, Relation]
    as_of: AsOf
    values: Values

    def text(self, target: str, scope: Scope, given: Mapping[str, str]) -> str:
        """The statement of a relation for some customers; `given` queries stand for inputs of that name."""
        facts = facts_of(self.as_of, scope, stored)
        return statement(target, self.relations, {**facts, **given}, self.values)


def base(asked: Asked, name: str, chunks: list[KeyRange], whole: str | None = None) -> str:
    """A query that yields a base relation, which is computed now unless it is kept.

    Args:
        name: the relation, of `scope: base`; what it reads first may be a relation of all customers.
        chunks: the whole base, for gathering what it reads.
        whole: a query that yields what it reads of all customers, if somebody has it already.
    """
    warehouse, relation = asked.warehouse, asked.relations[name]
    version = warehouse.version()
    text = asked.text(name, Everyone(), {})
    made_of = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    _make_room(warehouse, name, text)
    kept = f"made_of = '{made_of}' AND version = {version}"
    if not warehouse.fetch(f"SELECT 1 FROM bases.{name} WHERE {kept} LIMIT 1"):
        read = relation.inputs[0]
        gathered = whole is None and read in asked.relations
        given = _gathered(asked, read, chunks) if gathered else whole
        text = asked.text(name, Everyone(), {read: given} if given else {})
        chosen = ", ".join(relation.columns)
        warehouse.run(f"DELETE FROM bases.{name} WHERE version < {version}")
        warehouse.fetch(f"INSERT INTO bases.{name} SELECT '{made_of}', {version}, {chosen} FROM ({text})")
        warehouse.run(f"DROP TABLE IF EXISTS gathered_{read}")
    return f"SELECT {', '.join(relation.columns)} FROM bases.{name} WHERE {kept}"


def _make_room(warehouse: DuckWarehouse, name: str, text: str) -> None:
    """Create the table that keeps a base relation, if it is not there."""
    warehouse.run("CREATE SCHEMA IF NOT EXISTS bases")
    warehouse.run(
        f"CREATE TABLE IF NOT EXISTS bases.{name} AS"
        f" SELECT CAST('' AS VARCHAR) AS made_of, CAST(0 AS BIGINT) AS version, * FROM ({text}) LIMIT 0"
    )


def _gathered(asked: Asked, name: str, chunks: list[KeyRange]) -> str:
    """Collect a relation of all customers, range by range so that memory stays small."""
    table = f"gathered_{name}"
    asked.warehouse.run(f"CREATE OR REPLACE TEMP TABLE {table} AS {asked.text(name, KeyRange(0, 0), {})}")
    for chunk in chunks:
        asked.warehouse.fetch(f"INSERT INTO {table} {asked.text(name, chunk, {})}")
    return f"SELECT * FROM {table}"
