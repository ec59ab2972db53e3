"""Sends what is planned: never lost, never twice, and when nobody can know, said so.

First what an earlier crash left is taken back and doubts that are old enough are settled; then each channel's lanes
(one connection each) claim small batches, compose them under the lease, record the intent, and hand them over. At most
one message per lane can be in doubt after a crash. The design is explained in docs/explanation/sending.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from tenure.domain.errors import TenureError
from tenure.domain.message import Doubt, Recovered, Refusal, State
from tenure.operations.lane import Compose, Desk, Lane, Rules
from tenure.ports import Channel, Clock, Outbox, Progress

CRASH_POINTS = (
    "recovered", "resolved", "claimed", "composed", "refused", "intended", "delivered", "settled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Carrier:
    """How a channel is reached: `connect` makes one connection's object, `connections` of them work at once."""

    connect: Callable[[], Channel]
    connections: int = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """What one `send` did.

    Attributes:
        states: messages by the state they reached; `planned` are those to be tried again later.
        recovered: what earlier crashes had left.
        resolved: doubts settled, by the state they reached.
        stopped: a sentence for each channel that could not go on; its remaining messages are still planned.
    """

    states: Mapping[State, int]
    recovered: Recovered
    resolved: Mapping[State, int]
    stopped: tuple[str, ...] = ()


def _go_on(_point: str) -> None:
    """Nobody wants to crash here."""


def send(
    outbox: Outbox,
    carriers: Mapping[str, Carrier],
    compose: Compose,
    clock: Clock,
    progress: Progress,
    owner: str,
    rules: Rules | None = None,
    crash: Callable[[str], None] = _go_on,
) -> Sent:
    """Send every message that is due on the channels given.

    Args:
        carriers: by channel name.
        compose: renders a plan and makes the last checks (quiet hours, caps); called by several threads at once. A
            TenureError from it fails that one message.
        owner: names this process; a lane's number is added to it.
        crash: called with the name of each of `CRASH_POINTS` as it is passed; tests kill there.

    Raises:
        TenureError: the store cannot be used (a full disk, a lost database).
    """
    desk = Desk(outbox, compose, clock, progress, rules or Rules(), crash)
    progress.start("sending")
    states: Counter[State] = Counter()
    resolved: Counter[State] = Counter()
    stopped: dict[str, None] = {}
    first: Recovered | None = None
    while True:
        recovered = outbox.recover(desk.now(), desk.rules.grace_seconds)
        crash("recovered")
        if first and not recovered.released:
            break
        first = first or recovered
        resolved += _resolve(desk, carriers, recovered.ripe)
        lanes = _run_lanes(desk, carriers, owner)
        states += sum((lane.states for lane in lanes), Counter[State]())
        stopped |= dict.fromkeys(lane.stopped for lane in lanes if lane.stopped)
        if stopped:
            break
    states["expired"] += first.expired
    progress.finish(_summary(states, tuple(stopped)))
    return Sent(+states, first, resolved, tuple(stopped))


def rule_for(doubt: Doubt, is_there: bool | None, limit: int) -> Refusal | None:
    """What becomes of a doubt: as the channel says, else marketing never twice and service never missing."""
    if is_there:
        return None
    if is_there is False:
        return Refusal("planned", "the channel does not have it")
    if doubt.purpose == "service" and doubt.attempts < limit:
        return Refusal("planned", "it may not have arrived; a service message is sent again")
    return Refusal("unknown", "nobody can say whether it arrived; it is not sent again")


def _resolve(desk: Desk, carriers: Mapping[str, Carrier], ripe: tuple[Doubt, ...]) -> Counter[State]:
    resolved: Counter[State] = Counter()
    for name in sorted({doubt.channel for doubt in ripe} & set(carriers)):
        channel = carriers[name].connect()
        try:
            channel.open()
        except TenureError:
            continue  # the lanes will say so; the doubts can wait
        try:
            for doubt in (each for each in ripe if each.channel == name):
                answer = rule_for(doubt, channel.lookup(doubt.key), desk.rules.attempts)
                if desk.outbox.resolve(doubt, answer, desk.now()):
                    resolved[answer.state if answer else "sent"] += 1
                desk.crash("resolved")
        finally:
            channel.close()
    return resolved


def _run_lanes(desk: Desk, carriers: Mapping[str, Carrier], owner: str) -> list[Lane]:
    lanes = [
        Lane(name, f"{owner}:{name}-{number}", carrier.connect, desk)
        for name, carrier in sorted(carriers.items())
        for number in range(carrier.connections)
    ]
    if not lanes:
        return lanes
    with ThreadPoolExecutor(len(lanes), "lane") as pool:
        running = [pool.submit(lane.run) for lane in lanes]
        try:
            for lane in as_completed(running):
                lane.result()
        except BaseException:
            desk.stop.set()  # each lane still records the answer it waits for, so nothing comes into doubt
            raise
    return lanes


def _summary(states: Counter[State], stopped: tuple[str, ...]) -> str:
    told = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sorted(states.items()) if number)
    return " ".join([f"{told or 'nothing was due'}.", *stopped])
