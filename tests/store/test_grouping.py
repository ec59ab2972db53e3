"""Threads that write at once share commits, and one's failure is not the others'."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from tenure.store.connection import Store, open_store


@pytest.fixture
def numbers(tmp_path: Path) -> Store:
    store = open_store(str(tmp_path / "store.db"))
    with store.write() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER PRIMARY KEY)"))
    return store


def kept(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM numbers")).scalar() or 0)


def test_every_write_is_kept_and_few_commits_are_made(numbers: Store) -> None:
    commits: list[int] = []
    event.listen(numbers.engine, "commit", lambda _connection: commits.append(1))

    def write(number: int) -> int:
        insert = text("INSERT INTO numbers VALUES (:number) RETURNING number")
        return int(numbers.share(lambda held: held.execute(insert, {"number": number}).scalar_one()))

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(write, range(400))) == list(range(400))
    assert kept(numbers) == 400
    assert len(commits) < 400


def test_one_failure_is_its_own(numbers: Store) -> None:
    def write(number: int) -> str:
        def work(held: Connection) -> str:
            held.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})
            if number % 7 == 0:
                raise KeyError(number)
            return "kept"

        try:
            return numbers.share(work)
        except KeyError as error:
            assert error.args == (number,)
            return "failed"

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(write, range(210)))
    assert answers == ["failed" if number % 7 == 0 else "kept" for number in range(210)]
    assert kept(numbers) == answers.count("kept")
