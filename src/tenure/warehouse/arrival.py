"""Merges accepted rows into their table: the same key replaces the row, an identical row changes nothing.

`staging.checked` holds an import's judged rows. First everything is compared and written down in `staging.arriving`;
only then, in one transaction of the caller's, is the table touched. Tables stay clustered by customer and moment:
small batches are appended, and once the unsorted end exceeds a tenth the table is written anew in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from tenure.domain.facts import TABLES, FactTable
from tenure.warehouse.canonical import quoted
from tenure.warehouse.duckdb import DuckWarehouse

_UNSORTED_ROWS = 10_000  # fewer than this are never worth writing a table anew
_ARRIVAL = ("source", "received_at")


@dataclass(frozen=True, slots=True)
class Compared:
    """What an import means for its table.

    Attributes:
        accepted: good rows, each counted.
        replaced: of these, rows whose key was known or is repeated by a later row.
        changed: rows to write, new ones and replacements.
        replacing: of these, rows that stand in the table already.
    """

    accepted: int
    replaced: int
    changed: int
    replacing: int


def compare(warehouse: DuckWarehouse, table: FactTable) -> Compared:
    """Find what is new and what differs, as `staging.arriving`.

    Of rows with one key in one import the last counts. A row equal to the stored one keeps its first source and moment
    of arrival, so that importing a file twice leaves no trace.
    """
    accepted, last = _without_repeats(warehouse, table)
    own = ", ".join(_own(table, name) for name, _ in table.stored if name not in _ARRIVAL)
    arriving = f"SELECT c.row_no AS row_no, {own} FROM {last} c {_newcomers(table)} WHERE c.reject_column IS NULL"
    if not warehouse.fetch(f"SELECT 1 FROM facts.{table.name} LIMIT 1"):
        warehouse.run(f"CREATE VIEW staging.arriving AS SELECT *, false AS known FROM ({arriving})")
        distinct = _count(warehouse, f"{last} WHERE reject_column IS NULL")
        return Compared(accepted, accepted - distinct, distinct, 0)
    on = " AND ".join(f"f.{quoted(key)} = a.{quoted(key)}" for key in table.key)
    met = f"f.{quoted(table.key[0])} IS NOT NULL"
    joined = f"({arriving}) a LEFT JOIN facts.{table.name} f ON {on}"
    # A customer who was only known from facts was never listed, so listing him replaces nothing.
    listed = f"{met} AND f.declared = 1" if table.name == "customers" else met
    distinct, replaced, changed, replacing = warehouse.fetch(
        f"SELECT count(*), count(*) FILTER (WHERE {listed}), count(*) FILTER (WHERE NOT {met} OR {_differs(table)}), "
        f"count(*) FILTER (WHERE {met} AND ({_differs(table)})) FROM {joined}"
    )[0]
    warehouse.run(
        f"CREATE TABLE staging.arriving AS SELECT a.*, {met} AS known FROM {joined} "
        f"WHERE {'NOT ' + met + ' OR ' + _differs(table) if changed else 'false'}"
    )
    return Compared(accepted, accepted - distinct + replaced, changed, replacing)


def merge(warehouse: DuckWarehouse, table: FactTable, compared: Compared, source: str, received_at: int) -> None:
    """Write `staging.arriving` into the table in the order of customers and moments; in the caller's transaction."""
    name = f"facts.{table.name}"
    was_empty = not warehouse.fetch(f"SELECT 1 FROM {name} LIMIT 1")
    columns = ", ".join(quoted(column) for column, _ in table.stored)
    fresh = ", ".join(quoted(column) for column, _ in table.stored if column not in _ARRIVAL)
    if compared.replacing:
        keys = ", ".join(quoted(key) for key in table.key)
        keys = f"({keys})" if len(table.key) > 1 else keys
        warehouse.run(f"DELETE FROM {name} WHERE {keys} IN (SELECT {keys} FROM staging.arriving WHERE known)")
    warehouse.run(
        f"INSERT INTO {name} ({columns}) SELECT {fresh}, ?, ? FROM staging.arriving ORDER BY {_order(table)}",
        [source, received_at],
    )
    if not was_empty:
        keep_sorted(warehouse, table, compared.changed)


def keep_sorted(warehouse: DuckWarehouse, table: FactTable, moved: int) -> None:
    """Note that rows stand at the end of their table, and write it anew once a tenth of it does."""
    mark = f"unsorted:{table.name}"
    found = warehouse.fetch("SELECT value FROM meta WHERE name = ?", [mark])
    tail = moved + (int(found[0][0]) if found else 0)
    if tail > _UNSORTED_ROWS and tail * 10 > _count(warehouse, f"facts.{table.name}"):
        sort_anew(warehouse, table)
        tail = 0
    warehouse.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", [mark, tail])


