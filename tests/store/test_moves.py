"""Whatever is done to the outbox in whatever order, messages move only along MOVES and leave only as the rules say."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from sqlalchemy import select

from tenure.domain.message import FINAL, MOVES, Answer, Claimed, Doubt, Plan, Refusal, Settled, State, message_key
from tenure.store.connection import open_store
from tenure.store.outbox import SqlOutbox
from tenure.store.people import Permission, record_consents, suppress
from tenure.store.schema import messages, prepare

SECOND = 1_000_000
CUSTOMERS = st.sampled_from(["1", "2", "3"])
ENDS: tuple[tuple[str, State], ...] = (
    ("accepted", "sent"), ("later", "planned"), ("never", "failed"), ("doubt", "in_doubt"),
)  # fmt: skip


class Outbox(RuleBasedStateMachine):
    """Two owners, pauses of any length, late answers, suppressions, and time that goes on."""

    claims = Bundle("claims")
    intents = Bundle("intents")
    doubts = Bundle("doubts")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = open_store(str(self.folder / "store.db"))
        prepare(self.store)
        self.outbox = SqlOutbox(self.store, gone=lambda _owner: False)
        self.now = 1_000 * SECOND
        self.known: dict[str, tuple[State, int]] = {}
        self.intended: set[tuple[str, int]] = set()
        self.stopped: set[str] = set()

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(customer=CUSTOMERS, occasion=st.sampled_from("ab"), lasts=st.integers(1, 50))
    def plan(self, customer: str, occasion: str, lasts: int) -> None:
        key = message_key("c", customer, occasion)
        plan = Plan(key, "r", "c", "v", customer, 1, occasion, "email", "marketing", "x@example.com", "en", "{}",
                    self.now, self.now + lasts * SECOND)  # fmt: skip
        added = self.outbox.plan([plan], self.now)
        assert added == (0 if key in self.known else 1)

    @rule(target=claims, owner=st.sampled_from("ab"), limit=st.integers(1, 3), lease=st.integers(1, 10))
    def claim(self, owner: str, limit: int, lease: int) -> object:
        return multiple(*self.outbox.claim("email", owner, limit, self.now, lease))

    @rule(target=intents, claimed=consumes(claims))
    def intend(self, claimed: Claimed) -> object:
        if self.outbox.settle_and_intend(None, claimed, self.now):
            return multiple()
        assert (claimed.plan.key, claimed.epoch) not in self.intended
        assert claimed.plan.customer_id not in self.stopped
        assert claimed.plan.expires_at > self.now
        self.intended.add((claimed.plan.key, claimed.epoch))
        return claimed

    @rule(claimed=consumes(claims), state=st.sampled_from(["cancelled", "failed", "planned", "suppressed"]))
    def refuse(self, claimed: Claimed, state: State) -> None:
        self.outbox.refuse(claimed, Refusal(state, "so it was", self.now + SECOND), self.now)

    @rule(claimed=consumes(intents), end=st.sampled_from(ENDS), following=st.none() | claims)
    def settle(self, claimed: Claimed, end: tuple[str, State], following: Claimed | None) -> None:
        done = Settled(claimed, Answer(end[0]), end[1], "answered", self.now)  # type: ignore[arg-type]
        if self.outbox.settle_and_intend(done, following, self.now) is None and following:
            self.intended.add((following.plan.key, following.epoch))

    @rule(target=doubts, grace=st.integers(0, 20))
    def recover(self, grace: int) -> object:
        return multiple(*self.outbox.recover(self.now, grace).ripe)

    @rule(doubt=doubts, state=st.sampled_from([None, "planned", "unknown"]))
    def resolve(self, doubt: Doubt, state: State | None) -> None:
        before = self.known[doubt.key]
        stands = before == ("in_doubt", doubt.epoch)
        assert self.outbox.resolve(doubt, Refusal(state, "") if state else None, self.now) == stands

    @rule(customer=CUSTOMERS)
    def suppress(self, customer: str) -> None:
        suppress(self.store, customer, self.now, "stop")
        self.stopped.add(customer)

    @rule(customer=CUSTOMERS)
    def deny(self, customer: str) -> None:
        record_consents(self.store, [Permission(customer, "email", "marketing", "denied", self.now)], self.now)
        self.stopped.add(customer)

    @rule(seconds=st.integers(1, 15))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @invariant()
    def only_moves_happen(self) -> None:
        with self.store.read() as connection:
            rows = connection.execute(select(messages)).all()
        for row in rows:
            before, epoch = self.known.get(row.key, ("planned", 0))
            assert row.state == before or row.state in MOVES.get(before, frozenset()), (before, row.state)
            assert row.epoch >= epoch
            assert (row.settled_at is not None) == (row.state in FINAL)
            assert (row.lease_until is not None) == (row.state in ("claimed", "sending")) or row.state == "in_doubt"
            self.known[row.key] = (row.state, row.epoch)


Outbox.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestOnlyMovesHappen = Outbox.TestCase
