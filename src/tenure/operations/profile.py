"""Publishes everyone's profile as of a moment, or writes it into a file; a half-written file is never seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.errors import TenureError, UsageError
from tenure.domain.moments import AsOf
from tenure.ports import Profiles, Progress

if TYPE_CHECKING:
    import pyarrow as pa

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def profile(profiles: Profiles, as_of: AsOf, business: Business, progress: Progress, out: Path | None = None) -> int:
    """Compute one row per customer as of a moment: publish it, or write it to a file and change nothing else.

    Args:
        out: a `.parquet` or `.csv` file; an existing one is replaced at the end. In CSV a text that a spreadsheet
            would run as a formula is written with a leading apostrophe, and a list is joined by spaces.

    Returns:
        How many customers there are.

    Raises:
        UsageError: the file's name has another ending.
        TenureError: its folder is missing or full.
    """
    if out is None:
        return profiles.build(as_of, business, progress)
    check_ending(out)
    return write_rows(profiles.stream(as_of, business, progress), out)


def check_ending(out: Path) -> None:
    """Refuse a file that is neither Parquet nor CSV, before any work is done for it.

    Raises:
        UsageError: its name has another ending.
    """
    if out.suffix not in (".parquet", ".csv"):
        raise UsageError(f"`{out.name}` must end in .parquet or .csv", "")


def write_rows(batches: Iterator[pa.RecordBatch], out: Path) -> int:
    """Write batches of rows into a file that appears only when it is whole; returns how many rows.

    Raises:
        TenureError: its folder is missing, not ours to write, or full.
    """
    with written_whole(out) as unfinished:
        return _write(batches, unfinished, as_csv=out.suffix == ".csv")


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """A temporary name beside `out` that becomes `out` when the block succeeds and vanishes when it does not.

    Raises:
        TenureError: the folder is missing, not ours to write, or full.
    """
    unfinished = out.with_name(f".{out.name}.part")
    try:
        yield unfinished
        unfinished.replace(out)
    except OSError as error:
        raise TenureError(
            f"{out} could not be written ({error.strerror or 'the disk is full'})", "Choose another place for --out."
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _write(batches: Iterator[pa.RecordBatch], path: Path, *, as_csv: bool) -> int:
    from pyarrow import csv, parquet

    rows = 0
    writer: csv.CSVWriter | parquet.ParquetWriter | None = None
    try:
        for batch in batches:
            ready = for_spreadsheets(batch) if as_csv else batch
            if writer is None:
                writer = csv.CSVWriter(path, ready.schema) if as_csv else parquet.ParquetWriter(path, ready.schema)
            writer.write_batch(ready)
            rows += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def for_spreadsheets(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch as CSV can hold it: lists joined by spaces, and no text that a spreadsheet would run as a formula."""
    import pyarrow as pa

    columns = [_plain(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _plain(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_list(column.type):
        column = compute.binary_join(column, " ")
    if not pa.types.is_string(column.type):
        return column
    risky = compute.match_substring_regex(column, r"^[=+\-@\t\r]")
    numeric = compute.match_substring_regex(column, r"^[+-]?[0-9]+([.,][0-9]+)?$")
    return compute.if_else(compute.and_not(risky, numeric), compute.binary_join_element_wise("'", column, ""), column)
