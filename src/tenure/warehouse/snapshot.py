"""What the doors read: the figures' tables as files of one moment, switched all at once while the line works on.

`publish` writes the tables that insights need, cut to the columns they need, into `published/<n>/` and then names `n`
in `published/CURRENT` by a rename, so a reader sees the old tables or the new ones and never a mixture.
`SnapshotReader` answers from those files without touching the warehouse, which one process owns; `WarehouseQuery`
answers the same questions from the warehouse itself.

Both narrow every table to what was known before the question's `as_of`, as the profile does, so no relation can peek.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tenure import registry
from tenure.domain.decision import DECISION_COLUMNS
from tenure.domain.errors import TenureError
from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import AsOf
from tenure.domain.profile import COLUMNS
from tenure.relations import literal
from tenure.warehouse.choices import REFUSALS
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.learned import EFFECTS
from tenure.warehouse.views import Everyone, narrowed, statement

if TYPE_CHECKING:
    import pyarrow as pa

Values = Mapping[str, int | float | str | None]

CURRENT = "CURRENT"
_KEPT = 2  # the current one, and the one that questions under way may still be reading

_PROFILES = (("customer_key", "BIGINT"), *((c.name, c.published) for c in COLUMNS))
# Table → columns that any relation of `insights` reads. A test runs every relation over a published snapshot.
PUBLISHED: dict[str, tuple[str, ...]] = {
    "customers": ("customer_key", "at", "declared", "acquisition_channel", "country", "acquisition_cost"),
    "orders": ("customer_key", "order_id", "at", "day", "month_no", "total", "shipping", "status"),
    "refunds": ("customer_key", "order_id", "at", "month_no", "amount"),
    "subscriptions": ("customer_key", "plan", "price", "period", "at", "trial_ends_at", "ends_at", "auto_renew",
                      "auto_renew_consent_at", "cancelled_at"),
    "payments": ("customer_key", "at", "month_no", "amount", "status"),
    "contacts": ("customer_key", "message_id", "campaign", "at", "cost", "state"),
    "deliveries": ("customer_key", "message_id", "kind", "at"),
    "assignments": ("customer_key", "campaign", "arm", "at"),
    "costs": ("customer_key", "at", "segment", "kind", "amount"),
    "tickets": ("customer_key", "at", "cost"),
    "profiles": ("customer_key", "as_of", "orders", "revenue", "margin", "cost_to_serve", "contact_cost", "profit",
                 "clv_365d", "churn_90d", "stage", "investment"),
    "decisions": ("run_id", "as_of", "campaign", "rank", "outcome", "worth"),
    "refusals": ("run_id", "as_of", "campaign", "rule", "customers"),
    "effects": tuple(name for name, _ in EFFECTS),
}  # fmt: skip

DERIVED: dict[str, tuple[tuple[str, str], ...]] = {
    "profiles": _PROFILES, "decisions": DECISION_COLUMNS, "refusals": REFUSALS, "effects": EFFECTS,
}  # fmt: skip


class WarehouseQuery:
    """Figures straight from the warehouse, for the process that owns it."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse = warehouse

    def query(self, relation: str, values: Values) -> pa.Table:
        """The rows of a relation of `insights`; `values` must hold `as_of` and the relation's parameters."""
        return self._warehouse.arrow(_statement(relation, values, lambda name: _stored(self._warehouse, name)))


class SnapshotReader:
    """Figures from what was last published; safe to share between threads.

    Args:
        folder: the `published` folder; it may be missing or empty, then every table is empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._connection = duckdb.connect(":memory:")

    def query(self, relation: str, values: Values) -> pa.Table:
        """The rows of a relation of `insights` over the current snapshot."""
        number = self.version()
        try:
            return self._ask(relation, values, number)
        except duckdb.IOException:
            # Two publications may pass while one question runs, and the second takes its files away.
            if self.version() == number:
                raise
            return self._ask(relation, values, self.version())

    def version(self) -> int:
        """The current snapshot's number; 0 when nothing was ever published."""
        return _current(self._folder)

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    def _ask(self, relation: str, values: Values, number: int) -> pa.Table:
        with self._lock:
            cursor = self._connection.cursor()
        try:
            sql = _statement(relation, values, lambda name: _published(self._folder / str(number), name))
            return cursor.sql(sql).to_arrow_table()
        finally:
            cursor.close()


