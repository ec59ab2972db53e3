"""A message on its way to one person: its states, the moves between them, and what a channel may answer.

    planned → claimed → sending → sent
                 │         ├→ planned (to try again later) · failed
                 │         └→ in_doubt → sent · planned (the channel says it never arrived, or a service message
                 │                        under its rule) · unknown (a marketing message: never twice)
                 └→ planned (lease ran out before a byte left) · suppressed · expired · cancelled · failed

`claimed` means that nothing has left yet, so a lost lease is harmless. `sending` is written durably before the channel
is touched, so a crash can leave only such messages in doubt. The design and the kill tests behind it are described in
docs/explanation/sending.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

State = Literal[
    "planned", "claimed", "sending", "in_doubt", "sent", "failed", "unknown", "suppressed", "expired", "cancelled"
]
FINAL: frozenset[State] = frozenset({"sent", "failed", "unknown", "suppressed", "expired", "cancelled"})

MOVES: dict[State, frozenset[State]] = {
    "planned": frozenset({"claimed", "suppressed", "expired", "cancelled"}),
    "claimed": frozenset({"planned", "sending", "suppressed", "expired", "cancelled", "failed"}),
    "sending": frozenset({"sent", "planned", "failed", "in_doubt"}),
    "in_doubt": frozenset({"sent", "planned", "unknown"}),
}


def message_key(campaign: str, customer_id: str, occasion_key: str) -> str:
    """The unique key of a message: 32 hex digits of a hash, so that it says nothing about the customer."""
    text = "\x1f".join((campaign, customer_id, occasion_key))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Plan:
    """A message as it is planned: everything needed to render and send it later, nothing rendered yet.

    Attributes:
        key: `message_key`, unique for ever.
        context: what the template may know, as JSON.
        not_before, expires_at: microseconds since 1970 UTC between which it may leave.
        cost_milli_minor: price of the contact in thousandths of a minor unit.
    """

    key: str
    run_id: str
    campaign: str
    campaign_version: str
    customer_id: str
    customer_key: int
    occasion_key: str
    channel: str
    purpose: str
    recipient: str
    locale: str
    context: str
    not_before: int
    expires_at: int
    cost_milli_minor: int = 0


@dataclass(frozen=True, slots=True)
class Envelope:
    """A rendered message, ready for a channel.

    Attributes:
        key: the message's unique key; the Message-ID is made of it, so a receiver can recognise a repeat.
        body: the wire form for the channel (for e-mail the complete MIME message).
    """

    key: str
    recipient: str
    sender: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a channel said, in the words all channels share.

    outcome: `accepted` (the channel took it) · `later` (a definite temporary no: try again) · `never` (a definite
    permanent no) · `doubt` (it may or may not have been taken: never simply retry).
    """

    outcome: Literal["accepted", "later", "never", "doubt"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a claimed message is not sent now.

    state: `suppressed`, `expired`, `cancelled` or `failed` end it; `planned` puts it back until `not_before`
    (microseconds UTC), for instance to the end of somebody's quiet hours.
    """

    state: State
    reason: str
    not_before: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A leased message; `epoch` grows with every claim, so a late owner cannot move what is no longer his."""

    plan: Plan
    epoch: int
    owner: str
    lease_seconds: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A message with the channel's answer and the state it thereby moves to.

    Attributes:
        not_before: when a message that goes back to `planned` may be tried again.
        counts: whether this was an attempt; it was not when the other side could not be reached at all.
    """

    claimed: Claimed
    answer: Answer
    state: State
    reason: str = ""
    not_before: int | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message of which nobody knows yet whether the channel took it."""

    key: str
    epoch: int
    channel: str
    purpose: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovery found.

    Attributes:
        released: claims taken back to `planned`; nothing had left.
        in_doubt: sends of which a crash left the answer unknown.
        expired: planned messages whose time is over.
        ripe: doubts old enough to be resolved.
    """

    released: int = 0
    in_doubt: int = 0
    expired: int = 0
    ripe: tuple[Doubt, ...] = ()
