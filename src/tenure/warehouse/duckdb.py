"""The workspace's warehouse as one native DuckDB file, owned by one process at a time.

Facts lie in the schema `facts` in canonical form (domain/facts.py), sorted by customer so that a range of customers is
a range of rows; what is computed (`profiles`, `decisions`, `refusals`) lies in `main`. Code here uses only what DuckDB
1.5 and 2.0 share: an unfetched result owns its connection in 2.0, so every result is fetched at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tenure.domain.errors import TenureError
from tenure.domain.facts import OWN_TABLES, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT = 2  # the shape of the stored tables; a newer file is refused, never guessed at


class DuckWarehouse:
    """A connection to one workspace's warehouse.

    Args:
        path: the file; its folder must exist. `:memory:` for none.
        spill: folder for what does not fit into memory.
        threads, memory_limit: DuckDB's own settings; None leaves its defaults.
    """

    def __init__(
        self, path: Path | str, *, spill: Path | None = None, threads: int | None = None,
        memory_limit: str | None = None,
    ) -> None:  # fmt: skip
        self.path = str(path)
        config: dict[str, Any] = {"preserve_insertion_order": True}
        if spill is not None:
            config["temp_directory"] = str(spill)
        if threads is not None:
            config["threads"] = threads
        if memory_limit is not None:
            config["memory_limit"] = memory_limit
        with plain_refusals(self.path):
            self.connection = duckdb.connect(self.path, config=config)
        try:
            self._lay_out()
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextmanager
    def sibling(self) -> Iterator[DuckWarehouse]:
        """A second reader of the same file, for another thread; it sees what is committed, and no temporary table."""
        other = copy(self)
        other.connection = self.connection.cursor()
        try:
            yield other
        finally:
            other.close()

    def __enter__(self) -> DuckWarehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, sql: str, values: Sequence[Any] | None = None) -> None:
        """Execute statements whose result nobody needs."""
        with plain_refusals(self.path):
            self.connection.execute(sql, values)

    def fetch(self, sql: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with plain_refusals(self.path):
            return self.connection.execute(sql, values).fetchall()

    def arrow(self, sql: str, values: Sequence[Any] | None = None) -> pa.Table:
        """The rows of a query as an Arrow table."""
        with plain_refusals(self.path):
            # A relation gives Arrow without a copy of the rows, which `execute` does not; it binds the text twice for
            # that, some 70 ms for a whole profile.
            return self.connection.sql(sql, params=values).to_arrow_table()

    @contextmanager
    def lend(self, name: str, table: pa.Table) -> Iterator[None]:
        """Make an Arrow table readable in SQL under a name, for as long as the block lasts."""
        self.connection.register(name, table)
        try:
            yield
        except BaseException:
            # Within a transaction that an error has ended nothing can be taken back, and its end takes back all.
            with _quietly():
                self.connection.unregister(name)
            raise
        self.connection.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing."""
        self.run("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            # After an error such as a full disk DuckDB may have rolled back by itself; a second time is an error.
            with _quietly():
                self.connection.execute("ROLLBACK")
            raise
        self.run("COMMIT")

    def version(self) -> int:
        """A number that grows whenever facts change."""
        return int(self.fetch("SELECT value FROM meta WHERE name = 'facts_version'")[0][0])

    def threads(self) -> int:
        """How many threads a statement may use."""
        return int(self.fetch("SELECT current_setting('threads')")[0][0])

    def touch(self) -> None:
        """Say that facts have changed."""
        self.run("UPDATE meta SET value = value + 1 WHERE name = 'facts_version'")

    def lay_table(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        """Create a table where it is missing, and add the columns that an older program did not know."""
        self._create(name, columns)
        for column, kind in columns:
            self.run(f'ALTER TABLE {name} ADD COLUMN IF NOT EXISTS "{column}" {kind}')

    def _lay_out(self) -> None:
        """Create what is missing.

        Raises:
            TenureError: the file was written by a newer program.
        """
        self.run("CREATE TABLE IF NOT EXISTS meta (name VARCHAR PRIMARY KEY, value BIGINT NOT NULL)")
        found = self.fetch("SELECT value FROM meta WHERE name = 'layout'")
        if found and found[0][0] > LAYOUT:
            raise TenureError(
                "this workspace was written by a newer version of Tenure", "Upgrade Tenure, or restore a backup."
            )
        if found and found[0][0] < LAYOUT:
            with self.transaction():
                for name, columns in OWN_TABLES.items():
                    self.lay_table(f"facts.{name}", columns)
                self.run("UPDATE meta SET value = ? WHERE name = 'layout'", [LAYOUT])
        if found:
            return
        with self.transaction():
            self.run("CREATE SCHEMA IF NOT EXISTS facts")
            for table in TABLES.values():
                self._create(f"facts.{table.name}", table.stored)
            for name, columns in OWN_TABLES.items():
                self._create(f"facts.{name}", columns)
            self._create("facts.quarantine", QUARANTINE)
            self.run(f"INSERT INTO meta VALUES ('layout', {LAYOUT}), ('facts_version', 0), ('next_customer_key', 1)")

    def _create(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        body = ", ".join(f'"{column}" {kind}' for column, kind in columns)
        self.run(f"CREATE TABLE IF NOT EXISTS {name} ({body})")


QUARANTINE = (
    ("table_name", "VARCHAR"), ("source", "VARCHAR"), ("row_no", "BIGINT"), ("column_name", "VARCHAR"),
    ("reason", "VARCHAR"), ("content", "VARCHAR"), ("received_at", "BIGINT"),
)  # fmt: skip


@contextmanager
def plain_refusals(path: str) -> Iterator[None]:
    """Turn the engine's errors that a person can mend into sentences; everything else passes as it is.

    Raises:
        TenureError: the file is in use, not ours, or the disk is full.
    """
    try:
        yield
    except duckdb.IOException as error:
        text = str(error)
        if "lock" in text.lower():
            raise TenureError(
                "another Tenure process is using this workspace", "Wait for it to end, or stop it, and try again."
            ) from None
        if "No space left" in text or "could not write" in text.lower() or "Could not write" in text:
            raise TenureError(
                f"the disk that holds {path} is full; nothing was changed", "Free some space and run it again."
            ) from None
        if "not a valid DuckDB database" in text:
            raise TenureError(f"{path} is not a Tenure warehouse", "Restore it from a backup.") from None
        raise
    except duckdb.OutOfMemoryException:
        raise TenureError(
            "there is not enough memory for this step", "Close other programs, or give `threads: 1` in tenure.yaml."
        ) from None


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except duckdb.Error:
        return
