"""Several small writes share one commit, since it is the disk's confirmation that costs, not the writing.

Whoever finds the database free leads: it carries out its own work and that of all who wait, commits once, and wakes
them. Alone it waits for nobody. SQLite needs this, for it lets one writer at a time; PostgreSQL does it by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class _Errand(Generic[T]):
    """One caller's work, and what came of it."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.is_done = False
        self.error: BaseException | None = None
        self.value: T

    def attempt(self, connection: Connection) -> None:
        self.value = self.work(connection)


class GroupCommit:
    """Runs work in transactions that several callers may share; each returns only when its work is durable."""

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._write = write
        self._guard = threading.Lock()
        self._lead = threading.Lock()
        self._waiting: list[_Errand[Any]] = []

    def run(self, work: Callable[[Connection], T]) -> T:
        """Carry out `work`, which may be carried out again if another's work in the same transaction fails."""
        errand = _Errand(work)
        with self._guard:
            self._waiting.append(errand)
        with self._lead:
            if not errand.is_done:
                with self._guard:
                    group, self._waiting = self._waiting, []
                self._carry_out(group)
        if errand.error:
            raise errand.error
        return errand.value

    def _carry_out(self, group: list[_Errand[Any]]) -> None:
        try:
            with self._write() as connection:
                for errand in group:
                    errand.attempt(connection)
        except BaseException:  # one of them failed and took the others' work back: each for itself, then
            for errand in group:
                self._carry_out_alone(errand)
        for errand in group:
            errand.is_done = True

    def _carry_out_alone(self, errand: _Errand[Any]) -> None:
        try:
            with self._write() as connection:
                errand.attempt(connection)
        except BaseException as error:
            errand.error = error
