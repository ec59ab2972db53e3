"""Who may be written to: hard stops and the latest permission known, as the operational store keeps them.

Both are read again inside the transaction that lets a message leave, and both end what is still planned, so that after
`suppress` or a denial returns, nothing more begins to leave for that customer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, or_, select, update

from tenure.store.connection import Store
from tenure.store.dialect import upsert
from tenure.store.schema import consents, messages, suppressions

ANY = "any"
_OPEN = ("planned", "claimed")


def _concerning(table: Table) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.customer_id == bindparam("whom"),
        or_(table.c.channel == bindparam("via"), table.c.channel == ANY),
        or_(table.c.purpose == bindparam("to"), table.c.purpose == ANY),
    )


# Built once: it is asked for every message that leaves. Of two consents of one moment the denial counts.
_OBJECTION = select(
    select(suppressions.c.reason).where(*_concerning(suppressions)).limit(1).scalar_subquery(),
    select(consents.c.state)
    .where(*_concerning(consents))
    .order_by(consents.c.at.desc(), consents.c.state)
    .limit(1)
    .scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class Permission:
    """One consent given or withdrawn; channel and purpose may be `any`; `at` in microseconds UTC."""

    customer_id: str
    channel: str
    purpose: str
    state: Literal["granted", "denied"]
    at: int


def suppress(store: Store, customer_id: str, now: int, reason: str, channel: str = ANY, purpose: str = ANY) -> int:
    """Stop writing to a customer, whatever the consents say; returns how many planned messages it ended."""
    row = {"customer_id": customer_id, "channel": channel, "purpose": purpose, "reason": reason, "at": now}
    with store.write() as connection:
        connection.execute(upsert(store, suppressions).values(row).on_conflict_do_nothing())
        return _end_planned(connection, customer_id, channel, purpose, reason, now)


def lift_suppression(store: Store, customer_id: str, channel: str = ANY, purpose: str = ANY) -> bool:
    """Take a hard stop back at the customer's wish; returns whether there was one."""
    with store.write() as connection:
        found = connection.execute(
            delete(suppressions).where(
                suppressions.c.customer_id == customer_id,
                suppressions.c.channel == channel,
                suppressions.c.purpose == purpose,
            )
        )
        return found.rowcount > 0


def record_consents(store: Store, permissions: Iterable[Permission], now: int) -> int:
    """Keep the latest of each customer's permissions; returns how many planned messages the denials ended.

    A permission older than the one known changes nothing; of two at the same moment the denial stays.
    """
    ended = 0
    with store.write() as connection:
        for given in permissions:
            if _keep(store, connection, given) and given.state == "denied":
                reason = "the customer withdrew consent"
                ended += _end_planned(connection, given.customer_id, given.channel, given.purpose, reason, now)
    return ended


def may_receive(store: Store, customer_id: str, channel: str, purpose: str) -> bool:
    """Whether nothing known here forbids writing to the customer on this channel for this purpose."""
    with store.read() as connection:
        return objection(connection, customer_id, channel, purpose) is None


def objection(connection: Connection, customer_id: str, channel: str, purpose: str) -> str | None:
    """What forbids writing to the customer, or None; to be asked inside the transaction that lets the message leave."""
    asked = {"whom": customer_id, "via": channel, "to": purpose}
    stop, consent = connection.execute(_OBJECTION, asked).one()
    if stop is not None:
        return f"suppressed: {stop}" if stop else "suppressed"
    return "the customer withdrew consent" if consent == "denied" else None


def _keep(store: Store, connection: Connection, given: Permission) -> bool:
    row = {
        "customer_id": given.customer_id,
        "channel": given.channel,
        "purpose": given.purpose,
        "state": given.state,
        "at": given.at,
    }
    proposed = upsert(store, consents).values(row)
    newer = or_(
        proposed.excluded.at > consents.c.at,
        and_(proposed.excluded.at == consents.c.at, proposed.excluded.state == "denied"),
    )
    kept = connection.execute(
        proposed.on_conflict_do_update(
            index_elements=[consents.c.customer_id, consents.c.channel, consents.c.purpose],
            set_={"state": proposed.excluded.state, "at": proposed.excluded.at},
            where=newer,
        ).returning(consents.c.customer_id)
    )
    return kept.first() is not None


def _end_planned(connection: Connection, customer_id: str, channel: str, purpose: str, reason: str, now: int) -> int:
    chosen = [messages.c.customer_id == customer_id, messages.c.state.in_(_OPEN)]
    if channel != ANY:
        chosen.append(messages.c.channel == channel)
    if purpose != ANY:
        chosen.append(messages.c.purpose == purpose)
    ended = connection.execute(
        update(messages)
        .where(*chosen)
        .values(state="suppressed", reason=reason, settled_at=now, lease_owner=None, lease_until=None)
    )
    return ended.rowcount
