"""The send operation: what it counts, when it stops, what it leaves for later; both databases, scripted channels."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from tenure.domain.errors import TenureError
from tenure.domain.message import Answer, Envelope, Plan, Refusal
from tenure.domain.moments import from_micros
from tenure.operations.lane import Rules
from tenure.operations.send import Carrier, Sent, send
from tenure.store.connection import Store
from tenure.store.outbox import SqlOutbox
from tenure.store.people import suppress
from tenure.store.review import count_messages, latest_messages

NOON = 1_700_000_000_000_000
MINUTE = 60_000_000
MakePlan = Callable[..., Plan]


@dataclass
class HandClock:
    """Stands still until it is moved."""

    at: datetime = field(default_factory=lambda: from_micros(NOON))
    ticks: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Told:
    """Remembers what an operation said of its progress."""

    steps: int = 0
    summary: str = ""

    def start(self, task: str, total: int | None = None) -> None:
        assert task == "sending"

    def advance(self, steps: int = 1) -> None:
        self.steps += steps

    def finish(self, summary: str = "") -> None:
        self.summary = summary


@dataclass
class Scripted:
    """A channel that answers as the recipient's name says, and remembers what it took."""

    took: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    reachable: bool = True
    may_take: int = 10**9
    has: bool | None = None
    deadlines: list[float] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)
    name: str = "email"

    def open(self) -> None:
        if not self.reachable:
            raise TenureError("the mail server post:25 cannot be reached", "Start it.")
        self.opened += 1

    def deliver(self, envelope: Envelope, deadline: float) -> Answer:
        with self.guard:
            if sum(self.took.values()) >= self.may_take:
                raise TenureError("the mail server post:25 cannot be reached", "Start it.")
            self.deadlines.append(deadline)
            outcome = envelope.recipient.partition("-")[0]
            if outcome in ("later", "never", "doubt"):
                return Answer(outcome, f"so it said: {outcome}")  # type: ignore[arg-type]
            self.took[envelope.key] += 1
            return Answer("accepted", "250")

    def lookup(self, key: str) -> bool | None:
        return self.has

    def close(self) -> None:
        pass


def compose(plan: Plan) -> Envelope | Refusal:
    how = plan.recipient.partition("-")[0]
    if how == "broken":
        raise TenureError("the message of `winback` names a variable that does not exist", "Correct it.")
    if how == "quiet":
        return Refusal("planned", "quiet hours", plan.not_before + 60 * MINUTE)
    if how == "cancelled":
        return Refusal("cancelled", "the goal is reached")
    return Envelope(plan.key, plan.recipient, "shop@example.com", b"Hello")


@dataclass
class Post:
    """An outbox with a scripted channel."""

    store: Store
    clock: HandClock = field(default_factory=HandClock)
    channel: Scripted = field(default_factory=Scripted)
    told: Told = field(default_factory=Told)

    def send(self, connections: int = 2, **rules: float) -> Sent:
        outbox = SqlOutbox(self.store, gone=lambda _owner: False)
        carriers = {"email": Carrier(lambda: self.channel, connections)}
        return send(outbox, carriers, compose, self.clock, self.told, "me", Rules(**rules))  # type: ignore[arg-type]

    def states(self) -> dict[tuple[str, str], int]:
        return {(count.state, count.reason): count.messages for count in count_messages(self.store)}


@pytest.fixture
def post(store: Store) -> Post:
    return Post(store)


@pytest.fixture
def fill(store: Store, a_plan: MakePlan) -> Callable[..., None]:
    def plan(*recipients: str, **changes: object) -> None:
        plans = [a_plan(str(n), recipient=f"{name}-{n}@example.com", **changes) for n, name in enumerate(recipients)]
        SqlOutbox(store).plan(plans, NOON)

    return plan


def test_every_message_ends_as_it_should_and_is_counted_once(post: Post, fill: Callable[..., None]) -> None:
    fill("ok", "ok", "ok", "later", "never", "doubt", "broken", "quiet", "cancelled")
    suppress(post.store, "2", NOON, "asked")
    sent = post.send()
    assert sent.states == {"sent": 2, "planned": 2, "failed": 2, "in_doubt": 1, "cancelled": 1}
    assert post.states() == {
        ("sent", ""): 2, ("suppressed", "asked"): 1, ("planned", "to be tried again"): 1, ("planned", "quiet hours"): 1,
        ("failed", "the channel refused it"): 1, ("in_doubt", "it was handed over without a clear answer"): 1,
        ("failed", "The message of `winback` names a variable that does not exist. Correct it."): 1,
        ("cancelled", "the goal is reached"): 1,
    }  # fmt: skip
    assert post.told.steps == 8
    assert post.told.summary == "1 cancelled, 2 failed, 1 in doubt, 2 planned, 2 sent."
    assert max(post.channel.took.values()) == 1


def test_sending_again_sends_nothing_again(post: Post, fill: Callable[..., None]) -> None:
    fill(*["ok"] * 20)
    assert post.send().states == {"sent": 20}
    assert post.send().states == {}
    assert post.told.summary == "nothing was due."
    assert len(post.channel.took) == 20


def test_nothing_due_opens_no_connection(post: Post) -> None:
    post.channel.reachable = False
    assert post.send() == post.send()
    assert post.send().stopped == ()


