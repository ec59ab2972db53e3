"""Opening a store: what it is safe on, and the sentence when it is not."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text, update

from tenure.domain.arrival import Arrived
from tenure.domain.errors import TenureError
from tenure.domain.message import Plan
from tenure.store.connection import Store, is_affected, open_store
from tenure.store.inbox import SqlInbox
from tenure.store.outbox import SqlOutbox
from tenure.store.review import count_messages
from tenure.store.schema import prepare, stamp

NOON = 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False), ((3, 45, 0), True), ((3, 50, 6), True),
        ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 4), False), ((4, 0, 0), False),
    ],
)  # fmt: skip
def test_the_libraries_that_lose_commits_are_known(version: tuple[int, ...], affected: bool) -> None:
    assert is_affected(version) is affected


def test_a_store_is_made_twice_and_keeps_what_it_holds(address: str, a_plan: Callable[..., Plan]) -> None:
    for _ in range(2):
        store = open_store(address)
        prepare(store)
        SqlOutbox(store).plan([a_plan()], NOON)
        assert [count.messages for count in count_messages(store)] == [1]
        store.close()


def test_sqlite_commits_survive_a_power_cut(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store.db"))
    with store.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
    store.close()


def test_a_store_newer_than_the_program_is_refused(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(stamp).values(version=99))
    with pytest.raises(TenureError, match=r"has version 99, .* Upgrade the program"):
        prepare(store)


def test_a_store_of_an_older_program_gets_the_tables_that_it_lacks(store: Store, a_plan: Callable[..., Plan]) -> None:
    SqlOutbox(store).plan([a_plan()], NOON)
    with store.write() as connection:
        connection.execute(text("DROP TABLE inbox"))
        connection.execute(update(stamp).values(version=1))
    prepare(store)
    assert SqlInbox(store).add([Arrived("m1", "track", "{}")], NOON) == 1
    assert [count.messages for count in count_messages(store)] == [1]
    prepare(store)
    assert SqlInbox(store).counts() == {"waiting": 1}


@pytest.mark.skipif(not is_affected(sqlite3.sqlite_version_info), reason="this Python's SQLite has no WAL-reset bug")
def test_a_second_process_is_refused_on_a_library_that_loses_commits(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    prepare(open_store(path, driver=sqlite3))
    program = f"from tenure.store.connection import open_store; open_store({path!r})"
    second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "Another process has the store" in second.stderr
    assert "PostgreSQL" in second.stderr


def test_two_processes_may_share_a_store_on_a_sound_library(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    store = open_store(path)
    if store._lock is None or is_affected(_driver_version(store)):
        pytest.skip("this machine has no SQLite of 3.51.3 or newer")
    program = f"from tenure.store.connection import open_store; open_store({path!r})"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def _driver_version(store: Store) -> tuple[int, ...]:
    with store.read() as connection:
        return tuple(int(part) for part in str(connection.execute(text("SELECT sqlite_version()")).scalar()).split("."))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://nobody@127.0.0.1:1/shop", "127.0.0.1:1/shop cannot be used: the database cannot be reached"),
        ("mysql://root@localhost/shop", "a store cannot be kept in `mysql`"),
        ("postgresql://localhost:door/shop", "the address of the store cannot be read"),
        ("/proc/nowhere/store.db", "its folder cannot be written to"),
    ],
)
def test_a_store_that_cannot_be_opened_is_a_sentence(address: str, words: str) -> None:
    with pytest.raises(TenureError) as refused:
        open_store(address)
    assert words.lower() in refused.value.sentence.lower()
    assert refused.value.remedy


def test_a_password_in_the_address_is_never_shown() -> None:
    with pytest.raises(TenureError) as refused:
        open_store("postgresql://shop:hunter2@127.0.0.1:1/shop")
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_no_store_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is no database, whatever its name says. " * 100)
    with pytest.raises(TenureError, match="the file is not a store"):
        open_store(str(path))


def test_a_full_store_is_a_sentence_and_nothing_is_half_written(tmp_path: Path, a_plan: Callable[..., Plan]) -> None:
    store = open_store(str(tmp_path / "store.db"))
    prepare(store)
    outbox = SqlOutbox(store)
    outbox.plan([a_plan("first")], NOON)
    with store.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    from sqlalchemy import event

    event.listen(store.engine, "begin", lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}"))
    with pytest.raises(TenureError, match="the disk is full"):
        outbox.plan([a_plan(str(number), context="x" * 500) for number in range(2_000)], NOON)
    assert [count.messages for count in count_messages(store)] == [1]
    store.close()


def test_a_full_disk_is_a_sentence_and_nothing_is_half_written(tmp_path: Path, a_plan: Callable[..., Plan]) -> None:
    store = open_store(str(tmp_path / "store.db"))
    prepare(store)
    outbox = SqlOutbox(store)
    outbox.plan([a_plan("first")], NOON)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
        with pytest.raises(TenureError, match="cannot be used: the disk"):
            outbox.plan([a_plan(str(number), context="x" * 500) for number in range(4_000)], NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [count.messages for count in count_messages(store)] == [1]
    assert outbox.plan([a_plan("second")], NOON) == 1
    store.close()
