"""The inbox: events that arrived over HTTP, each once for ever, until they have become facts.

An event is `waiting`, then `moved`, and its body is dropped; or it is `aside` with its reason, and its body stays. The
id stays in every case, so that a sender who never heard our answer may send it again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, select, text, update

from tenure.domain.arrival import Arrived, Aside, Waiting
from tenure.store.connection import Store
from tenure.store.schema import inbox

_COLUMNS = ("message_id", "kind", "body", "received_at", "state", "reason")
# In each database's own words: SQLAlchemy's cost more than the writing, and PostgreSQL asked row by row would not say
# how many were new.
_ADD = (
    "INSERT INTO inbox (message_id, kind, body, received_at, state, reason) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (message_id) DO NOTHING"
)
_ADD_AT_ONCE = text(
    "INSERT INTO inbox (message_id, kind, body, received_at, state, reason) SELECT * FROM unnest("
    "CAST(:message_id AS text[]), CAST(:kind AS text[]), CAST(:body AS text[]), CAST(:received_at AS bigint[]), "
    "CAST(:state AS text[]), CAST(:reason AS text[])) ON CONFLICT (message_id) DO NOTHING"
)
_SETTLE = (
    update(inbox)
    .where(inbox.c.sequence == bindparam("which"), inbox.c.state == "waiting")
    .values(state=bindparam("becomes"), reason=bindparam("because"))
)


class SqlInbox:
    """The inbox in a store; any number of threads may use it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, events: Sequence[Arrived], now: int) -> int:
        """Keep the events whose id is new; durable when it returns how many were."""
        # In one order everywhere: two batches that share ids would otherwise wait for each other in PostgreSQL.
        rows = [
            (e.message_id, e.kind, e.body, now, "aside" if e.reason else "waiting", e.reason)
            for e in sorted(events, key=lambda event: event.message_id)
        ]
        if not rows:
            return 0
        if self._store.is_sqlite:
            return self._store.share(lambda connection: connection.exec_driver_sql(_ADD, rows).rowcount)
        columns = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
        return self._store.share(lambda connection: connection.execute(_ADD_AT_ONCE, columns).rowcount)

    def waiting(self, limit: int) -> list[Waiting]:
        """The events that are no facts yet, in the order of their arrival."""
        columns = (inbox.c.sequence, inbox.c.message_id, inbox.c.kind, inbox.c.body, inbox.c.received_at)
        asked = select(*columns).where(inbox.c.state == "waiting").order_by(inbox.c.sequence).limit(limit)
        with self._store.read() as connection:
            return [Waiting(*row) for row in connection.execute(asked)]

    def settle(self, sequences: Sequence[int], reasons: Mapping[int, str]) -> None:
        """Say of waiting events that they are facts, or, where there is a reason, that they are kept aside."""
        moved = [{"which": one, "becomes": "moved", "because": ""} for one in sequences if one not in reasons]
        aside = [{"which": one, "becomes": "aside", "because": reasons[one]} for one in sequences if one in reasons]
        with self._store.write() as connection:
            if moved:
                connection.execute(_SETTLE.values(body=""), moved)
            if aside:
                connection.execute(_SETTLE, aside)

    def aside(self, limit: int) -> list[Aside]:
        """The latest events that were kept aside, newest first."""
        columns = (inbox.c.message_id, inbox.c.kind, inbox.c.reason, inbox.c.received_at)
        asked = select(*columns).where(inbox.c.state == "aside").order_by(inbox.c.sequence.desc()).limit(limit)
        with self._store.read() as connection:
            return [Aside(*row) for row in connection.execute(asked)]

    def counts(self) -> dict[str, int]:
        """How many events stand in each state."""
        asked = select(inbox.c.state, func.count().label("events")).group_by(inbox.c.state)
        with self._store.read() as connection:
            return {row.state: row.events for row in connection.execute(asked)}
