"""What a crash left behind: claims are released, sends of unknown outcome become doubts, and doubts are settled.

Nothing has left for a claimed message, so releasing it is harmless. A message that was `sending` may have arrived; it
is never simply planned again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from tenure.domain.message import FINAL, Doubt, Recovered, Refusal, State
from tenure.store.schema import attempts, messages

EXPIRED = "its time was over before it could leave"
LOST = "the sending process stopped before the answer was recorded"


def recover(connection: Connection, now: int, grace: int, gone: Callable[[str], bool]) -> Recovered:
    """Release lost claims, put lost sends in doubt, end what expired, and name the doubts older than `grace` (µs)."""
    holders = select(messages.c.lease_owner).where(messages.c.state.in_(("claimed", "sending"))).distinct()
    dead = [owner for owner in connection.execute(holders).scalars() if owner and gone(owner)]
    lost = or_(messages.c.lease_until <= now, messages.c.lease_owner.in_(dead))
    released = _move(connection, "claimed", lost, {"state": "planned", "lease_owner": None, "lease_until": None})
    over = messages.c.expires_at <= now
    ended = {"state": "expired", "reason": EXPIRED, "settled_at": now}
    return Recovered(
        released=len(released),
        in_doubt=_put_in_doubt(connection, lost, now),
        expired=len(_move(connection, "planned", over, ended)),
        ripe=_ripe(connection, now - grace),
    )


def resolve(connection: Connection, doubt: Doubt, answer: Refusal | None, now: int) -> bool:
    """Move a doubt to `sent` (None) or to what the refusal says, unless it no longer stands."""
    state: State = answer.state if answer else "sent"
    reason = answer.reason if answer else "the channel has it"
    changes: dict[str, Any] = {
        "state": state,
        "reason": reason,
        "doubt_at": None,
        "settled_at": now if state in FINAL else None,
    }
    standing = (messages.c.key == doubt.key, messages.c.epoch == doubt.epoch, messages.c.state == "in_doubt")
    if connection.execute(update(messages).where(*standing).values(changes)).rowcount == 0:
        return False
    _note(connection, doubt.key, doubt.epoch, "", f"resolved: {state}", reason, now)
    return True


def _put_in_doubt(connection: Connection, lost: ColumnElement[bool], now: int) -> int:
    changes = {"state": "in_doubt", "reason": LOST, "doubt_at": now}
    rows = _move(connection, "sending", lost, changes)
    for row in rows:
        _note(connection, row.key, row.epoch, row.lease_owner or "", "doubt", LOST, now)
    return len(rows)


def _move(connection: Connection, before: State, which: ColumnElement[bool], changes: dict[str, Any]) -> list[Any]:
    # Rows that another process holds at this moment are not lost; skipping them also rules out deadlocks.
    found = (
        select(messages.c.key)
        .where(messages.c.state == before, which)
        .order_by(messages.c.key)
        .with_for_update(skip_locked=True)
        .cte("found")
    )
    moved = (
        update(messages)
        .where(messages.c.key.in_(select(found.c.key)), messages.c.state == before)
        .values(changes)
        .returning(messages.c.key, messages.c.epoch, messages.c.lease_owner)
    )
    return list(connection.execute(moved).all())


def _ripe(connection: Connection, until: int) -> tuple[Doubt, ...]:
    columns = (messages.c.key, messages.c.epoch, messages.c.channel, messages.c.purpose, messages.c.attempts)
    rows = connection.execute(
        select(*columns)
        .where(messages.c.state == "in_doubt", messages.c.doubt_at <= until)
        .order_by(messages.c.doubt_at, messages.c.key)
    ).all()
    return tuple(Doubt(row.key, row.epoch, row.channel, row.purpose, row.attempts) for row in rows)


def _note(connection: Connection, key: str, epoch: int, owner: str, outcome: str, reply: str, now: int) -> None:
    connection.execute(insert(attempts).values(key=key, epoch=epoch, owner=owner, at=now, outcome=outcome, reply=reply))
