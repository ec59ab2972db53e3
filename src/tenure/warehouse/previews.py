"""What would be said, asked of the warehouse without a trace: everything here lives in the connection's own tables.

A temporary table of the name `profiles` or `decisions` stands before the real one for whoever asks through the same
connection, and vanishes with it. So the very texts that a run reads are read, over people and contacts that nobody
recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.moments import AsOf
from tenure.ports import Progress
from tenure.warehouse.choices import DuckDecisions
from tenure.warehouse.dialect import render, text_literal
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.profiles import ProfileBuilder

if TYPE_CHECKING:
    import pyarrow as pa

RUN = "preview"  # the run that contacts lent as decisions belong to


@contextmanager
def profiles_lent(
    warehouse: DuckWarehouse, builder: ProfileBuilder, as_of: AsOf, business: Business, progress: Progress
) -> Iterator[None]:
    """Let everybody's profile as of a moment stand in the place of the published ones, for as long as the block lasts.

    Where the published ones are as of that moment they serve, and nothing is computed.
    """
    if _published(warehouse) == as_of.at:
        yield
        return
    try:
        for number, batch in enumerate(builder.stream(as_of, business, progress)):
            with warehouse.lend("lent_batch", _table(batch)):
                head = "INSERT INTO temp.profiles" if number else "CREATE OR REPLACE TEMP TABLE profiles AS"
                warehouse.run(f"{head} SELECT * FROM lent_batch")
        yield
    finally:
        warehouse.run("DROP TABLE IF EXISTS temp.profiles")


class DuckPreviews:
    """What a preview asks of one workspace's warehouse (`ports.Previews`)."""

    def __init__(self, warehouse: DuckWarehouse, decisions: DuckDecisions) -> None:
        self._warehouse = warehouse
        self._decisions = decisions

    def narrowing(self, campaign: Campaign) -> list[int]:
        """How many customers there are, how many are left by the stage, and by each term of the audience after it."""
        stages = ", ".join(text_literal(stage) for stage in campaign.stages)
        tests = [f"COALESCE(p.stage IN ({stages}), FALSE)" if stages else "TRUE"]
        tests += [f"({render(term, alias='p')}) IS TRUE" for _, term in campaign.audience.terms]
        counts = [f"count(CASE WHEN {' AND '.join(tests[: place + 1])} THEN 1 END)" for place in range(len(tests))]
        return [
            int(count) for count in self._warehouse.fetch(f"SELECT count(*), {', '.join(counts)} FROM profiles p")[0]
        ]

    def some(self, limit: int) -> pa.Table:
        """The profiles of some customers, by lot and always the same."""
        return self._warehouse.arrow(f"SELECT * FROM profiles ORDER BY md5(customer_id), customer_key LIMIT {limit}")

    def locales(self) -> dict[str | None, int]:
        """How many customers speak each locale; None counts those of whom it is not known."""
        found = self._warehouse.fetch(
            """SELECT c.locale, count(*) FROM profiles p
            JOIN facts.customers c ON c.customer_key = p.customer_key GROUP BY c.locale ORDER BY c.locale"""
        )
        return dict(found)

    def contacts(self, rows: pa.Table, as_of: AsOf, showing: Collection[str]) -> pa.Table:
        """Contacts with all that a message may name, as `Decisions.addressees` gives them; `rows` are decisions."""
        with self._warehouse.lend("decisions", rows):
            return self._decisions.addressees(RUN, as_of, showing)


def _published(warehouse: DuckWarehouse) -> int | None:
    if not warehouse.fetch("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = 'profiles'"):
        return None
    found = warehouse.fetch("SELECT max(epoch_us(as_of)) FROM profiles")
    return None if found[0][0] is None else int(found[0][0])


def _table(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([batch])
