"""Reads the files in `sources/`: where rows come from, and the SQL expression that makes each column of each table.

    path: exports/orders-*.csv          # or url: and query: for a database
    timezone: Europe/Berlin
    orders:
      order_id: Name
      customer_id: first("Customer ID")
      ordered_at: "Created at"
      total: max(Total)

A mistake is named with file, line and the nearest word that would be right.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from tenure.documents import Document, parse
from tenure.domain.errors import Place, TenureError, UsageError, nearest
from tenure.domain.extract import Extract, Format
from tenure.domain.facts import TABLES
from tenure.sources.database import query_batches
from tenure.sources.expressions import check

KEYS = ("path", "url", "query", "format", "encoding", "delimiter", "date_order", "timezone", "where")
FORMATS = ("csv", "parquet", "jsonl")
DATE_ORDERS = ("auto", "dmy", "mdy")
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl",
    ".ndjson": "jsonl", ".json": "jsonl",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Origin:
    files: tuple[str, ...]
    format: Format
    query: Any = None


def read_sources(folder: Path, environment: Mapping[str, str]) -> list[Extract]:
    """Every extract that the workspace's `sources/*.yaml` describe, file by file in alphabetical order.

    Args:
        folder: the workspace.
        environment: where `${NAME}` in a database address is looked up.

    Raises:
        TenureError: a file cannot be understood, or a path matches nothing.
    """
    found: list[Extract] = []
    for path in sorted((folder / "sources").glob("*.y*ml")):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            raise TenureError("this is not UTF-8", "Save it as UTF-8 text.", Place(f"sources/{path.name}")) from None
        found += read_source(text, f"sources/{path.name}", folder, environment)
    return found


def read_source(text: str, file: str, folder: Path, environment: Mapping[str, str]) -> list[Extract]:
    """The extracts of one source file.

    Args:
        text: its content.
        file: its name as the user would type it; the source is named after it.
        folder: against which relative paths are read.
        environment: where `${NAME}` is looked up.

    Raises:
        TenureError: naming file and line.
    """
    document = parse(text, file)
    document.allow((*KEYS, *TABLES))
    tables = [key for key in document if key in TABLES]
    if not tables:
        raise TenureError("the file says for no table how its columns are made", "Add, for instance, `orders:`.",
                          document.place())  # fmt: skip
    origin = _origin(document, folder, environment)
    return [_extract(table, document, origin) for table in tables]


def extract_of_files(
    table: str, files: Sequence[Path], columns: Mapping[str, str], *, where: str | None = None, format: str = "",
    encoding: str = "utf-8", delimiter: str = "", date_order: str = "auto", timezone: str = "UTC",
) -> Extract:  # fmt: skip
    """The extract of files that were named on the command line.

    Args:
        table: the fact table they are for.
        files: one or more files of one format.
        columns: contract column → SQL expression.
        where, encoding, delimiter, date_order, timezone: as in a source file.
        format: csv, parquet or jsonl; '' to guess by the suffix.

    Raises:
        UsageError: no such table, column, format or zone.
        TenureError: an expression is not allowed.
    """
    try:
        if table not in TABLES:
            raise TenureError(f"there is no table `{table}`", nearest(table, TABLES))
        for name, expression in columns.items():
            _check_column(table, name, Place())
            check(expression, Place(), name)
        if where:
            check(where, Place(), "where")
        guessed = cast(Format, format) if format else _format([str(file) for file in files], Place())
        zone = _zone(timezone, Place())
    except UsageError:
        raise
    except TenureError as error:
        raise UsageError(error.problem, error.remedy, error.place) from None
    name = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    return Extract(
        table=table, source=name, columns=dict(columns), files=tuple(str(file) for file in files), format=guessed,
        where=where, delimiter=delimiter, encoding=encoding, date_order=cast(Any, date_order), timezone=zone,
    )  # fmt: skip


def _extract(table: str, document: Document, origin: _Origin) -> Extract:
    mapping = document.child(table)
    place = document.place(table)
    columns: dict[str, str] = {}
    lines = {"": place.line or 1}
    where = mapping.text("where") or document.text("where") or None
    if where:
        check(where, mapping.place("where") if mapping.text("where") else document.place("where"), "where")
    for name in mapping:
        if name == "where":
            continue
        _check_column(table, name, mapping.place(name))
        columns[name] = mapping.text(name)
        lines[name] = mapping.place(name).line or 1
        check(columns[name], mapping.place(name), name)
    return Extract(
        table=table, source=Path(document.file).stem, columns=columns, files=origin.files, format=origin.format,
        batches=origin.query, where=where, delimiter=_delimiter(document),
        encoding=document.text("encoding", "utf-8"),
        date_order=cast(Any, document.choice("date_order", DATE_ORDERS, "auto")),
        timezone=_zone(document.text("timezone", "UTC"), document.place("timezone")), place=document.file, lines=lines,
    )  # fmt: skip


def _check_column(table: str, name: str, place: Place) -> None:
    if name not in TABLES[table].names:
        raise TenureError(f"{table} has no column `{name}`", nearest(name, TABLES[table].names), place)


def _origin(document: Document, folder: Path, environment: Mapping[str, str]) -> _Origin:
    paths, url = document.texts("path"), document.text("url")
    if bool(paths) == bool(url):
        raise TenureError("a source has either `path:` or `url:`", "Write one of them.", document.place("url"))
    if url:
        document.require("query")
        batches = query_batches(url, document.text("query"), folder, environment, document.place("url"))
        return _Origin((), "csv", batches)
    files: list[str] = []
    for pattern in paths:
        found = sorted(glob.glob(str(folder / pattern), recursive=True))  # noqa: PTH207
        if not found:
            raise TenureError(f"no file matches `{pattern}`", "Check the path; it is read from the workspace.",
                              document.place("path"))  # fmt: skip
        files += [name for name in found if name not in files]
    if document.get("format") is not None:
        return _Origin(tuple(files), cast(Format, document.choice("format", FORMATS, "csv")))
    return _Origin(tuple(files), _format(files, document.place("path")))


def _format(files: Sequence[str], place: Place) -> Format:
    """The format that the names of the files say."""
    formats: set[Format] = set()
    for file in files:
        path = Path(file)
        suffix = path.with_suffix("").suffix if path.suffix.lower() in (".gz", ".zst") else path.suffix
        if suffix.lower() not in _SUFFIXES:
            raise TenureError(
                f"the name {path.name} does not say what it holds", "Add `format:` csv, parquet or jsonl.", place
            )
        formats.add(_SUFFIXES[suffix.lower()])
    if len(formats) != 1:
        raise TenureError("the files are not of one format", "Import each format by itself.", place)
    return formats.pop()


def _delimiter(document: Document) -> str:
    text = {"tab": "\t", "\\t": "\t"}.get(document.text("delimiter"), document.text("delimiter"))
    if len(text) > 1:
        raise TenureError("`delimiter` must be one character", "Write it in quotes, such as \";\", or `tab`.",
                          document.place("delimiter"))  # fmt: skip
    return text


def _zone(name: str, place: Place) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError dressed as both on some systems
        raise TenureError(f"there is no time zone `{name}`", "Write it as Europe/Berlin.", place) from None
    except KeyError:
        raise TenureError(f"there is no time zone `{name}`", "Write it as Europe/Berlin.", place) from None
    return name
