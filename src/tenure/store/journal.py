"""What happened, kept in order: runs, the files they were decided with, and what the world did with our messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select, text, update

from tenure.domain.facts import DELIVERY_KINDS
from tenure.store.connection import Store
from tenure.store.dialect import upsert
from tenure.store.schema import deliveries, messages, runs, versions

_JOURNAL_LOCK = 7_365_127_002


@dataclass(frozen=True, slots=True)
class Run:
    """One `tenure run`: the versions it used and what it counted; times in microseconds UTC."""

    run_id: str
    as_of: int
    started_at: int
    finished_at: int | None
    versions: Mapping[str, str]
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message out there: `kind` is one of `DELIVERY_KINDS`; `at` in microseconds UTC.

    `event_id` is the provider's own name for the event; the same one again is not counted twice.
    """

    key: str
    kind: str
    at: int
    detail: str = ""
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery event as read back, with its place in the journal and whose message it was."""

    sequence: int
    delivery: Delivery
    customer_id: str
    customer_key: int
    campaign: str
    channel: str


def start_run(store: Store, run_id: str, as_of: int, now: int, used: Mapping[str, str]) -> None:
    """Record that a run began, or began anew, with the hashes of its settings and campaign files by name."""
    row = {"run_id": run_id, "as_of": as_of, "started_at": now, "versions": _json(used)}
    anew = {"started_at": now, "versions": _json(used), "finished_at": None}
    with store.write() as connection:
        statement = upsert(store, runs).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=[runs.c.run_id], set_=anew))


def finish_run(store: Store, run_id: str, now: int, counts: Mapping[str, Any]) -> None:
    """Record that a run ended, and what it counted."""
    with store.write() as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(finished_at=now, counts=_json(counts)))


def load_run(store: Store, run_id: str) -> Run | None:
    """The run of that name."""
    with store.read() as connection:
        row = connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()
    return _run(row) if row else None


def load_runs(store: Store, limit: int = 20) -> list[Run]:
    """The latest runs, newest first."""
    with store.read() as connection:
        rows = connection.execute(select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id).limit(limit)).all()
    return [_run(row) for row in rows]


def keep_version(store: Store, digest: str, kind: str, content: Any, now: int) -> None:
    """Keep a file's content (anything JSON can say) under its hash, once."""
    row = {"hash": digest, "kind": kind, "content": _json(content), "kept_at": now}
    with store.write() as connection:
        connection.execute(upsert(store, versions).values(row).on_conflict_do_nothing())


def load_version(store: Store, digest: str) -> Any:
    """The content kept under a hash; None when there is none."""
    with store.read() as connection:
        content = connection.execute(select(versions.c.content).where(versions.c.hash == digest)).scalar()
    return None if content is None else json.loads(content)


def record_deliveries(store: Store, events: Iterable[Delivery]) -> int:
    """Append delivery events; returns how many were new.

    Raises:
        ValueError: a kind is not one of `DELIVERY_KINDS`.
    """
    rows = [asdict(event) for event in events]
    unknown = {row["kind"] for row in rows} - set(DELIVERY_KINDS)
    if unknown:
        raise ValueError(f"unknown kinds of delivery: {sorted(unknown)}")
    if not rows:
        return 0
    with store.write() as connection:
        if not store.is_sqlite:
            # Sequence numbers are drawn before commit; without this a reader could see 5, remember it, and never
            # see the 4 that was committed a moment later.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _JOURNAL_LOCK})
        statement = upsert(store, deliveries).on_conflict_do_nothing().returning(deliveries.c.sequence)
        return sum(len(connection.execute(statement, row).all()) for row in rows)


def load_deliveries(store: Store, since: int = 0, limit: int = 10_000) -> list[Delivered]:
    """The events after sequence number `since`, in order; events of messages not known here are left out."""
    whose = (messages.c.customer_id, messages.c.customer_key, messages.c.campaign, messages.c.channel)
    with store.read() as connection:
        rows = connection.execute(
            select(deliveries, *whose)
            .join(messages, messages.c.key == deliveries.c.key)
            .where(deliveries.c.sequence > since)
            .order_by(deliveries.c.sequence)
            .limit(limit)
        ).all()
    return [_delivered(row) for row in rows]


def _delivered(row: Any) -> Delivered:
    delivery = Delivery(row.key, row.kind, row.at, row.detail, row.event_id)
    return Delivered(row.sequence, delivery, row.customer_id, row.customer_key, row.campaign, row.channel)


def _run(row: Any) -> Run:
    return Run(row.run_id, row.as_of, row.started_at, row.finished_at, json.loads(row.versions), json.loads(row.counts))


def _json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)
