"""What the world answered comes back as facts: messages sent, opens, bounces, and people who said stop.

Reads the operational store's journals from where it last stopped and records each entry once; an unsubscribe becomes a
consent denied, like any other consent a business records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tenure.domain.extract import Extract
from tenure.domain.moments import MICROS_PER_SECOND, day_of, from_micros
from tenure.ports import Facts, Progress

if TYPE_CHECKING:
    import pyarrow as pa

# Settling times are not the order of commits, so each reading overlaps the one before; the message's key tells repeats.
OVERLAP = 3_600 * MICROS_PER_SECOND
BATCH = 50_000
# A message that may have arrived counts as a contact: the customer may have read it.
ARRIVED = ("sent", "unknown")
STOPS = ("unsubscribed", "complained")


@dataclass(frozen=True, slots=True)
class Ended:
    """A message that ended; moments in microseconds UTC, cost in thousandths of a minor unit."""

    key: str
    customer_key: int
    campaign: str
    channel: str
    purpose: str
    state: str
    cost_milli_minor: int
    at: int
    settled_at: int
    occasion_key: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a message: one of `DELIVERY_KINDS`, at a moment in microseconds UTC; `sequence` is its place."""

    sequence: int
    key: str
    kind: str
    at: int
    customer_id: str
    customer_key: int
    campaign: str
    channel: str


class Journals(Protocol):
    """The operational store as `collect` reads it."""

    def ended_since(self, at: int, limit: int) -> Sequence[Ended]:
        """Messages that ended at or after a moment, oldest first."""

    def answered_since(self, sequence: int, limit: int) -> Sequence[Answered]:
        """What became of messages, after a sequence number, in order."""


class Cursors(Protocol):
    """Where the last reading stopped."""

    def position(self, name: str) -> int:
        """How far the journal of that name was read."""

    def move(self, name: str, position: int) -> None:
        """Remember that the journal was read up to here."""


@dataclass(frozen=True, slots=True)
class Collected:
    """How many facts came back."""

    contacts: int = 0
    deliveries: int = 0
    stops: int = 0


def collect(
    facts: Facts, journals: Journals, cursors: Cursors, zone: str, now: int, progress: Progress
) -> Collected:  # fmt: skip
    """Record as facts what the store's journals hold since the last time.

    Args:
        zone: the business's time zone, for the facts' days.
        now: microseconds UTC, the arrival of the consents.
    """
    progress.start("Collecting answers")
    contacts = _contacts(facts, journals, cursors, zone)
    deliveries, stops = _deliveries(facts, journals, cursors, zone, now, progress)
    progress.finish(f"{contacts:,} contacts, {deliveries:,} answers, {stops:,} unsubscribed")
    return Collected(contacts, deliveries, stops)


def _contacts(facts: Facts, journals: Journals, cursors: Cursors, zone: str) -> int:
    added = 0
    position = cursors.position("settled")
    while True:
        settled = journals.ended_since(max(0, position - OVERLAP), BATCH)
        rows = [_contact(message, zone) for message in settled if message.state in ARRIVED]
        new = facts.record("contacts", _table("contacts", rows)) if rows else 0
        added += new
        reached = max((m.settled_at for m in settled), default=position)
        if reached > position:
            cursors.move("settled", reached)
        if len(settled) < BATCH or reached <= position:
            return added
        position = reached + OVERLAP  # a full batch: go on behind it without reading the overlap again


def _contact(message: Ended, zone: str) -> dict[str, object]:
    return {
        "customer_key": message.customer_key, "message_id": message.key, "campaign": message.campaign,
        "channel": message.channel, "purpose": message.purpose, "at": message.at,
        "day": day_of(from_micros(message.at), zone),
        "cost": message.cost_milli_minor, "state": message.state, "occasion_key": message.occasion_key,
    }  # fmt: skip


def _deliveries(
    facts: Facts, journals: Journals, cursors: Cursors, zone: str, now: int, progress: Progress
) -> tuple[int, int]:
    added = stops = 0
    position = cursors.position("answered")
    while answered := journals.answered_since(position, BATCH):
        rows = [
            {"customer_key": a.customer_key, "message_id": a.key, "campaign": a.campaign,
             "channel": a.channel, "kind": a.kind, "at": a.at,
             "day": day_of(from_micros(a.at), zone)} for a in answered
        ]  # fmt: skip
        added += facts.record("deliveries", _table("deliveries", rows))
        stops += _stops(facts, [a for a in answered if a.kind in STOPS], now, progress)
        position = answered[-1].sequence
        cursors.move("answered", position)
    return added, stops


def _stops(facts: Facts, answers: Sequence[Answered], now: int, progress: Progress) -> int:
    if not answers:
        return 0
    import pyarrow as pa

    batch = pa.RecordBatch.from_pylist([
        {"consent_id": f"{a.kind}-{a.key}", "customer_id": a.customer_id, "channel": a.channel,
         "purpose": "marketing", "state": "denied", "at": from_micros(a.at).replace(tzinfo=None),
         "proof": f"{a.kind} from message {a.key}"}
        for a in answers
    ])  # fmt: skip
    loaded = facts.load(Extract("consents", "tenure:answers", batches=lambda: iter([batch])), now, progress)
    return loaded.accepted - loaded.replaced


def _table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    import pyarrow as pa

    from tenure.domain.facts import OWN_TABLES

    kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string(), "DOUBLE": pa.float64()}
    return pa.Table.from_pylist(rows, pa.schema([(column, kinds[kind]) for column, kind in OWN_TABLES[name]]))
