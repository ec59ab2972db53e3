"""Brings a source's rows into reach of SQL, cell by cell as they are written, and says which rows could not be read.

Everything is staged in an attached database of its own (a file beside the warehouse when the input is large), so that
an import needs little memory and a crash leaves nothing in the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tenure.domain.errors import TenureError
from tenure.domain.extract import Extract
from tenure.domain.facts import TABLES
from tenure.warehouse import lines, textfile
from tenure.warehouse.canonical import quoted, text_literal
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.lines import Unread
from tenure.warehouse.textfile import TextFile

if TYPE_CHECKING:
    pass

NeededColumns = Callable[[Mapping[str, str]], list[str]]

SMALL = 32 << 20  # bytes of input below which staging stays in memory
_FILE_STRIDE = 1 << 40  # row numbers of the n-th Parquet file begin at n of these


@dataclass(slots=True)
class Staged:
    """A source's rows, ready to be mapped.

    Attributes:
        origin: SQL that stands for the rows; it has a column `#row`, ascending in the order of arrival.
        known: the source's columns and their DuckDB types.
        unread: rows that could not be read at all, already located.
        notes: sentences for the report.
    """

    origin: str
    known: dict[str, str]
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parts: list[tuple[int, str, Sequence[int]]] = field(default_factory=list)
    parquet: tuple[str, ...] = ()
    is_nothing: bool = False

    def places(self) -> list[tuple[int, str, int]]:
        """How a staged row's number becomes a place: (from this number on, file or '' if only one, what to add)."""
        if self.parquet:
            several = len(self.parquet) > 1
            return [(i * _FILE_STRIDE, Path(n).name if several else "", -i * _FILE_STRIDE)
                    for i, n in enumerate(self.parquet)]  # fmt: skip
        found = []
        for first, name, gaps in self.parts or [(1, "", ())]:
            shown = name if len(self.parts) > 1 else ""
            starts = {first: 1 - first}
            starts |= {max(first - 1 + gap, first): count + 1 - first for count, gap in enumerate(gaps, start=1)}
            found += [(position, shown, shift) for position, shift in starts.items()]
        return found


@contextmanager
def staging_area(warehouse: DuckWarehouse, extract: Extract) -> Iterator[None]:
    """An attached database `staging` for as long as the block lasts."""
    size = sum(Path(name).stat().st_size for name in extract.files if Path(name).exists())
    path = Path(f"{warehouse.path}.staging")
    in_memory = warehouse.path == ":memory:" or (bool(extract.files) and size < SMALL)
    with suppress(duckdb.Error):
        warehouse.run("DETACH staging")
    _unlink(path)
    warehouse.run(f"ATTACH {text_literal(':memory:' if in_memory else str(path))} AS staging")
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            warehouse.run("DETACH staging")
        _unlink(path)


def stage(warehouse: DuckWarehouse, extract: Extract, needed: NeededColumns) -> Staged:
    """Read an extract's source.

    Args:
        warehouse: has an attached `staging`.
        extract: what to read.
        needed: given a file's columns and types, the ones that are read (asked for each file, for they may differ).

    Raises:
        TenureError: a file is not there or not of its format.
    """
    if extract.batches is not None:
        return _stage_batches(warehouse, extract)
    for name in extract.files:
        if not Path(name).is_file():
            raise TenureError(f"there is no file `{name}`", "Check the path.")
    if extract.format == "parquet":
        return _stage_parquet(warehouse, extract)
    if extract.format == "jsonl":
        return _stage_json(warehouse, extract, needed)
    return _stage_csv(warehouse, extract, needed)


def _unlink(path: Path) -> None:
    for name in (path, Path(f"{path}.wal")):
        with suppress(OSError):
            name.unlink(missing_ok=True)


