"""Records on their way into a workspace, and a look at what came of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.app import adapters
from tenure.app.ingestion import move_in
from tenure.app.workspace import Workspace
from tenure.domain.errors import UsageError, nearest
from tenure.domain.extract import Extract, Loaded, Quarantined
from tenure.domain.facts import TABLES
from tenure.domain.moments import to_micros
from tenure.operations.import_facts import import_facts
from tenure.ports import Progress

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.store.connection import Store
    from tenure.warehouse.duckdb import DuckWarehouse


def import_sources(ws: Workspace, progress: Progress) -> list[Loaded]:
    """Bring in everything that the source files describe, and the events that wait in the inbox."""
    found = extracts(ws)
    with adapters.warehouse(ws) as opened, adapters.store(ws) as desk:
        loaded = _load(ws, opened, desk, found, progress) if found else []
        return [*loaded, *move_in(ws, opened, desk, progress)]


def import_table(
    ws: Workspace, table: str, files: Sequence[Path], columns: Mapping[str, str], progress: Progress, **how: Any
) -> list[Loaded]:
    """Bring one fact table in from files.

    Args:
        columns: contract column → SQL expression over the files' own columns.
        how: `where`, `encoding`, `delimiter`, `date_order`, `timezone` as in `Extract`.

    Raises:
        UsageError: there is no such table.
        TenureError: a file cannot be read or a column is missing.
    """
    from tenure.sources.files import extract_of_files

    _known(table)
    extract = extract_of_files(table, files, columns, **how)
    with adapters.warehouse(ws) as opened, adapters.store(ws) as desk:
        return _load(ws, opened, desk, [extract], progress)


def import_new(ws: Workspace, opened: DuckWarehouse, desk: Store, progress: Progress) -> list[Loaded]:
    """Bring in what the source files describe, except files that have not changed since they were last read.

    Events that wait in the inbox come last: what a shop's own records say of orders and customers is there before them.
    """
    from tenure.warehouse.cursors import Cursors

    cursors = Cursors(opened)
    looks = {_name(extract): (extract, _look(extract)) for extract in extracts(ws)}
    new = {name: pair for name, pair in looks.items() if pair[1] is None or cursors.position(name) != pair[1]}
    loaded = _load(ws, opened, desk, [extract for extract, _ in new.values()], progress) if new else []
    for name, (_, look) in new.items():
        if look is not None:
            cursors.move(name, look)
    return [*loaded, *move_in(ws, opened, desk, progress)]


def _name(extract: Extract) -> str:
    return f"seen:{extract.source}:{extract.table}"


def _look(extract: Extract) -> int | None:
    """A number that is another when the files or the way to read them are; None for a query, which may answer anew."""
    if extract.batches is not None:
        return None
    seen = [(file, stat.st_size, stat.st_mtime_ns) for file in extract.files if (stat := Path(file).stat())]
    digest = hashlib.sha256(repr((seen, replace(extract, place=""))).encode()).digest()
    return int.from_bytes(digest[:7])


def _load(
    ws: Workspace, opened: DuckWarehouse, desk: Store, found: Sequence[Extract], progress: Progress
) -> list[Loaded]:
    from tenure.warehouse.intake import FactIntake

    began = to_micros(ws.clock.now())
    loaded = import_facts(FactIntake(opened, ws.business), found, ws.clock, progress)
    if any(one.table == "consents" and one.changed for one in loaded):
        _follow_consents(opened, desk, began)
    return loaded


def _follow_consents(opened: DuckWarehouse, desk: Store, since: int) -> None:
    """Tell the store of new consents, for customers whose next message may already be on its way."""
    from tenure.store.people import Permission, record_consents
    from tenure.store.pressure import concerned
    from tenure.warehouse.permissions import consents_received

    arrived = consents_received(opened, since)
    touched = concerned(desk, sorted({each.customer_id for each in arrived}))
    wishes = [
        Permission(each.customer_id, each.channel, each.purpose, each.state, each.at)
        for each in arrived
        if each.customer_id in touched
    ]
    if wishes:
        record_consents(desk, wishes, since)


def extracts(ws: Workspace) -> list[Extract]:
    """What the source files of a workspace would bring in.

    Raises:
        TenureError: a mistake in one of them, with file and line.
    """
    from tenure.sources.files import read_sources

    return read_sources(ws.folder, os.environ)


def quarantine(ws: Workspace) -> list[Quarantined]:
    """The rows that were kept aside, oldest first."""
    from tenure.warehouse.intake import FactIntake

    with adapters.warehouse(ws) as opened:
        return FactIntake(opened, ws.business).quarantined()


def facts(ws: Workspace, table: str, limit: int) -> pa.Table:
    """The latest rows of a fact table, as the contract has them.

    Raises:
        UsageError: there is no such table.
    """
    from tenure.warehouse.intake import FactIntake

    _known(table)
    with adapters.warehouse(ws) as opened:
        return FactIntake(opened, ws.business).rows(table, limit)


def _known(table: str) -> None:
    if table not in TABLES:
        raise UsageError(f"there is no table `{table}`", nearest(table, TABLES))
