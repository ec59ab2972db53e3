"""Import, from a source's rows to facts: stage, map, read, judge, identify, merge, and keep the bad rows aside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from tenure import registry
from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.extract import Extract, Loaded, Quarantined
from tenure.domain.facts import TABLES, FactTable
from tenure.ports import Progress
from tenure.warehouse import arrival, identity, instants, mapping, meaning, outward, own, quarantine
from tenure.warehouse.canonical import Ways
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.instants import Order
from tenure.warehouse.readings import staged_rows
from tenure.warehouse.staging import Staged, stage, staging_area

if TYPE_CHECKING:
    import pyarrow as pa


class FactIntake:
    """The warehouse as `import` sees it (the port `Facts`).

    Args:
        warehouse: where facts lie.
        business: its currency, rates and calendar.
    """

    def __init__(self, warehouse: DuckWarehouse, business: Business) -> None:
        self.warehouse = warehouse
        self.business = business
        # What a time without a zone means must not depend on the machine that reads it.
        warehouse.run("SET TimeZone = 'UTC'")
        meaning.prepare(warehouse)

    def load(self, extract: Extract, received_at: int, progress: Progress) -> Loaded:
        """Stage, check and merge the extract's rows; all of it or, when it raises, nothing.

        What events mean beyond themselves (orders, refunds, deliveries) is brought in after them; a crash in between
        is made good by the next import of events.

        Raises:
            TenureError: a file or column is missing, or an expression does not fit the source.
        """
        table = TABLES[extract.table]
        progress.start(f"{extract.source}: {extract.table}")
        with staging_area(self.warehouse, extract):
            staged = stage(self.warehouse, extract, lambda known: mapping.needed(extract, known))
            if staged.is_nothing:
                extract = replace(extract, columns={}, where=None)
            judge(self.warehouse, extract, table, staged, self.business)
            loaded = self._merge(extract, table, staged, received_at)
        if extract.table == "events":
            loaded = replace(loaded, notes=(*loaded.notes, *self._understand(extract.source, received_at)))
        progress.finish(f"{loaded.accepted:,} rows")
        return loaded

    def _understand(self, source: str, received_at: int) -> list[str]:
        """Let events become the facts they mean; sentences that say how many."""
        if not meaning.is_waiting(self.warehouse):
            return []
        notes = []
        for table in meaning.TABLES:
            extract = Extract(table, meaning.source_of(source), row_name="event_id")
            with staging_area(self.warehouse, extract):
                staged = meaning.tell(self.warehouse, table, self.business)
                if staged is not None:
                    judge(self.warehouse, extract, TABLES[table], staged, self.business)
                    meaning.keep_back(self.warehouse)
                    loaded = self._merge(extract, TABLES[table], staged, received_at)
                    if loaded.accepted:
                        notes.append(f"{loaded.accepted:,} {table.replace('_', ' ')} came from events")
        self.record("deliveries", meaning.deliveries(self.warehouse, self.business))
        meaning.done(self.warehouse)
        return notes

    def quarantined(self) -> list[Quarantined]:
        """The rows kept aside, oldest first."""
        found = self.warehouse.fetch(
            "SELECT table_name, source, row_no, content, column_name, reason FROM facts.quarantine "
            "ORDER BY received_at, rowid"
        )
        return [Quarantined(table, source, content if row is None and content else row, column, reason)
                for table, source, row, content, column, reason in found]  # fmt: skip

    def rows(self, table: str, limit: int) -> pa.Table:
        """The latest rows of a fact table in the contract's form, newest first.

        Raises:
            TenureError: there is no such table.
        """
        return outward.rows(self.warehouse, table, limit, self.business)

    def version(self) -> int:
        """A number that grows whenever facts change."""
        return self.warehouse.version()

    def latest(self) -> int | None:
        """Microseconds of the latest order, event or contract start; None when there is none."""
        moments = [self.warehouse.fetch(f'SELECT max("at") FROM facts.{name}')[0][0]
                   for name in ("orders", "events", "subscriptions")]  # fmt: skip
        return max((int(at) for at in moments if at is not None), default=None)

    def record(self, table: str, rows: pa.Table) -> int:
        """Add rows of one of our own fact tables, each once; returns how many were new."""
        return own.record(self.warehouse, table, rows)

    def _merge(self, extract: Extract, table: FactTable, staged: Staged, received_at: int) -> Loaded:
        warehouse = self.warehouse
        newcomers = identity.assign_keys(warehouse, table)
        compared = arrival.compare(warehouse, table)
        if table.name == "events" and compared.changed:
            identity.note_anonymous(warehouse)
        with warehouse.transaction():
            if compared.changed or newcomers:
                identity.record_newcomers(warehouse, table, extract.source, received_at)
                arrival.merge(warehouse, table, compared, extract.source, received_at)
                if table.name == "events":
                    self._join_events(table)
                if compared.replacing:
                    arrival.renew_dependents(warehouse, table)
                warehouse.touch()
            aside = quarantine.keep(warehouse, extract, staged, received_at)
        return Loaded(extract.table, extract.source, compared.accepted, compared.replaced, aside, compared.changed,
                      tuple(staged.notes))  # fmt: skip

    def _join_events(self, table: FactTable) -> None:
        meaning.note(self.warehouse, "staging.arriving")
        moved = identity.join_sign_ins(self.warehouse)
        if moved:
            meaning.note(self.warehouse, "joined")
            arrival.keep_sorted(self.warehouse, table, moved)


def judge(warehouse: DuckWarehouse, extract: Extract, table: FactTable, staged: Staged, business: Business) -> None:
    """Map, read and judge the staged rows, as `staging.checked`: canonical columns and why a row is not accepted.

    Raises:
        TenureError: an expression does not fit the source.
    """
    try:
        try:
            _judge(warehouse, extract, table, staged, business, guarded=False)
        except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException):
            # One row on which an expression fails must not take the others with it.
            _judge(warehouse, extract, table, staged, business, guarded=True)
    except (duckdb.BinderException, duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise TenureError(
            f"the expressions for `{table.name}` do not fit {extract.source}: {str(error).splitlines()[0]}",
            "Check the types of the columns they use.",
        ) from None


def _judge(
    warehouse: DuckWarehouse, extract: Extract, table: FactTable, staged: Staged, business: Business, *, guarded: bool
) -> None:
    for view in ("staged", "mapped"):
        warehouse.run(f"DROP VIEW IF EXISTS staging.{view}")
    inner = _orders(warehouse, extract, staged.origin, mapping.grouped_moments(extract, staged.known))
    plan = mapping.mapped(extract, staged.origin, staged.known, business.timezone, inner, guarded=guarded)
    warehouse.run(f"CREATE VIEW staging.mapped AS {plan.sql}")
    kinds = {name: kind for name, kind, *_ in warehouse.fetch("DESCRIBE staging.mapped")}
    texts = [c.name for c in table.columns if c.kind in ("moment", "date") and kinds.get(c.name) == "VARCHAR"]
    rows = "staging.mapped"
    if plan.heavy and texts and extract.date_order == "auto":
        rows = "staging.mapped_once"
        warehouse.run(f"CREATE OR REPLACE TABLE {rows} AS SELECT * FROM staging.mapped")
    ways = Ways(extract.timezone, business, _orders(warehouse, extract, rows, texts), "currency" in plan.columns)
    warehouse.run(f"CREATE VIEW staging.staged AS {staged_rows(table, rows, plan.columns, kinds, ways)}")
    relation = registry.relations_of("facts")[table.name]
    lookups = "".join(f", {name} AS ({_LOOKUPS[name]})" for name in relation.inputs if name in _LOOKUPS)
    warehouse.run(
        f"CREATE TABLE staging.checked AS WITH staged_{table.name} AS (SELECT * FROM staging.staged){lookups} "
        f"SELECT * FROM ({relation.sql})"
    )


_LOOKUPS = {
    "known_customers": "SELECT customer_id, customer_key FROM facts.customers",
    "known_orders": f"SELECT o.order_id, o.customer_key, o.at, o.day, o.month_no, {arrival.CANCELLED.format('o')} "
                    "AS cancelled FROM facts.orders o",
    "known_subscriptions": "SELECT subscription_id, customer_key FROM facts.subscriptions",
}  # fmt: skip


def _orders(warehouse: DuckWarehouse, extract: Extract, rows: str, texts: list[str]) -> dict[str, Order]:
    """How text columns write days and months: as the source says, or as their unambiguous values show."""
    if extract.date_order != "auto":
        return dict.fromkeys(texts, extract.date_order)
    if not texts:
        return {}
    counts = warehouse.fetch(f"SELECT {', '.join(instants.learn(name) for name in texts)} FROM {rows}")[0]
    return {name: instants.decide(*counts[2 * at : 2 * at + 2]) for at, name in enumerate(texts)}