def _stage_parquet(warehouse: DuckWarehouse, extract: Extract) -> Staged:
    names = ", ".join(text_literal(name) for name in extract.files)
    read = f"read_parquet([{names}], union_by_name = true, file_row_number = true, filename = '#file')"
    try:
        known = _columns(warehouse, f"SELECT * FROM {read}")
    except duckdb.Error as error:
        raise TenureError(
            f"`{Path(extract.files[0]).name}` cannot be read as Parquet ({_first_line(error)})", "Export it again."
        ) from None
    for own in ("#file", "file_row_number"):
        known.pop(own)
    position = "file_row_number + 1"
    if len(extract.files) > 1:
        arms = " ".join(f"WHEN {text_literal(n)} THEN {i * _FILE_STRIDE}" for i, n in enumerate(extract.files))
        position = f'file_row_number + 1 + CASE "#file" {arms} END'
    return Staged(f'(SELECT *, {position} AS "#row" FROM {read})', known, parquet=extract.files)


def _stage_batches(warehouse: DuckWarehouse, extract: Extract) -> Staged:
    import pyarrow as pa

    assert extract.batches is not None
    known: dict[str, str] | None = None
    for batch in extract.batches():
        with warehouse.lend("arriving", pa.Table.from_batches([batch])):
            if known is None:
                warehouse.run("CREATE TABLE staging.raw AS SELECT * FROM arriving")
                known = _columns(warehouse, "SELECT * FROM staging.raw")
            else:
                warehouse.run("INSERT INTO staging.raw SELECT * FROM arriving")
    if known is None:
        raise TenureError(f"the query of {extract.source} has no columns", "Select the columns to import.")
    return Staged('(SELECT *, rowid + 1 AS "#row" FROM staging.raw)', known)


def _stage_csv(warehouse: DuckWarehouse, extract: Extract, needed: NeededColumns) -> Staged:
    staged = Staged('(SELECT *, rowid + 1 AS "#row" FROM staging.raw)', {})
    wanted: list[str] = []
    for path in extract.files:
        opened = textfile.open_text(path, extract.encoding, extract.delimiter)
        if opened is None:
            staged.notes.append(f"{Path(path).name} is empty")
            continue
        own = needed(dict.fromkeys(opened.header, "VARCHAR"))
        if not wanted:
            wanted = own
            columns = ", ".join(f"{quoted(name)} VARCHAR" for name in own)
            warehouse.run(f"CREATE TABLE staging.raw ({columns})")
            staged.known = dict.fromkeys(own, "VARCHAR")
        for name in own:
            if name.lower() not in {w.lower() for w in wanted}:
                wanted.append(name)
                staged.known[name] = "VARCHAR"
                warehouse.run(f"ALTER TABLE staging.raw ADD COLUMN {quoted(name)} VARCHAR")
        _fill(warehouse, staged, opened, own)
    return staged if wanted else _nothing(extract, staged)


def _nothing(extract: Extract, staged: Staged) -> Staged:
    """No rows, not even a header: the table's own columns stand in, so that what follows has nothing special to do."""
    known = dict.fromkeys(TABLES[extract.table].names, "VARCHAR")
    columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in known)
    staged.origin, staged.known, staged.is_nothing = f'(SELECT 1 AS "#row", {columns} WHERE false)', known, True
    return staged


def _fill(warehouse: DuckWarehouse, staged: Staged, opened: TextFile, own: list[str]) -> None:
    """Append a file's rows: by the engine's own reader when the file is clean, row by row when it is not."""
    names = ", ".join(quoted(name) for name in own)
    before = _count(warehouse, "staging.raw")
    gaps: list[int] = []
    if not (opened.plain and not textfile.has_long_line(opened) and _fill_fast(warehouse, opened, names)):
        import pyarrow as pa

        places = [opened.header.index(name) for name in own]
        for good, bad in lines.read_rows(opened, places):
            if good:
                arrays = [pa.array(column, pa.string()) for column in good]
                with warehouse.lend("arriving", pa.table(dict(zip(own, arrays, strict=True)))):
                    warehouse.run(f"INSERT INTO staging.raw ({names}) SELECT * FROM arriving")
            gaps += _gaps(bad, len(gaps))
            staged.unread += bad
    after = _count(warehouse, "staging.raw")
    if after == before and not gaps:
        staged.notes.append(f"{Path(opened.path).name} has a header and no rows")
    staged.parts.append((before + 1, Path(opened.path).name, gaps))


