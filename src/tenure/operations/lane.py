"""One connection's worker: claims a small batch, composes it, and hands it over message by message.

The answer to one message and the intent to send the next are one durable step, so whenever the process dies at most one
message of the lane is in doubt. Nothing is committed to the other side after six tenths of the lease.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tenure.domain.errors import TenureError
from tenure.domain.message import Answer, Claimed, Envelope, Plan, Refusal, Settled, State
from tenure.domain.moments import MICROS_PER_SECOND, to_micros
from tenure.ports import Channel, Clock, Outbox, Progress

_FENCE = 0.6  # share of the lease after which nothing is committed to the other side any more
_BACKOFF = 60 * MICROS_PER_SECOND  # then four times as long each time: 1, 4, 16, 64 minutes, 4 hours
_BACKOFF_MOST = 6 * 3600 * MICROS_PER_SECOND
_DOUBTS_IN_A_ROW = 3
_REFUSALS_IN_A_ROW = 20

Compose = Callable[[Plan], Envelope | Refusal]


@dataclass(frozen=True, slots=True)
class Rules:
    """How carefully to send.

    Attributes:
        lease_seconds: how long a message is reserved; must exceed what a batch takes to compose.
        batch: messages claimed at once by one lane.
        grace_seconds: age at which a doubt is settled; no less than a mail server keeps a session open.
        attempts: definite temporary refusals after which a message is given up.
    """

    lease_seconds: float = 120.0
    batch: int = 8
    grace_seconds: float = 600.0
    attempts: int = 6


@dataclass(frozen=True, slots=True)
class Desk:
    """What all lanes share."""

    outbox: Outbox
    compose: Compose
    clock: Clock
    progress: Progress
    rules: Rules
    crash: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> int:
        return to_micros(self.clock.now())

    def advance(self) -> None:
        with self.turn:
            self.progress.advance()


@dataclass(slots=True)
class Lane:
    """One connection's worker."""

    name: str
    owner: str
    connect: Callable[[], Channel]
    desk: Desk
    states: Counter[State] = field(default_factory=Counter)
    stopped: str = ""
    doubts: int = 0
    refusals: int = 0

    def run(self) -> None:
        channel: Channel | None = None
        try:
            while not self._must_stop() and (batch := self._claim()):
                channel = channel or self._open(batch)
                if channel is None:
                    return
                self._send(channel, batch)
        finally:
            if channel:
                channel.close()

    def _claim(self) -> list[Claimed]:
        desk = self.desk
        batch = desk.outbox.claim(self.name, self.owner, desk.rules.batch, desk.now(), desk.rules.lease_seconds)
        desk.crash("claimed")
        return batch

    def _open(self, batch: list[Claimed]) -> Channel | None:
        channel = self.connect()
        try:
            channel.open()
        except TenureError as error:
            self.stopped = error.sentence
            self._put_back(batch)
            return None
        return channel

    def _send(self, channel: Channel, batch: list[Claimed]) -> None:
        # Composed before the first leaves, so that no answer waits for a slow template to be recorded.
        ready = [(claimed, envelope) for claimed in batch if (envelope := self._composed(claimed))]
        self.desk.crash("composed")
        done: Settled | None = None
        while ready and not self._must_stop():
            claimed, envelope = ready.pop(0)
            done = self._hand_over(channel, claimed, envelope, done)
        if done:
            self.desk.outbox.settle_and_intend(done, None, self.desk.now())
            self.desk.crash("settled")
            self._count(done.state)
        self._put_back([claimed for claimed, _ in ready])

    def _composed(self, claimed: Claimed) -> Envelope | None:
        try:
            composed = self.desk.compose(claimed.plan)
        except TenureError as error:
            composed = Refusal("failed", error.sentence)
        if isinstance(composed, Envelope):
            return composed
        now = self.desk.now()
        if composed.state == "planned" and (composed.not_before or 0) <= now:
            composed = replace(composed, not_before=now + _BACKOFF)  # or this lane would claim it again at once
        self.desk.outbox.refuse(claimed, composed, now)
        self.desk.crash("refused")
        self._count(composed.state)
        return None

    def _hand_over(
        self, channel: Channel, claimed: Claimed, envelope: Envelope, done: Settled | None
    ) -> Settled | None:
        desk = self.desk
        # Read before the lease begins anew, so that the fence can only be too early.
        deadline = desk.clock.monotonic() + _FENCE * desk.rules.lease_seconds
        refusal = desk.outbox.settle_and_intend(done, claimed, desk.now())
        desk.crash("intended")
        if done:
            self._count(done.state)
        if refusal:
            if refusal.state != "claimed":  # a lost lease: the message is another's to count
                self._count(refusal.state)
            return None
        try:
            answer = channel.deliver(envelope, deadline)
        except TenureError as error:
            self.stopped = error.sentence
            unreached = Answer("later", error.sentence)
            return Settled(claimed, unreached, "planned", "the channel could not be reached", counts=False)
        desk.crash("delivered")
        self._watch(answer)
        return settled(claimed, answer, desk.now(), desk.rules.attempts)

    def _watch(self, answer: Answer) -> None:
        """Stop when the other side answers all alike: going on would ruin every message in turn."""
        self.doubts = self.doubts + 1 if answer.outcome == "doubt" else 0
        self.refusals = self.refusals + 1 if answer.outcome == "never" else 0
        if self.doubts >= _DOUBTS_IN_A_ROW:
            self.stopped = (
                f"{self.doubts} messages in a row were handed to the channel `{self.name}` without a clear answer "
                f"({answer.detail}). Look after the server; what is not sent is still planned."
            )
        elif self.refusals >= _REFUSALS_IN_A_ROW:
            self.stopped = (
                f"The channel `{self.name}` refused {self.refusals} messages in a row, the last with: {answer.detail}. "
                "Check its settings; what is not sent is still planned."
            )

    def _put_back(self, batch: list[Claimed]) -> None:
        for claimed in batch:
            self.desk.outbox.refuse(claimed, Refusal("planned", ""), self.desk.now())

    def _must_stop(self) -> bool:
        return bool(self.stopped) or self.desk.stop.is_set()

    def _count(self, state: State) -> None:
        self.states[state] += 1
        self.desk.advance()


def settled(claimed: Claimed, answer: Answer, now: int, limit: int) -> Settled:
    """What a channel's answer makes of a message; a temporary no is tried again, ever later, at most `limit` times."""
    if answer.outcome == "accepted":
        return Settled(claimed, answer, "sent")
    if answer.outcome == "never":
        return Settled(claimed, answer, "failed", "the channel refused it")
    if answer.outcome == "doubt":
        return Settled(claimed, answer, "in_doubt", "it was handed over without a clear answer")
    tried = claimed.attempts + 1
    if tried >= limit:
        return Settled(claimed, answer, "failed", f"given up after {tried} attempts")
    pause = min(_BACKOFF * 4 ** (tried - 1), _BACKOFF_MOST)
    return Settled(claimed, answer, "planned", "to be tried again", now + pause)