def test_an_unreachable_server_leaves_everything_planned_and_says_so(post: Post, fill: Callable[..., None]) -> None:
    fill(*["ok"] * 30)
    post.channel.reachable = False
    sent = post.send()
    assert sent.states == {}
    assert sent.stopped == ("The mail server post:25 cannot be reached. Start it.",)
    assert post.told.summary.endswith("The mail server post:25 cannot be reached. Start it.")
    assert post.states() == {("planned", ""): 30}
    post.channel.reachable = True
    assert post.send().states == {"sent": 30}


def test_a_server_that_goes_away_costs_no_message_an_attempt(post: Post, fill: Callable[..., None]) -> None:
    fill(*["ok"] * 30)
    post.channel.may_take = 11
    sent = post.send()
    assert sent.states["sent"] == 11
    assert len(sent.stopped) == 1
    assert {each.attempts for each in latest_messages(post.store, 30, state="planned")} == {0}
    post.channel.may_take = 10**9
    assert post.send().states == {"sent": 19}
    assert max(post.channel.took.values()) == 1


def test_retries_come_ever_later_and_end(post: Post, fill: Callable[..., None]) -> None:
    fill("later", expires_at=NOON + 10**13)
    tried_at: list[int] = []
    for minute in range(90):
        if post.send(connections=1, attempts=5).states:
            tried_at.append(minute)
        post.clock.move(minutes=1)
    assert tried_at == [0, 1, 5, 21, 85]
    assert post.states() == {("failed", "given up after 5 attempts"): 1}


def test_a_stale_message_expires_instead_of_leaving_late(post: Post, fill: Callable[..., None]) -> None:
    fill("later", "ok", expires_at=NOON + 2 * MINUTE)
    assert post.send().states == {"planned": 1, "sent": 1}
    post.clock.move(minutes=3)
    assert post.send().states == {"expired": 1}


def test_a_server_without_clear_answers_is_stopped_before_it_ruins_the_rest(
    post: Post, fill: Callable[..., None]
) -> None:
    fill(*["doubt"] * 40)
    sent = post.send(connections=2)
    assert sent.states == {"in_doubt": 6}
    assert "3 messages in a row were handed to the channel `email` without a clear answer" in sent.stopped[0]
    assert post.states()[("planned", "")] == 34


def test_a_server_that_refuses_all_is_stopped_before_it_ruins_the_rest(post: Post, fill: Callable[..., None]) -> None:
    fill(*["never"] * 60)
    sent = post.send(connections=1)
    assert sent.states == {"failed": 20}
    assert "refused 20 messages in a row, the last with: so it said: never" in sent.stopped[0]


@pytest.mark.parametrize(
    ("purpose", "has", "ends"),
    [
        ("marketing", None, ("unknown", "nobody can say whether it arrived; it is not sent again")),
        ("marketing", True, ("sent", "the channel has it")),
        ("marketing", False, ("in_doubt", "it was handed over without a clear answer")),
        ("service", None, ("in_doubt", "it was handed over without a clear answer")),
        ("service", True, ("sent", "the channel has it")),
    ],
)
def test_a_doubt_waits_for_its_grace_and_ends_by_the_rule(
    post: Post, fill: Callable[..., None], purpose: str, has: bool | None, ends: tuple[str, str]
) -> None:
    fill("doubt", purpose=purpose)
    post.channel.has = has
    post.send(connections=1)
    post.clock.move(minutes=9)
    assert post.send(connections=1).resolved == {}
    post.clock.move(minutes=2)
    sent = post.send(connections=1)
    # Planned again means handed over again in the same breath, and this channel leaves the same doubt once more.
    assert sent.resolved == {ends[0] if ends[0] != "in_doubt" else "planned": 1}
    assert post.states() == {ends: 1}


def test_the_fence_stands_at_six_tenths_of_the_lease(post: Post, fill: Callable[..., None]) -> None:
    fill("ok", "ok")
    post.clock.ticks = 1_000.0
    post.send(lease_seconds=50.0)
    assert post.channel.deadlines == [1_030.0, 1_030.0]


def test_quiet_hours_without_an_end_do_not_turn_a_lane_in_circles(post: Post, store: Store, a_plan: MakePlan) -> None:
    SqlOutbox(store).plan([a_plan("1", recipient="quiet-1@example.com", not_before=NOON - 61 * MINUTE)], NOON)
    assert post.send().states == {"planned": 1}


def test_a_store_that_fails_stops_all_lanes_and_leaves_what_is_unsaid_in_doubt(
    post: Post, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(*["ok"] * 40)
    real, calls = SqlOutbox.settle_and_intend, Counter[str]()

    def fail(self: SqlOutbox, *rest: object) -> Refusal | None:
        calls["all"] += 1
        if calls["all"] > 9:
            raise TenureError("the store cannot be used: the disk is full", "Make room.")
        return real(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlOutbox, "settle_and_intend", fail)
    with pytest.raises(TenureError, match="disk is full"):
        post.send(connections=2)
    monkeypatch.undo()
    assert sum(number for (state, _), number in post.states().items() if state == "sending") <= 2
    post.clock.move(hours=1)
    post.channel.has = None
    post.send()
    post.clock.move(hours=1)
    post.send()
    assert max(post.channel.took.values()) == 1
    assert {state for state, _ in post.states()} <= {"sent", "unknown"}
