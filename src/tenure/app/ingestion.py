"""Events that arrive over HTTP: taken in by the service, made into facts by import, looked at by people."""

from __future__ import annotations

import hmac
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenure.app import adapters
from tenure.app.workspace import Workspace, write_key
from tenure.domain.errors import TenureError
from tenure.domain.extract import Loaded
from tenure.domain.moments import from_micros, to_micros
from tenure.operations.move import move
from tenure.operations.receive import read, receive
from tenure.ports import Progress

if TYPE_CHECKING:
    from tenure.store.connection import Store
    from tenure.store.inbox import SqlInbox
    from tenure.warehouse.duckdb import DuckWarehouse


class WrongKeyError(TenureError):
    """The write key is missing or is not ours."""


class AwayError(TenureError):
    """The store cannot be used at present; the same events may be sent again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one request's events.

    Attributes:
        stored: new ones; all others were known by their ids.
        repeated: those that were known.
        aside: for each that was kept aside, its place in the request from 0, and why.
    """

    stored: int
    repeated: int
    aside: tuple[tuple[int, str], ...] = ()


class Ingestion:
    """The door for events, kept open for the life of the service; any number of threads may use it."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._key = write_key(ws)
        self._turn = threading.Lock()
        self._desk: Store | None = None
        self._inbox: SqlInbox | None = None
        self._counts: Counter[str] = Counter()

    def receive(self, call: str, body: bytes, key: str | None) -> Receipt:
        """Keep the events of one request; they are durable when this returns.

        Args:
            call: `identify`, `track`, `page`, `screen`, `group`, `alias` or `batch`.
            body: the request's JSON, unpacked.
            key: the write key out of the header; the body's own `writeKey` counts where there is none.

        Raises:
            WrongKeyError: the key is not ours.
            TooLargeError: the one event of a request is larger than 32 kB.
            AwayError: the store cannot be used.
            TenureError: the body is not as it should be.
        """
        if key is not None:
            self.check(key)
        content = read(body)
        if key is None:
            self.check(content.get("writeKey"))
        events = receive(call, content, lambda: str(uuid.uuid4()))
        try:
            stored = self._opened().add(events, to_micros(self._ws.clock.now()))
        except TenureError as error:
            raise AwayError(error.problem, error.remedy) from error
        aside = tuple((at, event.reason) for at, event in enumerate(events) if event.reason)
        with self._turn:
            self._counts.update(received=len(events), duplicates=len(events) - stored, set_aside=len(aside))
        return Receipt(stored, len(events) - stored, aside)

    def check(self, key: object) -> None:
        """Refuse whoever does not show the write key.

        Raises:
            WrongKeyError: it is missing or is not ours.
        """
        if not isinstance(key, str) or not hmac.compare_digest(key.encode("utf-8", "replace"), self._key.encode()):
            raise WrongKeyError("the write key is missing or wrong", "`tenure doctor` says where it stands.")

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """What this service counted since it started, and how many events stand in each state of the inbox."""
        with self._turn:
            counted = dict(self._counts)
        return counted, self._opened().counts()

    def _opened(self) -> SqlInbox:
        from tenure.store.inbox import SqlInbox

        with self._turn:
            if self._inbox is None:
                self._desk = adapters.open_desk(self._ws)
                self._inbox = SqlInbox(self._desk)
            return self._inbox


def move_in(ws: Workspace, opened: DuckWarehouse, desk: Store, progress: Progress) -> list[Loaded]:
    """Make facts of the events that wait in the inbox."""
    from tenure.store.inbox import SqlInbox
    from tenure.warehouse.intake import FactIntake
    from tenure.warehouse.listed import DuckListed

    facts, known = FactIntake(opened, ws.business), DuckListed(opened, ws.business.currency)
    return move(SqlInbox(desk), facts, known, to_micros(ws.clock.now()), progress)


def inbox(ws: Workspace, limit: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """How many events stand in each state, and the latest of those kept aside, each with its reason."""
    from tenure.store.inbox import SqlInbox

    with adapters.store(ws) as desk:
        held = SqlInbox(desk)
        return held.counts(), _rows(held.aside(limit))


def _rows(aside: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"message_id": one.message_id, "kind": one.kind, "received_at": from_micros(one.received_at).isoformat(),
         "reason": one.reason} for one in aside
    ]  # fmt: skip