def sort_anew(warehouse: DuckWarehouse, table: FactTable) -> None:
    """Write a table again in the order of customers and moments; within the caller's transaction."""
    name = f"facts.{table.name}"
    body = ", ".join(f"{quoted(column)} {kind}" for column, kind in table.stored)
    warehouse.run(f"CREATE TABLE {name}_sorted ({body})")
    warehouse.run(f"INSERT INTO {name}_sorted SELECT * FROM {name} ORDER BY {_order(table)}")
    warehouse.run(f"DROP TABLE {name}")
    warehouse.run(f"ALTER TABLE {name}_sorted RENAME TO {table.name}")


def renew_dependents(warehouse: DuckWarehouse, table: FactTable) -> int:
    """What other tables repeat of replaced rows: an order's lines and refunds, a contract's payments; rows changed."""
    changed = 0
    for other in TABLES.values():
        if other.owner != table.name:
            continue
        key = quoted(table.key[0])
        values = {"customer_key": "a.customer_key"}
        if other.name == "order_lines":
            values |= {"at": "a.at", "day": "a.day", "month_no": "a.month_no", "cancelled": CANCELLED.format("a")}
        differs = " OR ".join(f"o.{quoted(name)} IS DISTINCT FROM {value}" for name, value in values.items())
        changed += int(warehouse.fetch(
            f"SELECT count(*) FROM facts.{other.name} o JOIN staging.arriving a ON o.{key} = a.{key} "
            f"WHERE a.known AND ({differs})"
        )[0][0])  # fmt: skip
        sets = ", ".join(f"{quoted(name)} = {value}" for name, value in values.items())
        warehouse.run(
            f"UPDATE facts.{other.name} AS o SET {sets} FROM staging.arriving a "
            f"WHERE o.{key} = a.{key} AND a.known AND ({differs})"
        )
    return changed


CANCELLED = "CASE WHEN {0}.status = 'cancelled' THEN 1 ELSE 0 END"


def _without_repeats(warehouse: DuckWarehouse, table: FactTable) -> tuple[int, str]:
    """How many rows are good, and the relation in which each key stands once."""
    keys = ", ".join(quoted(key) for key in table.key)
    accepted = _count(warehouse, "staging.checked WHERE reject_column IS NULL")
    # Grouping by a hash first: eight bytes a row instead of its keys, and mostly that is the end of it.
    good = "FROM staging.checked WHERE reject_column IS NULL"
    twice = f"SELECT hash({keys}) {good} GROUP BY hash({keys}) HAVING count(*) > 1"
    warehouse.run(
        f"CREATE TABLE staging.repeats AS SELECT {keys}, max(row_no) AS last_row {good} "
        f"AND hash({keys}) IN ({twice}) GROUP BY {keys} HAVING count(*) > 1"
    )
    if not _count(warehouse, "staging.repeats"):
        return accepted, "staging.checked"
    on = " AND ".join(f"c.{quoted(key)} = r.{quoted(key)}" for key in table.key)
    warehouse.run(
        "CREATE TABLE staging.last AS SELECT c.* FROM staging.checked c "
        f"LEFT JOIN staging.repeats r ON {on} WHERE r.last_row IS NULL OR r.last_row = c.row_no"
    )
    return accepted, "staging.last"


def _own(table: FactTable, name: str) -> str:
    if name == "customer_key" and table.owner == "self":
        return "COALESCE(c.customer_key, n.customer_key) AS customer_key"
    return f"c.{quoted(name)} AS {quoted(name)}"


def _newcomers(table: FactTable) -> str:
    return "LEFT JOIN staging.newcomers n ON n.customer_id = c.customer_id" if table.owner == "self" else ""


def _order(table: FactTable) -> str:
    names = {name for name, _ in table.stored}
    wanted = [name for name in ("customer_key", "at", *table.key) if name in names]
    return ", ".join(quoted(name) for name in dict.fromkeys(wanted))


def _differs(table: FactTable) -> str:
    """SQL that is true where an arriving row says something else than the stored one."""
    names = [name for name, _ in table.stored if name not in (*_ARRIVAL, *table.key)]
    if table.name == "events":
        # Whose an anonymous event is, and since when, is found by its sign-in and not by the file compared here.
        names = [name for name in names if name not in ("customer_key", "known_at")]
    return "(" + " OR ".join(f"f.{quoted(name)} IS DISTINCT FROM a.{quoted(name)}" for name in names) + ")"


def _count(warehouse: DuckWarehouse, rows: str) -> int:
    return int(warehouse.fetch(f"SELECT count(*) FROM {rows}")[0][0])
