"""The same relations on a Spark session somebody else runs, classic or Spark Connect; the text is not translated.

Facts are registered as temporary views, from Arrow tables or from Parquet that the cluster can read; a relation is
bound to them exactly as on DuckDB and its rows come back as Arrow, in canonical form. Scope and moment are cut by the
same code (`views.py`), so a profile on Spark is the profile on DuckDB, row for row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import AsOf
from tenure.relations import Relation
from tenure.warehouse.views import Everyone, Scope, Values, facts_of, statement

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {"VARCHAR": "STRING"}


class SparkEngine:
    """Runs relations on a Spark session.

    Args:
        session: a `pyspark.sql.SparkSession`; its Spark must be 4.0 or newer.
        prefix: set before the name of every view, so that no view of the session's own is replaced.
    """

    def __init__(self, session: Any, prefix: str = "tenure_facts_") -> None:
        self._session = session
        self._prefix = prefix

    def register(self, name: str, rows: pa.Table | str | None) -> None:
        """Make a table readable: Arrow rows in canonical form, the path of Parquet files, or nothing (no rows)."""
        view = self._called(name)
        if isinstance(rows, str):
            self._session.read.parquet(rows).createOrReplaceTempView(view)
        elif rows is None or rows.num_rows == 0:
            self._session.sql(_empty(name)).createOrReplaceTempView(view)
        else:
            self._session.createDataFrame(rows).createOrReplaceTempView(view)

    def run(
        self, target: str, relations: Mapping[str, Relation], as_of: AsOf, values: Values, *,
        scope: Scope | None = None, given: Mapping[str, str] | None = None,
    ) -> pa.Table:  # fmt: skip
        """The rows of a relation over the registered facts.

        Args:
            target: the relation's name.
            relations: the relations it may read, by name.
            scope: of which customers; everyone when None.
            given: queries that stand for an input instead of the facts, by name.
        """
        inputs = given if given is not None else facts_of(as_of, scope or Everyone(), self._called)
        return self.query(statement(target, relations, inputs, values, hints=False))

    def query(self, sql: str) -> pa.Table:
        """The rows of a statement."""
        return self._session.sql(sql).toArrow()

    def _called(self, name: str) -> str:
        return f"{self._prefix}{name}"


def _empty(name: str) -> str:
    columns = TABLES[name].stored if name in TABLES else OWN_TABLES[name]
    nothing = ", ".join(f"CAST(NULL AS {_TYPES.get(kind, kind)}) AS {column}" for column, kind in columns)
    return f"SELECT {nothing} WHERE 1 = 0"
