"""An event as it arrived over HTTP: kept word for word until it becomes facts, or kept aside with the reason."""

from __future__ import annotations

from dataclasses import dataclass

# The calls of the Segment specification.
CALLS = ("identify", "track", "page", "screen", "group", "alias")
SOURCE = "tenure:http"  # under which their facts are stored

LARGEST_BODY = 500 << 10  # bytes of one request, unpacked; what the SDKs keep to
LARGEST_EVENT = 32 << 10
LONGEST_ID = 200  # characters; databases index no text without limit


@dataclass(frozen=True, slots=True)
class Arrived:
    """One event.

    Attributes:
        message_id: the sender's own name for it; the same one again is the same event.
        kind: one of `CALLS`, or what stood in its place.
        body: the event as JSON.
        reason: why it is kept aside; empty for one that may become facts.
    """

    message_id: str
    kind: str
    body: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event in the inbox that is not a fact yet; `received_at` in microseconds UTC."""

    sequence: int
    message_id: str
    kind: str
    body: str
    received_at: int


@dataclass(frozen=True, slots=True)
class Aside:
    """An event that became no fact, and why; `received_at` in microseconds UTC."""

    message_id: str
    kind: str
    reason: str
    received_at: int
