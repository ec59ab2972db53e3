"""The rows that were not accepted: kept aside with table, row, column and reason until their source is imported again.

What is kept of a row's content is its keys only, so that a quarantine never holds an e-mail address that nobody would
think of erasing.
"""

from __future__ import annotations

from tenure.domain.arrival import LONGEST_ID
from tenure.domain.extract import Extract
from tenure.domain.facts import TABLES
from tenure.warehouse.canonical import quoted
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.staging import Staged


def keep(warehouse: DuckWarehouse, extract: Extract, staged: Staged, received_at: int) -> int:
    """Put the rejected rows of `staging.checked` and the unreadable ones aside, instead of the source's former ones.

    Within the caller's transaction. Returns how many rows are kept aside.
    """
    if extract.row_name:
        return _keep_named(warehouse, extract, staged, received_at)
    import pyarrow as pa

    warehouse.run("DELETE FROM facts.quarantine WHERE table_name = ? AND source = ?", [extract.table, extract.source])
    places = staged.places()
    several = any(file for _, file, _ in places)
    unread = [(one.row, f"{one.reason}{f' (in {one.file})' if several else ''}")
              for one in staged.unread]  # fmt: skip
    lent = pa.table({
        "position": pa.array([place[0] for place in places], pa.int64()),
        "file": pa.array([place[1] for place in places], pa.string()),
        "shift": pa.array([place[2] for place in places], pa.int64()),
    })  # fmt: skip
    lost = pa.table({
        "row_no": pa.array([row for row, _ in unread], pa.int64()),
        "reason": pa.array([reason for _, reason in unread], pa.string()),
    })  # fmt: skip
    with warehouse.lend("places", lent), warehouse.lend("lost", lost):
        warehouse.run(_keep(warehouse, extract), [extract.table, extract.source, received_at])
    return int(warehouse.fetch(
        "SELECT count(*) FROM facts.quarantine WHERE table_name = ? AND source = ?", [extract.table, extract.source]
    )[0][0])  # fmt: skip


def _keep_named(warehouse: DuckWarehouse, extract: Extract, staged: Staged, received_at: int) -> int:
    """Put rejected rows aside under their names, instead of what was kept of the same rows before."""
    name = f"left(CAST(r.{quoted(extract.row_name)} AS VARCHAR), {LONGEST_ID})"
    named = f'staging.checked c JOIN {staged.origin} r ON r."#row" = c.row_no'
    warehouse.run(
        f"DELETE FROM facts.quarantine WHERE table_name = ? AND source = ? AND content IN (SELECT {name} FROM {named})",
        [extract.table, extract.source],
    )
    rejected = f"FROM {named} WHERE c.reject_column IS NOT NULL"
    warehouse.run(
        f"INSERT INTO facts.quarantine SELECT $1, $2, NULL, c.reject_column, c.reject_reason, {name}, $3 {rejected} "
        "ORDER BY c.row_no",
        [extract.table, extract.source, received_at],
    )
    return int(warehouse.fetch(f"SELECT count(*) {rejected}")[0][0])


def _keep(warehouse: DuckWarehouse, extract: Extract) -> str:
    keys = " || ' ' || ".join(
        f"COALESCE('{key}=' || left(CAST({quoted(key)} AS VARCHAR), 80), '')" for key in TABLES[extract.table].key
    )
    parts = [
        "SELECT row_no AS position, reject_column AS column_name, reject_reason AS reason, "
        f"trim({keys}) AS content FROM staging.checked WHERE reject_column IS NOT NULL"
    ]
    if _exists(warehouse, "malformed"):
        parts.append("SELECT position, '', reason, '' FROM staging.malformed")
    return (
        "INSERT INTO facts.quarantine SELECT $1, $2, row_no, column_name, reason, content, $3 FROM ("
        "SELECT c.position + p.shift AS row_no, p.position AS part, c.column_name, "
        "c.reason || CASE WHEN p.file <> '' THEN ' (in ' || p.file || ')' ELSE '' END AS reason, c.content "
        f"FROM ({' UNION ALL '.join(parts)}) c ASOF JOIN places p ON c.position >= p.position "
        "UNION ALL SELECT row_no, 0, '', reason, '' FROM lost) ORDER BY part, row_no"
    )


def _exists(warehouse: DuckWarehouse, name: str) -> bool:
    return bool(warehouse.fetch(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'staging' AND table_name = ?", [name]
    ))  # fmt: skip
