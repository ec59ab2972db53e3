"""The inbox: events that arrived over HTTP, each once for ever, until they have become facts.

An event is `waiting`, then `moved`, and its body is dropped; or it is `aside` with its reason, and its body stays. The
id stays in every case, so that a sender who never heard our answer may send it again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, select, update

from tenure.domain.arrival import Arrived, Aside, Waiting
from tenure.store.connection import Store
from tenure.store.dialect import upsert
from tenure.store.schema import inbox

_SETTLE = (
    update(inbox)
    .where(inbox.c.sequence == bindparam("which"), inbox.c.state == "waiting")
    .values(state=bindparam("becomes"), reason=bindparam("because"))
)


class SqlInbox:
    """The inbox in a store; any number of threads may use it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._add = upsert(store, inbox).on_conflict_do_nothing(index_elements=[inbox.c.message_id])

    def add(self, events: Sequence[Arrived], now: int) -> int:
        """Keep the events whose id is new; durable when it returns how many were."""
        # In one order everywhere: two batches that share ids would otherwise wait for each other in PostgreSQL.
        rows = [
            {"message_id": e.message_id, "kind": e.kind, "body": e.body, "received_at": now,
             "state": "aside" if e.reason else "waiting", "reason": e.reason}
            for e in sorted(events, key=lambda event: event.message_id)
        ]  # fmt: skip
        if not rows:
            return 0
        return self._store.share(lambda connection: connection.execute(self._add, rows).rowcount)

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
