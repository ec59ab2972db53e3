"""Everyone's history, several ranges of customers at a time: each in a thread and on a connection of its own.

One thread per range instead of several threads inside each statement: a range is small, and splitting its statement up
costs as much CPU again as it saves. The histories lie in memory beside the warehouse's file, one table per range, and
are read as one relation in the order of the ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from tenure.ports import Progress
from tenure.warehouse.bases import Asked
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.layout import AT_ONCE
from tenure.warehouse.seasons import season
from tenure.warehouse.shortcuts import Shortcuts, lent
from tenure.warehouse.views import KeyRange

if TYPE_CHECKING:
    import pyarrow as pa

HISTORY = "computed.main.history"
_NOBODY = KeyRange(0, 0)


@contextmanager
def histories(
    asked: Asked, given: Mapping[str, str], parts: list[KeyRange], clock: pa.Table | None, progress: Progress
) -> Iterator[str]:
    """Compute the relation `history` of every range; yields the name under which it can be read.

    Args:
        given: queries that stand for the relations of the whole base.
        clock: the seasonal clock in place, if any.
        progress: advances once per range.
    """
    warehouse = asked.warehouse
    warehouse.run("ATTACH IF NOT EXISTS ':memory:' AS computed")
    tables = [f"computed.main.history_{place}" for place in range(len(parts) or 1)]
    try:
        with _small_statements(warehouse) as threads:
            _fill(asked, given, list(zip(tables, parts or [_NOBODY], strict=True)), clock, threads, progress)
        whole = " UNION ALL ".join(f"SELECT * FROM {table}" for table in tables)
        warehouse.run(f"CREATE OR REPLACE VIEW {HISTORY} AS {whole}")
        yield HISTORY
    finally:
        warehouse.run(f"DROP VIEW IF EXISTS {HISTORY}")
        for table in tables:
            warehouse.run(f"DROP TABLE IF EXISTS {table}")


def _fill(
    asked: Asked, given: Mapping[str, str], work: list[tuple[str, KeyRange]], clock: pa.Table | None, threads: int,
    progress: Progress,
) -> None:  # fmt: skip
    shortcuts = Shortcuts(asked, given)
    free: SimpleQueue[tuple[DuckWarehouse, Mapping[str, str]]] = SimpleQueue()

    def compute(table: str, part: KeyRange) -> None:
        reader, known = free.get()
        try:
            with lent(reader, shortcuts.of(part, reader)) as computed:
                text = asked.text("history", part, {**known, **computed})
                reader.fetch(f"CREATE OR REPLACE TABLE {table} AS {text}")
        finally:
            free.put((reader, known))

    with ExitStack() as open_things:
        for _ in range(min(threads, AT_ONCE, len(work))):
            reader = open_things.enter_context(asked.warehouse.sibling())
            free.put((reader, {**given, **open_things.enter_context(season(reader, clock))}))
        pool = ThreadPoolExecutor(free.qsize())
        open_things.callback(pool.shutdown, cancel_futures=True)
        for done in as_completed([pool.submit(compute, table, part) for table, part in work]):
            done.result()
            progress.advance()


@contextmanager
def _small_statements(warehouse: DuckWarehouse) -> Iterator[int]:
    """Every statement in the thread that asks, joined as it is written; yields how many threads there were.

    The engine takes each condition to keep a fifth of the rows, and so reorders the joins of `history` around the
    widest side, which everything was joined to: a quarter of the CPU of a range.
    """
    threads = warehouse.threads()
    warehouse.run("SET threads = 1; SET disabled_optimizers = 'join_order'")
    try:
        yield threads
    finally:
        warehouse.run(f"SET threads = {threads}; SET disabled_optimizers = ''")
