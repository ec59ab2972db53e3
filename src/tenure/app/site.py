"""What the pages are given: the published figures, and the deeds behind the links in messages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenure.app import adapters
from tenure.app.ingestion import Ingestion
from tenure.app.workspace import Workspace, secret
from tenure.content import links
from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import to_micros
from tenure.operations.overview import Overview, overview
from tenure.warehouse.snapshot import SnapshotReader

if TYPE_CHECKING:
    from tenure.store.connection import Store
    from tenure.store.replies import Addressed


@dataclass(frozen=True, slots=True)
class Site:
    """One business's pages and the deeds behind them. All callables may be called from several threads at once.

    Attributes:
        business: its settings.
        version: number of the published snapshot; the dashboard is computed once for each.
        overview: the dashboard's figures, or None while nothing is published.
        ready: what keeps the service from working, as a sentence; empty when nothing does.
        record_open: note that the message of this token was opened; a token that is not ours is ignored.
        recipient: the locale of the customer to whom an unsubscribe token was sent; None if the token is not ours.
        unsubscribe: stop writing to the customer of this token, at once; False if the token is not ours.
        ingestion: takes events in; None where nobody may send any.
    """

    business: Business
    version: Callable[[], int]
    overview: Callable[[], Overview | None]
    ready: Callable[[], str]
    record_open: Callable[[str], None]
    recipient: Callable[[str], str | None]
    unsubscribe: Callable[[str], bool]
    ingestion: Ingestion | None = None


class Replies:
    """People's links, followed: one store kept open for the life of the service."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._secret = secret(ws)
        self._turn = threading.Lock()
        self._opened: Store | None = None

    def record_open(self, token: str) -> None:
        """Note that the message of this token was opened; a token that is not ours is ignored."""
        from tenure.store.replies import record_open

        with self._message(token, "open") as (desk, message):
            if message is not None:
                record_open(desk, message, to_micros(self._ws.clock.now()))

    def recipient(self, token: str) -> str | None:
        """The locale of the customer to whom an unsubscribe token was sent; None if the token is not ours."""
        with self._message(token, "unsubscribe") as (_, message):
            return message.locale if message is not None else None

    def unsubscribe(self, token: str) -> bool:
        """Stop writing to the customer of this token, at once; False if the token is not ours."""
        from tenure.store.replies import unsubscribe

        with self._message(token, "unsubscribe") as (desk, message):
            if message is None:
                return False
            unsubscribe(desk, message, to_micros(self._ws.clock.now()))
            return True

    def ready(self) -> str:
        """What keeps the links from working, as a sentence; empty when nothing does."""
        try:
            with self._store().read():
                return ""
        except TenureError as error:
            return error.sentence

    @contextmanager
    def _message(self, token: str, purpose: links.Purpose) -> Iterator[tuple[Store, Addressed | None]]:
        from tenure.store.replies import find_message

        prefix = links.read(token, purpose, self._secret)
        desk = self._store()
        yield desk, find_message(desk, prefix) if prefix else None

    def _store(self) -> Store:
        with self._turn:
            if self._opened is None:
                self._opened = adapters.open_desk(self._ws)
            return self._opened


def site_of(ws: Workspace) -> Site:
    """The pages' view of a workspace."""
    published, replies = SnapshotReader(ws.machine / "published"), Replies(ws)
    return Site(
        business=ws.business,
        version=published.version,
        overview=lambda: overview(published, ws.business),
        ready=replies.ready,
        record_open=replies.record_open,
        recipient=replies.recipient,
        unsubscribe=replies.unsubscribe,
        ingestion=Ingestion(ws),
    )
