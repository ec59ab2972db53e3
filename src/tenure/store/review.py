"""Looking at the outbox without seeing people: counts, the latest messages, and what the line takes back as facts.

Nothing read here holds an address or a name; customers appear by their id.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from tenure.domain.message import State
from tenure.store.connection import Store
from tenure.store.schema import attempts, messages

_MOVED = func.coalesce(messages.c.settled_at, messages.c.doubt_at, messages.c.sending_at, messages.c.planned_at)


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages stand in a state for a reason."""

    state: State
    reason: str
    channel: str
    messages: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one message stands; times in microseconds UTC."""

    key: str
    run_id: str
    campaign: str
    campaign_version: str
    customer_id: str
    customer_key: int
    occasion_key: str
    channel: str
    purpose: str
    state: State
    reason: str
    reply: str
    attempts: int
    not_before: int
    expires_at: int
    cost_milli_minor: int
    planned_at: int
    sending_at: int | None
    settled_at: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a message was handed to a channel, or a doubt about it was settled."""

    at: int
    outcome: str
    reply: str


_STANDING = tuple(messages.c[name] for name in Standing.__dataclass_fields__)


def count_messages(store: Store, run_id: str | None = None) -> list[Count]:
    """Messages counted by state, reason and channel, the most numerous first; of one run or of all."""
    kind = (messages.c.state, messages.c.reason, messages.c.channel)
    number = func.count().label("messages")
    counted = select(*kind, number).group_by(*kind).order_by(number.desc(), *kind)
    if run_id is not None:
        counted = counted.where(messages.c.run_id == run_id)
    with store.read() as connection:
        return [Count(*row) for row in connection.execute(counted)]


def latest_messages(
    store: Store, limit: int = 20, state: State | None = None, customer_id: str | None = None
) -> list[Standing]:
    """The messages that moved last, newest first; of one state or customer if asked."""
    chosen = select(*_STANDING).order_by(_MOVED.desc(), messages.c.key).limit(limit)
    if state is not None:
        chosen = chosen.where(messages.c.state == state)
    if customer_id is not None:
        chosen = chosen.where(messages.c.customer_id == customer_id)
    with store.read() as connection:
        return [Standing(*row) for row in connection.execute(chosen)]


def load_message(store: Store, key: str) -> tuple[Standing, list[Attempt]] | None:
    """One message and everything that was tried with it."""
    with store.read() as connection:
        row = connection.execute(select(*_STANDING).where(messages.c.key == key)).one_or_none()
        tried = connection.execute(
            select(attempts.c.at, attempts.c.outcome, attempts.c.reply)
            .where(attempts.c.key == key)
            .order_by(attempts.c.id)
        ).all()
    return (Standing(*row), [Attempt(*each) for each in tried]) if row else None


def settled_since(store: Store, at: int, limit: int = 100_000) -> list[Standing]:
    """Messages that ended at or after a moment, oldest first, to be taken back as facts.

    Settling times are not the order of commits: ask again with an hour's overlap, and let the key tell repeats.
    """
    chosen = (
        select(*_STANDING)
        .where(messages.c.settled_at >= at)
        .order_by(messages.c.settled_at, messages.c.key)
        .limit(limit)
    )
    with store.read() as connection:
        return [Standing(*row) for row in connection.execute(chosen)]


def next_due(store: Store, after: int) -> int | None:
    """When the next planned message falls due after a moment (microseconds UTC); None when none does."""
    asked = select(func.min(messages.c.not_before)).where(messages.c.state == "planned", messages.c.not_before > after)
    with store.read() as connection:
        return connection.execute(asked).scalar_one_or_none()
