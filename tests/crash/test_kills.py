"""Senders are killed, at every named point and at random instants: nothing is lost and nothing is sent twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tenure.channels import durable, smtp
from tenure.operations import send
from tenure.store import outbox

CONNECTIONS = 2
POINTS = {
    "maildir": (*send.CRASH_POINTS, *outbox.CRASH_POINTS, *durable.CRASH_POINTS),
    "smtp": (*send.CRASH_POINTS, *outbox.CRASH_POINTS, *smtp.CRASH_POINTS),
}
# Passed only when there is a doubt to settle, or a message that may not be composed; tested on their own.
RARE = {"resolved", "refused"}
# Not inside a transaction: there it holds the rows, or all of SQLite, and nobody can take them from it.
UNDER_LEASE = {"claimed", "intended", "addressed", "transmitted", "dotted", "delivered", "written", "linked"}
BETWEEN_TWO = {"settling", "intending", "intended", "delivered"}


def check(world: Any, number: int, kills: int, may_repeat: bool = False) -> None:
    """Every message is accounted for; what came out twice, or vanished, would be here."""
    states, arrived = world.states(), world.arrived()
    assert states["sent"] + states["unknown"] == sum(states.values()) == number, states
    assert states["unknown"] <= kills * CONNECTIONS
    assert may_repeat or max(arrived.values()) == 1, "sent twice"
    assert states["sent"] <= len(arrived) <= number, "said to be sent, and lost"
    if world.channel == "maildir":  # it can be asked, so no doubt remains
        assert states["unknown"] == 0
        assert len(arrived) == number


def drain(lab: Any, job: Any) -> None:
    """Let a healthy sender finish, far enough in the future that every retry is due."""
    job.crash, job.skew_seconds = "", 7_200.0
    assert lab.run(job) == 0


@pytest.mark.slow
def test_a_kill_at_any_named_point_loses_and_repeats_nothing(
    lab: Any, bench: ModuleType, make_world: Callable[..., Any], channel: str
) -> None:
    number = 9
    world = make_world(channel)
    kills = 0
    for point in POINTS[channel]:
        # The first passing, and one at which a lane both settles a message and intends the next.
        for nth in () if point in RARE else (1, 5) if point in BETWEEN_TWO else (1,):
            _clear(world)
            world.fill(number)
            job = bench.Job(world.address, channel, world.target, connections=CONNECTIONS, crash=point, nth=nth)
            assert lab.run(job) == -9, f"the point `{point}` was not passed {nth} times"
            drain(lab, job)
            check(world, number, kills=1)
            kills += 1
    assert kills >= len(POINTS[channel])


def _clear(world: Any) -> None:
    with world.store.write() as connection:
        for table in ("messages", "attempts"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    if world.channel == "maildir":
        for file in Path(world.target).glob("*/*"):
            file.unlink()
    else:
        os.truncate(world.log, 0)


def test_a_kill_while_doubts_are_settled_repeats_nothing(
    lab: Any, bench: ModuleType, make_world: Callable[..., Any], channel: str
) -> None:
    world = make_world(channel)
    world.fill(12)
    job = bench.Job(world.address, channel, world.target, connections=2, crash="delivered", nth=1)
    kills = 0
    for point in ("delivered", "resolved", "delivered", "resolved", "resolved"):
        job.crash = point
        kills += lab.run(job) == -9
    assert kills >= 4
    drain(lab, job)
    check(world, 12, kills)


def test_a_kill_while_messages_are_refused_sends_none_of_them(
    lab: Any, bench: ModuleType, make_world: Callable[..., Any]
) -> None:
    world = make_world("maildir")
    world.fill(12, name="cancelled")
    job = bench.Job(world.address, "maildir", world.target, connections=2, crash="refused", nth=3)
    assert lab.run(job) == -9
    drain(lab, job)
    assert world.states() == {"cancelled": 12}
    assert not world.arrived()


def test_a_service_message_in_doubt_is_sent_again_with_the_same_key(
    lab: Any, bench: ModuleType, make_world: Callable[..., Any]
) -> None:
    world = make_world("smtp")
    world.fill(6, purpose="service")
    job = bench.Job(world.address, "smtp", world.target, connections=1, crash="answered")
    assert lab.run(job) == -9
    drain(lab, job)
    assert world.states() == {"sent": 6}
    assert sorted(world.arrived().values()) == [1, 1, 1, 1, 1, 2]


@pytest.mark.slow
def test_kills_at_random_instants_lose_and_repeat_nothing(
    lab: Any, bench: ModuleType, make_world: Callable[..., Any], channel: str
) -> None:
    number, kills, chance = 400, 0, random.Random(20111209)
    world = make_world(channel, delay_ms=3)
    world.fill(number)
    job = bench.Job(world.address, channel, world.target, connections=CONNECTIONS)
    for _ in range(20):
        pid = lab.start(job)
        time.sleep(chance.uniform(0.03, 0.16))
        os.kill(pid, signal.SIGKILL)
        kills += lab.wait(pid) == -9
        assert set(world.states()) <= {"planned", "claimed", "sending", "in_doubt", "sent", "unknown"}
    assert kills >= 10, "the messages must outlast most of the kills"
    drain(lab, job)
    check(world, number, kills)


@pytest.mark.slow
def test_a_sender_paused_at_any_point_past_its_lease_sends_nothing_twice(
    lab: Any, bench: ModuleType, make_world: Callable[..., Any], channel: str
) -> None:
    """It wakes up when another has settled its doubt and sent what it had; only the fence keeps it from the dot."""
    world = make_world(channel)
    for point in sorted(UNDER_LEASE & set(POINTS[channel])):
        _clear(world)
        world.fill(5)
        job = bench.Job(
            world.address, channel, world.target, connections=1, lease_seconds=0.3, ignore_gone=True, log=world.log,
            crash=point, pauses=True,
        )  # fmt: skip
        paused = lab.start(job)
        _wait_until_stopped(paused)
        time.sleep(0.32)
        job.crash = ""
        assert lab.run(job) == 0
        os.kill(paused, signal.SIGCONT)
        assert lab.wait(paused) == 0
        drain(lab, job)
        assert world.states() == {"sent": 5}, point
        assert sorted(world.arrived().values()) == [1] * 5, point


def _wait_until_stopped(pid: int) -> None:
    for _ in range(1_000):
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.01)
    raise AssertionError("the sender never came to its point")


@pytest.mark.slow
@pytest.mark.parametrize("ask", [True, False], ids=["reconcile", "never-twice"])
def test_senders_paused_past_their_lease_send_nothing_twice(
    lab: Any, bench: ModuleType, make_world: Callable[..., Any], ask: bool
) -> None:
    number, chance, pauses = 600, random.Random(1815), 0
    world = make_world("smtp", delay_ms=2)
    world.fill(number)
    job = bench.Job(
        world.address, "smtp", world.target, connections=CONNECTIONS, lease_seconds=0.4, ignore_gone=True,
        log=world.log if ask else "",
    )  # fmt: skip
    senders = [lab.start(job) for _ in range(2)]
    for _ in range(2):
        paused = chance.sample(senders, 2)
        for pid in paused:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.6)
        # Somebody else takes the paused ones for dead, settles their doubts, and sends what they had.
        senders.append(lab.start(job))
        time.sleep(0.2)
        for pid in paused:
            os.kill(pid, signal.SIGCONT)
        pauses += len(paused)
        time.sleep(0.15)
    assert [lab.wait(pid) for pid in senders] == [0] * len(senders)
    drain(lab, job)
    states, arrived = world.states(), world.arrived()
    assert states["sent"] + states["unknown"] == sum(states.values()) == number, states
    assert max(arrived.values()) == 1, "sent twice"
    assert states["unknown"] == 0 or not ask
    # One message a connection may be with the server when its sender is paused, and its doubt settled meanwhile.
    assert states["unknown"] <= pauses * CONNECTIONS
    assert states["sent"] <= len(arrived) <= number
