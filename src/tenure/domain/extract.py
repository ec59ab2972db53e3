"""Rows on their way in: where they come from, and the SQL expression that makes each column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["csv", "parquet", "jsonl"]


@dataclass(frozen=True, slots=True)
class Extract:
    """One table's rows out of one source.

    Attributes:
        table: the fact table they are for.
        source: the source's name, stored with every row and used to replace its old quarantine rows.
        columns: contract column → SQL expression over the source's own columns (DuckDB's dialect, already checked by
            `sources/expressions.py`). A column that is not named is taken from a source column of the same name.
        files: paths of files, all of one format; empty for a database.
        batches: opens the stream of Arrow batches of a database query.
        where: SQL condition; rows that fail it are not for this table (they are not bad rows).
        date_order: how to read 03/04/2011: `dmy`, `mdy`, or `auto` (learn it from the file, refuse what stays unclear).
        timezone: IANA zone of times written without one.
        place: the source file, for messages.
        lines: contract column → its line in that file (`""`: the table's own line).
        row_name: the source's column that names each row, where rows have no place in a file. In the quarantine it
            stands for the row, and what the source had put aside earlier stays until the same row comes again.
    """

    table: str
    source: str
    columns: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    format: Format = "csv"
    batches: Callable[[], Iterator[pa.RecordBatch]] | None = None
    where: str | None = None
    delimiter: str = ""
    encoding: str = "utf-8"
    date_order: Literal["auto", "dmy", "mdy"] = "auto"
    timezone: str = "UTC"
    place: str = ""
    lines: dict[str, int] = field(default_factory=dict)
    row_name: str = ""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that was kept aside: rows count from 1 and do not count the header; an event is named by its id."""

    table: str
    source: str
    row: int | str | None
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of an extract: `accepted` good rows, of which `replaced` had a key that was known already."""

    table: str
    source: str
    accepted: int = 0
    replaced: int = 0
    quarantined: int = 0
    changed: int = 0
    notes: tuple[str, ...] = ()
