"""The outbox: one row per message, moved only along `MOVES`, every move durable before it is acted upon.

A message leaves under a lease with an epoch. The intent to send it is written in the same transaction that records the
answer to the one before it, so a crash leaves in doubt at most one message per connection. Consent and suppression are
read again inside that transaction, after the message's row is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, Text, bindparam, func, insert, select, update

from tenure.domain.message import FINAL, Claimed, Doubt, Plan, Recovered, Refusal, Settled, State
from tenure.domain.moments import MICROS_PER_SECOND
from tenure.store import recovery
from tenure.store.connection import Store
from tenure.store.dialect import upsert
from tenure.store.people import objection
from tenure.store.process import is_gone
from tenure.store.schema import attempts, messages

_PLAN = tuple(field.name for field in fields(Plan))
_CHUNK = 1_000
CRASH_POINTS = ("claiming", "settling", "intending")


_HELD = (
    messages.c.key == bindparam("held_key"),
    messages.c.epoch == bindparam("held_epoch"),
    messages.c.state == bindparam("before"),
)

# Built once: making them anew for each message would take longer than the database does.
_ATTEMPT = insert(attempts)
_LOCK = (
    select(messages.c.state, messages.c.reason, messages.c.epoch, messages.c.lease_until)
    .where(messages.c.key == bindparam("held_key"))
    .with_for_update()
)
_INTEND = (
    update(messages)
    .where(*_HELD)
    .values(
        state="sending", sending_at=bindparam("now"), lease_until=bindparam("until"), attempts=messages.c.attempts + 1
    )
)
_MOVE = (
    update(messages)
    .where(*_HELD)
    .values(
        state=bindparam("after"),
        reason=bindparam("why"),
        reply=func.coalesce(bindparam("said", type_=Text), messages.c.reply),
        lease_owner=None,
        lease_until=None,
        settled_at=bindparam("ended_at"),
        doubt_at=bindparam("doubted_at"),
        not_before=func.coalesce(bindparam("due", type_=BigInteger), messages.c.not_before),
        attempts=messages.c.attempts - bindparam("uncounted", type_=Integer),
    )
)


def _go_on(_point: str) -> None:
    """Nobody wants to crash here."""


class SqlOutbox:
    """The outbox in a `Store`; one object serves all lanes.

    Args:
        crash: called with the name of a crash point between two writes of one transaction; tests kill there.
        gone: whether the process that holds a lease surely no longer runs.
    """

    def __init__(
        self, store: Store, crash: Callable[[str], None] = _go_on, gone: Callable[[str], bool] = is_gone
    ) -> None:
        self._store = store
        self._crash = crash
        self._gone = gone

    def plan(self, plans: Sequence[Plan], now: int) -> int:
        """Add the messages whose key is new, all of them or none; returns how many were."""
        # In the order of their keys, or two planners could wait for each other for ever.
        rows = [asdict(plan) | {"state": "planned", "planned_at": now} for plan in sorted(plans, key=lambda p: p.key)]
        added = 0
        with self._store.write() as connection:
            statement = upsert(self._store, messages).on_conflict_do_nothing().returning(messages.c.key)
            for start in range(0, len(rows), _CHUNK):
                added += len(connection.execute(statement, rows[start : start + _CHUNK]).all())
        return added

    def claim(self, channel: str, owner: str, limit: int, now: int, lease_seconds: float) -> list[Claimed]:
        """Lease up to `limit` messages that are due, the longest due first."""
        due = (
            select(messages.c.key)
            .where(
                messages.c.state == "planned",
                messages.c.channel == channel,
                messages.c.not_before <= now,
                messages.c.expires_at > now,
            )
            .order_by(messages.c.not_before, messages.c.key)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        lease = {"lease_owner": owner, "lease_until": now + _micros(lease_seconds)}
        leased = (
            update(messages)
            .where(messages.c.key.in_(select(due.c.key)), messages.c.state == "planned")
            .values(state="claimed", epoch=messages.c.epoch + 1, **lease)
            .returning(messages)
        )

        def work(connection: Connection) -> Sequence[Any]:
            rows = connection.execute(leased).all()
            self._crash("claiming")
            return rows

        rows = self._store.share(work)
        found = [Claimed(_plan(row), row.epoch, owner, lease_seconds, row.attempts) for row in rows]
        return sorted(found, key=lambda claimed: (claimed.plan.not_before, claimed.plan.key))

    def settle_and_intend(self, done: Settled | None, following: Claimed | None, now: int) -> Refusal | None:
        """Record one answer and the intent to send the next message, in one transaction (see `ports.Outbox`)."""

        def work(connection: Connection) -> Refusal | None:
            if done:
                _settle(connection, done, now)
                self._crash("settling")
            refusal = _intend(connection, following, now) if following else None
            self._crash("intending")
            return refusal

        return self._store.share(work)

    def refuse(self, claimed: Claimed, refusal: Refusal, now: int) -> None:
        """End a claimed message that must not be sent, or put it back for later."""
        self._store.share(lambda held: _move(held, claimed, "claimed", refusal.state, refusal.reason, refusal, now))

    def recover(self, now: int, grace_seconds: float) -> Recovered:
        """Take back what a crash left (see `ports.Outbox`)."""
        with self._store.write() as connection:
            return recovery.recover(connection, now, _micros(grace_seconds), self._gone)

    def resolve(self, doubt: Doubt, answer: Refusal | None, now: int) -> bool:
        """Settle a doubt, unless another process did before."""
        with self._store.write() as connection:
            return recovery.resolve(connection, doubt, answer, now)


def _settle(connection: Connection, done: Settled, now: int) -> None:
    claimed = done.claimed
    attempt = {"owner": claimed.owner, "at": now, "outcome": done.answer.outcome, "reply": done.answer.detail}
    connection.execute(_ATTEMPT, {"key": claimed.plan.key, "epoch": claimed.epoch} | attempt)
    if _move(connection, claimed, "sending", done.state, done.reason, done, now):
        return
    # Another process took this one for dead and put the message in doubt; the answer, late as it is, ends the doubt.
    # A refusal that comes late goes back to `planned`: it surely was not taken, and the next try will say so again.
    late: dict[State, State] = {"sent": "sent", "planned": "planned", "failed": "planned"}
    if done.state in late:
        _move(connection, claimed, "in_doubt", late[done.state], done.reason, done, now)


def _intend(connection: Connection, claimed: Claimed, now: int) -> Refusal | None:
    plan = claimed.plan
    # Lock first, then look: a suppression waits for this row, so it is either seen here or comes after the intent.
    row = connection.execute(_LOCK, {"held_key": plan.key}).one()
    if row.epoch != claimed.epoch or row.state != "claimed" or row.lease_until <= now:
        ended = row.epoch == claimed.epoch and row.state in FINAL
        return Refusal(row.state, row.reason) if ended else Refusal("claimed", "its lease is lost")
    refusal = _last_look(connection, plan, now)
    if refusal:
        _move(connection, claimed, "claimed", refusal.state, refusal.reason, None, now)
        return refusal
    held = {"held_key": plan.key, "held_epoch": claimed.epoch, "before": "claimed"}
    connection.execute(_INTEND, held | {"now": now, "until": now + _micros(claimed.lease_seconds)})
    return None


def _last_look(connection: Connection, plan: Plan, now: int) -> Refusal | None:
    if plan.expires_at <= now:
        return Refusal("expired", recovery.EXPIRED)
    against = objection(connection, plan.customer_id, plan.channel, plan.purpose)
    return Refusal("suppressed", against) if against else None


def _move(
    connection: Connection,
    claimed: Claimed,
    before: State,
    after: State,
    reason: str,
    answer: Settled | Refusal | None,
    now: int,
) -> bool:
    """Move a message that is held under this epoch and stands in `before`; returns whether it did."""
    done = answer if isinstance(answer, Settled) else None
    moved = connection.execute(
        _MOVE,
        {
            "held_key": claimed.plan.key,
            "held_epoch": claimed.epoch,
            "before": before,
            "after": after,
            "why": reason,
            "said": done.answer.detail if done else None,
            "ended_at": now if after in FINAL else None,
            "doubted_at": now if after == "in_doubt" else None,
            "due": answer.not_before if answer else None,
            "uncounted": 0 if done is None or done.counts else 1,
        },
    )
    return moved.rowcount == 1


def _plan(row: Any) -> Plan:
    return Plan(**{name: getattr(row, name) for name in _PLAN})


def _micros(seconds: float) -> int:
    return int(seconds * MICROS_PER_SECOND)