def _fill_fast(warehouse: DuckWarehouse, opened: TextFile, names: str) -> bool:
    columns = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in opened.header)
    read = (
        f"read_csv({text_literal(opened.path)}, auto_detect = false, header = true, delim = "
        f"{text_literal(opened.delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}})"
    )
    try:
        warehouse.run(f"INSERT INTO staging.raw ({names}) SELECT {names} FROM {read}")
    except duckdb.Error:  # a full disk is no such error: it has become a sentence by now
        return False
    return True


def _stage_json(warehouse: DuckWarehouse, extract: Extract, needed: NeededColumns) -> Staged:
    staged = Staged("(SELECT * FROM staging.raw)", {})
    warehouse.run("CREATE TABLE staging.lines (line VARCHAR)")
    for path in extract.files:
        opened = textfile.open_text(path, extract.encoding, lines_only=True)
        if opened is None:
            staged.notes.append(f"{Path(path).name} is empty")
        else:
            _fill_lines(warehouse, staged, opened)
    is_object = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    warehouse.run(
        "CREATE TABLE staging.malformed AS SELECT rowid + 1 AS position, CASE WHEN json_valid(line) "
        "THEN 'is not a JSON object' ELSE 'is not JSON' END AS reason "
        f"FROM staging.lines WHERE NOT ({is_object})"
    )
    keys = warehouse.fetch(
        f"SELECT DISTINCT unnest(json_keys(line)) AS key FROM staging.lines WHERE {is_object} ORDER BY key"
    )
    known = dict.fromkeys((key for (key,) in keys), "VARCHAR")
    if not known:
        return _nothing(extract, staged)
    staged.known = dict.fromkeys(needed(known), "VARCHAR")
    paths = "".join(
        f", json_extract_string(line, {text_literal('$.' + quoted(name))}) AS {quoted(name)}" for name in staged.known
    )
    warehouse.run(f'CREATE TABLE staging.raw AS SELECT rowid + 1 AS "#row"{paths} FROM staging.lines WHERE {is_object}')
    warehouse.run("DROP TABLE staging.lines")
    return staged


def _fill_lines(warehouse: DuckWarehouse, staged: Staged, opened: TextFile) -> None:
    before = _count(warehouse, "staging.lines")
    gaps: list[int] = []
    read = (
        f"read_csv({text_literal(opened.path)}, auto_detect = false, header = false, delim = '\x1f', quote = '', "
        "escape = '', columns = {'line': 'VARCHAR'})"
    )
    clean = opened.plain and not textfile.has_long_line(opened)
    if clean:
        try:
            # A blank line counts as no row; JSON text cannot hold the delimiter, a control character.
            warehouse.run(f"INSERT INTO staging.lines SELECT line FROM {read} WHERE trim(line) <> ''")
        except duckdb.Error:
            clean = False
    if not clean:
        import pyarrow as pa

        for good, bad in lines.read_lines(opened):
            with warehouse.lend("arriving", pa.table({"line": pa.array(good, pa.string())})):
                warehouse.run("INSERT INTO staging.lines SELECT line FROM arriving")
            gaps += _gaps(bad, len(gaps))
            staged.unread += bad
    staged.parts.append((before + 1, Path(opened.path).name, gaps))


def _gaps(bad: Sequence[Unread], earlier: int) -> list[int]:
    """The places among the good rows at which bad ones stood: their number less the bad ones before them."""
    return [one.row - earlier - index for index, one in enumerate(bad)]


def _count(warehouse: DuckWarehouse, name: str) -> int:
    return int(warehouse.fetch(f"SELECT count(*) FROM {name}")[0][0])


def _columns(warehouse: DuckWarehouse, select: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in warehouse.fetch(f"DESCRIBE {select}")}


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].split(": ", 1)[-1][:160]
