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
from tenure.warehouse.views import Everyone, Scope, Values, facts_of, needed_by, statement

if TYPE_CHECKING:
    import pyarrow as pa

# Spark copies the text of a relation to every place that reads it, and copies of copies grow past what its optimiser
# can digest (the profile took more than ten minutes); these are computed once, in this order.
_READ_OFTEN = ("catalogue", "base_rhythm", "spending", "purchases", "value", "rhythm", "history", "base_value", "ranks")
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
        if given is not None:
            return self.query(statement(target, relations, given, values, hints=False))
        inputs = facts_of(as_of, scope or Everyone(), self._called)
        for name in _settled(target, relations):
            text = statement(name, relations, inputs, values, hints=False)
            _settle(self._session.sql(text)).createOrReplaceTempView(self._called(name))
            inputs[name] = f"SELECT * FROM {self._called(name)}"
        return self.query(statement(target, relations, inputs, values, hints=False))

    def query(self, sql: str) -> pa.Table:
        """The rows of a statement."""
        return self._session.sql(sql).toArrow()

    def _called(self, name: str) -> str:
        return f"{self._prefix}{name}"


def _settled(target: str, relations: Mapping[str, Relation]) -> list[str]:
    """Those of `_READ_OFTEN` that the target reads, directly or not, each after what it reads itself."""
    return [name for name in _READ_OFTEN if name in needed_by(target, relations) and name != target]


def _settle(frame: Any) -> Any:
    """The frame computed, and its rows kept without the long text they came from."""
    from pyspark.errors import PySparkException

    try:
        return frame.localCheckpoint()
    except PySparkException:
        # Sail keeps no checkpoints unless it is told where, and its planner takes the long text without trouble.
        return frame


def _empty(name: str) -> str:
    columns = TABLES[name].stored if name in TABLES else OWN_TABLES[name]
    nothing = ", ".join(f"CAST(NULL AS {_TYPES.get(kind, kind)}) AS {column}" for column, kind in columns)
    return f"SELECT {nothing} WHERE 1 = 0"
