"""Runs, versions, delivery events and the one-at-a-time lock, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenure.domain.errors import TenureError
from tenure.domain.message import Plan
from tenure.store.connection import Store
from tenure.store.journal import (
    Delivery,
    finish_run,
    keep_version,
    load_deliveries,
    load_run,
    load_runs,
    load_version,
    record_deliveries,
    start_run,
)
from tenure.store.leases import give_back_lease, renew_lease, take_lease
from tenure.store.outbox import SqlOutbox
from tenure.store.process import is_gone, this_process

NOON = 1_700_000_000_000_000
SECOND = 1_000_000


def test_a_run_is_remembered_with_what_it_used_and_counted(store: Store) -> None:
    start_run(store, "r1", NOON, NOON + 1, {"winback": "abc"})
    assert load_run(store, "r1").finished_at is None  # type: ignore[union-attr]
    finish_run(store, "r1", NOON + 2, {"sent": 3})
    start_run(store, "r2", NOON, NOON + 5, {})
    found = load_run(store, "r1")
    assert found is not None
    assert (found.versions, found.counts, found.finished_at) == ({"winback": "abc"}, {"sent": 3}, NOON + 2)
    assert [run.run_id for run in load_runs(store)] == ["r2", "r1"]
    assert load_run(store, "r3") is None


def test_a_version_is_kept_once_and_read_back(store: Store) -> None:
    for _ in range(2):
        keep_version(store, "abc", "campaign", {"title": "Überraschung", "n": [1, 2]}, NOON)
    assert load_version(store, "abc") == {"title": "Überraschung", "n": [1, 2]}
    assert load_version(store, "nope") is None


def test_delivery_events_come_back_in_order_and_a_repeat_counts_once(store: Store, a_plan: Callable[..., Plan]) -> None:
    SqlOutbox(store).plan([a_plan("1")], NOON)
    key = a_plan("1").key
    events = [Delivery(key, "opened", NOON), Delivery(key, "opened", NOON), Delivery(key, "clicked", NOON, "url", "e1")]
    assert record_deliveries(store, events) == 3
    assert record_deliveries(store, [Delivery(key, "clicked", NOON, "url", "e1")]) == 0
    assert record_deliveries(store, [Delivery("of another store", "opened", NOON)]) == 1
    found = load_deliveries(store)
    assert [each.delivery.kind for each in found] == ["opened", "opened", "clicked"]
    assert (found[0].customer_id, found[0].campaign) == ("1", "winback")
    assert [each.delivery.kind for each in load_deliveries(store, since=found[1].sequence)] == ["clicked"]
    with pytest.raises(ValueError, match="smiled"):
        record_deliveries(store, [Delivery(key, "smiled", NOON)])


def test_a_reader_that_follows_the_journal_misses_nothing(store: Store, a_plan: Callable[..., Plan]) -> None:
    SqlOutbox(store).plan([a_plan("1")], NOON)
    key = a_plan("1").key
    done = threading.Event()

    def write(name: str) -> None:
        for number in range(40):
            record_deliveries(store, [Delivery(key, "opened", NOON, event_id=f"{name}{number}-{i}") for i in range(2)])

    def follow() -> int:
        seen, last = 0, 0
        while True:
            finished = done.is_set()
            found = load_deliveries(store, since=last)
            seen += len(found)
            last = found[-1].sequence if found else last
            if finished and not found:
                return seen

    with ThreadPoolExecutor(4) as pool:
        reader = pool.submit(follow)
        for writer in [pool.submit(write, name) for name in "abc"]:
            writer.result()
        done.set()
        assert reader.result() == 240


def test_a_second_run_is_told_since_when_the_first_is_running(store: Store) -> None:
    take_lease(store, "run", this_process(), NOON, 60.0)
    with pytest.raises(TenureError) as refused:
        take_lease(store, "run", this_process("other"), NOON + SECOND, 60.0)
    assert refused.value.sentence.startswith("Another `tenure run` has been running since 2023-11-14 22:13:20 UTC")
    assert f"process {os.getpid()} on" in refused.value.sentence
    take_lease(store, "serve", this_process(), NOON, 60.0)


def test_only_one_of_many_gets_the_lease(store: Store) -> None:
    def attempt(name: str) -> bool:
        try:
            take_lease(store, "run", this_process(name), NOON, 60.0)
        except TenureError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, "abcdefgh")) == 1


def test_a_lease_is_free_when_given_back_or_over_and_its_old_holder_learns_it(store: Store) -> None:
    first = take_lease(store, "run", this_process(), NOON, 60.0)
    assert renew_lease(store, first, NOON + 30 * SECOND, 60.0)
    with pytest.raises(TenureError):
        take_lease(store, "run", this_process("b"), NOON + 61 * SECOND, 60.0)
    second = take_lease(store, "run", this_process("b"), NOON + 90 * SECOND, 60.0)
    assert not renew_lease(store, first, NOON + 91 * SECOND, 60.0)
    assert not give_back_lease(store, first)
    assert give_back_lease(store, second)
    take_lease(store, "run", this_process("c"), NOON + 92 * SECOND, 60.0)


def test_the_lease_of_a_killed_process_is_taken_over_at_once(store: Store) -> None:
    program = "from tenure.store.process import this_process; print(this_process(), flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True)
    assert other.stdout is not None
    owner = other.stdout.readline().strip()
    take_lease(store, "run", owner, NOON, 3600.0)
    assert not is_gone(owner)
    with pytest.raises(TenureError):
        take_lease(store, "run", this_process(), NOON, 60.0)
    other.kill()
    other.wait()
    assert is_gone(owner)
    take_lease(store, "run", this_process(), NOON, 60.0)


@pytest.mark.parametrize("owner", ["", "other-host/00000000:1:1", "nonsense", "a:b:c"])
def test_a_process_that_cannot_be_judged_is_not_gone(owner: str) -> None:
    assert not is_gone(owner)