def publish(warehouse: DuckWarehouse, folder: Path) -> int:
    """Write the tables that insights need and switch every reader to them.

    Args:
        warehouse: where they are; it is only read.
        folder: the `published` folder; made if it is missing. Only one process may publish at a time.

    Returns:
        The number of the new snapshot.

    Raises:
        TenureError: the disk is full; readers keep what they had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = _current(folder) + 1
    half = folder / f"{number}.part"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    try:
        with warehouse.transaction():
            for name, columns in PUBLISHED.items():
                _write(warehouse, name, columns, half / f"{name}.parquet")
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    whole = folder / str(number)
    shutil.rmtree(whole, ignore_errors=True)
    half.rename(whole)
    _point(folder, number)
    _clear(folder, number)
    return number


def _write(warehouse: DuckWarehouse, name: str, columns: tuple[str, ...], file: Path) -> None:
    chosen = ", ".join(f'"{column}"' for column in columns)
    warehouse.fetch(f"COPY (SELECT {chosen} FROM {_stored(warehouse, name)}) TO {literal(str(file))} "
                    "(FORMAT parquet, COMPRESSION zstd)")  # fmt: skip
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _point(folder: Path, number: int) -> None:
    """Make `number` the current snapshot, durably and at once."""
    beside = folder / f"{CURRENT}.part"
    with beside.open("w") as out:
        out.write(f"{number}\n")
        out.flush()
        os.fsync(out.fileno())
    beside.rename(folder / CURRENT)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _clear(folder: Path, number: int) -> None:
    for entry in folder.iterdir():
        old = entry.name.isdigit() and int(entry.name) <= number - _KEPT
        left = entry.suffix == ".part" and entry.is_dir()
        if old or left:
            shutil.rmtree(entry, ignore_errors=True)


def _current(folder: Path) -> int:
    try:
        text = (folder / CURRENT).read_text("ascii").strip()
    except FileNotFoundError:
        return 0
    if not text.isdigit():
        raise TenureError(f"{folder.name}/{CURRENT} does not name a snapshot", "Run `tenure run` to publish anew.")
    return int(text)


def _statement(relation: str, values: Values, source: Callable[[str], str]) -> str:
    """The relation with each of its inputs narrowed to what was known before `as_of`."""
    at = values["as_of"]
    if not isinstance(at, int):
        raise TypeError("`as_of` must be microseconds since 1970")
    moment = AsOf(at, 0)  # facts are narrowed by the moment alone
    relations = registry.relations_of("insights")
    given = {name: _given(name, moment, source(name)) for name in PUBLISHED}
    return statement(relation, relations, given, values)


def _given(name: str, moment: AsOf, source: str) -> str:
    if name in DERIVED:
        return f"SELECT * FROM {source} AS d WHERE d.as_of <= make_timestamp({moment.at})"
    if name == "costs":  # those of a segment belong to no customer, and are asked for here alone
        return f"SELECT * FROM {source} AS f WHERE f.at < {moment.at}"
    return narrowed(name, moment, Everyone(), source)


def _stored(warehouse: DuckWarehouse, name: str) -> str:
    if name not in DERIVED:
        return f'facts."{name}"'
    rows = warehouse.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'main' AND table_name = ?", [name]
    )
    if not rows:
        return _empty(name)
    there = {row[0] for row in rows}
    # What an older program stored has no columns that it did not know.
    missing = [f', CAST(NULL AS {kind}) AS "{column}"' for column, kind in _columns(name) if column not in there]
    return f'(SELECT *{"".join(missing)} FROM main."{name}")' if missing else f'main."{name}"'


def _published(folder: Path, name: str) -> str:
    """The file, with the columns that were not published as NULL so that every reader sees the whole table."""
    if folder.name == "0":
        return _empty(name)
    columns = ", ".join(
        f'"{column}"' if column in PUBLISHED[name] else f'CAST(NULL AS {kind}) AS "{column}"'
        for column, kind in _columns(name)
    )
    return f"(SELECT {columns} FROM read_parquet({literal(str(folder / f'{name}.parquet'))}))"


def _empty(name: str) -> str:
    """The table without rows: what has not been computed yet is not an error."""
    columns = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in _columns(name))
    return f"(SELECT {columns} WHERE 1 = 0)"


def _columns(name: str) -> tuple[tuple[str, str], ...]:
    if name in DERIVED:
        return DERIVED[name]
    return TABLES[name].stored if name in TABLES else OWN_TABLES[name]
