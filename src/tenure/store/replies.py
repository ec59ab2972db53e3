"""What people do with the links in a message: an open is noted, a wish to stop is obeyed at once.

A link carries the first 22 hex digits of its message's key, which find the message and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from tenure.store.connection import Store
from tenure.store.journal import Delivery, record_deliveries
from tenure.store.people import suppress
from tenure.store.schema import messages


@dataclass(frozen=True, slots=True)
class Addressed:
    """The message behind a link, and whose it is."""

    key: str
    customer_id: str
    channel: str
    locale: str


def find_message(store: Store, prefix: str) -> Addressed | None:
    """The message whose key begins with the prefix, or None."""
    found = select(messages.c.key, messages.c.customer_id, messages.c.channel, messages.c.locale).where(
        messages.c.key >= prefix, messages.c.key < prefix + "g"
    )
    with store.read() as connection:
        row = connection.execute(found.limit(1)).one_or_none()
    return Addressed(*row) if row else None


def record_open(store: Store, message: Addressed, now: int) -> bool:
    """Note that the message was opened, once however often its picture is fetched; returns whether it was the first."""
    return record_deliveries(store, [Delivery(message.key, "opened", now, event_id=f"opened-{message.key}")]) == 1


def unsubscribe(store: Store, message: Addressed, now: int) -> None:
    """Write no more marketing to this customer on this channel, from the moment this returns."""
    suppress(store, message.customer_id, now, "unsubscribed", message.channel, "marketing")
    record_deliveries(store, [Delivery(message.key, "unsubscribed", now, event_id=f"unsubscribed-{message.key}")])
