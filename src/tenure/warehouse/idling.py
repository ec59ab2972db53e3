"""What there is in the warehouse for campaigns to find; a few counts, whatever the number of customers."""

from __future__ import annotations

from collections.abc import Iterable

from tenure.domain.business import Business
from tenure.domain.idleness import Seen
from tenure.domain.moments import AsOf
from tenure.domain.profile import COLUMNS
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.implied import implied_sql


def look(warehouse: DuckWarehouse, events: Iterable[str], as_of: AsOf, business: Business) -> Seen:
    """What was recorded before `as_of`.

    Args:
        warehouse: where.
        events: the names that are asked about.
        as_of: the moment; the published profiles may be as of another.
        business: whose channels these are.
    """
    return Seen(
        events=frozenset(name for name in sorted(set(events)) if _happened(warehouse, name, as_of, business.currency)),
        columns=_columns(warehouse),
        calendars=frozenset(str(kind) for (kind,) in warehouse.fetch("SELECT DISTINCT kind FROM facts.occasions")),
        releases=_any(warehouse, "SELECT 1 FROM facts.products WHERE released_at IS NOT NULL"),
        birthdays=_any(warehouse, "SELECT 1 FROM facts.customers WHERE birthday IS NOT NULL"),
        channels=frozenset(channel.name for channel in business.channels),
    )


def _happened(warehouse: DuckWarehouse, event: str, as_of: AsOf, currency: str) -> bool:
    implied = implied_sql(event, as_of.at, currency)
    if implied is not None and _any(warehouse, implied):
        return True
    return _any(warehouse, f"""SELECT 1 FROM facts.events WHERE name = {text_literal(event)} AND "at" < {as_of.at}""")


def _columns(warehouse: DuckWarehouse) -> frozenset[str] | None:
    found = warehouse.fetch("SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND "
                            "table_name = 'profiles'")  # fmt: skip
    names = [column.name for column in COLUMNS if (column.name,) in found]
    if not names or not _any(warehouse, "SELECT 1 FROM profiles"):
        return None
    counts = warehouse.fetch(f"SELECT {', '.join(f'count({name})' for name in names)} FROM profiles")[0]
    return frozenset(name for name, count in zip(names, counts, strict=True) if count)


def _any(warehouse: DuckWarehouse, rows: str) -> bool:
    return bool(warehouse.fetch(f"SELECT 1 FROM ({rows}) LIMIT 1"))
