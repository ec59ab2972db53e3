"""Move: events that wait in the inbox become facts, through the same judgement as the rows of any file.

A crash between storing facts and settling the inbox leaves the events waiting; moved again they are the same rows under
the same keys and change nothing. An event whose row is not accepted stays in the inbox with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from tenure.domain.arrival import SOURCE, Waiting
from tenure.domain.extract import Extract, Loaded
from tenure.domain.facts import TABLES
from tenure.operations.calls import Cells, Told, is_readable, tell, written
from tenure.ports import Facts, Progress

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 20_000  # events at a time; memory grows with it


class Inbox(Protocol):
    """The operational store as `move` sees it."""

    def waiting(self, limit: int) -> list[Waiting]:
        """The events that are no facts yet, in the order of their arrival."""

    def settle(self, sequences: Sequence[int], reasons: Mapping[int, str]) -> None:
        """Say of waiting events that they are facts, or, where there is a reason, that they are kept aside."""


class Listed(Protocol):
    """What is known of customers already, for an `identify` changes only what it names."""

    def listed(self, customer_ids: Sequence[str]) -> dict[str, Cells]:
        """The columns of `customers` as text, by id, of those who are known."""


@dataclass
class _Batch:
    """Rows by table, each with the name of the event that it came from, and what could not even be read."""

    customers: list[Cells] = field(default_factory=list)
    events: list[Cells] = field(default_factory=list)
    unread: dict[int, str] = field(default_factory=dict)


def move(inbox: Inbox, facts: Facts, known: Listed, now: int, progress: Progress, batch: int = BATCH) -> list[Loaded]:
    """Make facts of all that waits; one report a table, none when nothing waited.

    Args:
        inbox: where events wait.
        facts: where they go.
        known: the customers known so far.
        now: microseconds UTC, the arrival of the facts.
        progress: hears of each table.
        batch: events at a time.
    """
    done: dict[str, Loaded] = {}
    while waiting := inbox.waiting(batch):
        rows = _rows(waiting, known)
        aside = dict(rows.unread)
        for table, cells in (("customers", rows.customers), ("events", rows.events)):
            if cells:
                loaded = facts.load(_extract(table, cells), now, progress)
                done[table] = _sum(done.get(table), loaded)
                if loaded.quarantined:
                    aside |= _rejected(facts, waiting)
        inbox.settle([one.sequence for one in waiting], aside)
    return list(done.values())


def _rows(waiting: Sequence[Waiting], known: Listed) -> _Batch:
    rows = _Batch()
    told: list[tuple[Waiting, Told]] = []
    for one in waiting:
        try:
            told.append((one, tell(one)))
        except (ValueError, RecursionError, TypeError, KeyError, OverflowError):
            rows.unread[one.sequence] = "cannot be read"
    rows.events = [said.event for _, said in told if said.event is not None]
    rows.customers = list(_customers(told, known))
    return rows


def _customers(told: Sequence[tuple[Waiting, Told]], known: Listed) -> Iterable[Cells]:
    """One row for each `identify`: all that is known after it."""
    named = [(one, said) for one, said in told if one.kind == "identify" and said.customer_id is not None]
    before = known.listed(sorted({str(said.customer_id) for _, said in named}))
    since = _since([said for _, said in told])
    for one, said in named:
        whom = str(said.customer_id)
        # Somebody of whom nothing was known begins to exist with the first that is heard of them.
        row = before.get(whom) or {"created_at": since.get(whom)}
        bad = {name: text for name, text in said.traits.items() if not is_readable(name, text)}
        if bad:
            yield {**row, **said.traits, "customer_id": whom, "message_id": one.message_id}
        good = {name: text for name, text in said.traits.items() if name not in bad}
        row = {**row, **good, "attributes": _merged(row.get("attributes"), said.attributes)}
        before[whom] = row
        yield {**row, "customer_id": whom, "message_id": one.message_id}


def _since(told: Iterable[Told]) -> dict[str, str]:
    first: dict[str, datetime] = {}
    for said in told:
        if said.customer_id is not None and said.at is not None:
            first[said.customer_id] = min(said.at, first.get(said.customer_id, said.at))
    return {whom: written(at) for whom, at in first.items()}


def _merged(before: str | None, more: Mapping[str, Any]) -> str | None:
    """Attributes with those that are new; a null takes one back."""
    import json

    kept = json.loads(before) if before else {}
    merged = {**(kept if isinstance(kept, dict) else {}), **more}
    left = {name: value for name, value in merged.items() if value is not None}
    return json.dumps(left, ensure_ascii=False, sort_keys=True) if left else None


def _extract(table: str, rows: Sequence[Cells]) -> Extract:
    name = "message_id" if table == "customers" else "event_id"
    return Extract(table, SOURCE, batches=lambda: iter([_arrow(table, rows)]), row_name=name)


def _arrow(table: str, rows: Sequence[Cells]) -> pa.RecordBatch:
    import pyarrow as pa

    names = [*TABLES[table].names, *(("message_id",) if table == "customers" else ())]
    return pa.RecordBatch.from_pydict(
        {name: [row.get(name) for row in rows] for name in names}, pa.schema([(name, pa.string()) for name in names])
    )


def _rejected(facts: Facts, waiting: Sequence[Waiting]) -> dict[int, str]:
    """Why rows of these events were not accepted, by the event's place in the inbox."""
    places = {one.message_id: one.sequence for one in waiting}
    return {
        places[str(row.row)]: f"{row.column} {row.reason}"
        for row in facts.quarantined()
        if row.source == SOURCE and str(row.row) in places
    }


def _sum(before: Loaded | None, loaded: Loaded) -> Loaded:
    if before is None:
        return loaded
    return replace(
        loaded, accepted=before.accepted + loaded.accepted, replaced=before.replaced + loaded.replaced,
        quarantined=before.quarantined + loaded.quarantined, changed=before.changed + loaded.changed,
        notes=(*before.notes, *loaded.notes),
    )  # fmt: skip
