"""The one file that names every adapter: what stands behind each port in a workspace."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from tenure.app.workspace import Workspace
from tenure.domain.business import ChannelSettings
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf
from tenure.operations.collect import Answered, Ended
from tenure.operations.send import Carrier
from tenure.ports import Channel

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.store.connection import Store
    from tenure.store.outbox import SqlOutbox
    from tenure.warehouse.duckdb import DuckWarehouse
    from tenure.warehouse.past import DuckPast
    from tenure.warehouse.profiles import ProfileBuilder
    from tenure.warehouse.shelf import FolderShelf


@contextmanager
def warehouse(ws: Workspace) -> Iterator[DuckWarehouse]:
    """The workspace's warehouse, held for as long as the block lasts.

    Raises:
        TenureError: another process holds it.
    """
    from tenure.warehouse.duckdb import DuckWarehouse

    with DuckWarehouse(ws.machine / "warehouse.duckdb", spill=ws.machine / "spill") as opened:
        yield opened


def shelf(ws: Workspace) -> FolderShelf:
    """Where the workspace's fitted models stand."""
    from tenure.warehouse.shelf import FolderShelf

    return FolderShelf(ws.machine / "models")


def past(ws: Workspace, opened: DuckWarehouse, as_of: AsOf) -> DuckPast:
    """What was known before a moment, for training, on the seasonal clock where one is in place."""
    from tenure.models.kinds.season import clock_table, train
    from tenure.warehouse.past import DuckPast

    stand = shelf(ws)

    @cache
    def clock(moment: AsOf) -> pa.Table | None:
        """As it would have been learned at that moment: one learned later would have seen what came after it."""
        if "season" not in stand.in_place(as_of.at):
            return None
        trained = train(DuckPast(opened, moment, ws.business), ws.business)
        return clock_table(trained.state, moment) if trained is not None else None

    return DuckPast(opened, as_of, ws.business, clock)


def profiles(ws: Workspace, opened: DuckWarehouse) -> ProfileBuilder:
    """What builds profiles, with the fitted models in place."""
    from tenure.models.kinds.order import kinds
    from tenure.operations.score import ShelfScorer
    from tenure.warehouse.profiles import ProfileBuilder

    return ProfileBuilder(opened, ShelfScorer(shelf(ws), kinds()))


@contextmanager
def store(ws: Workspace) -> Iterator[Store]:
    """The workspace's operational store, ready to use for as long as the block lasts.

    Raises:
        TenureError: it cannot be reached, or `TENURE_STORE_URL` is missing for PostgreSQL.
    """
    opened = open_desk(ws)
    try:
        yield opened
    finally:
        opened.close()


def open_desk(ws: Workspace) -> Store:
    """The workspace's operational store, ready to use until it is closed.

    Raises:
        TenureError: it cannot be reached, or `TENURE_STORE_URL` is missing for PostgreSQL.
    """
    from tenure.store.connection import open_store
    from tenure.store.schema import prepare

    address = str(ws.machine / "store.sqlite")
    if ws.business.store == "postgresql":
        address = os.environ.get("TENURE_STORE_URL", "")
        if not address:
            raise TenureError(
                "the store is PostgreSQL but TENURE_STORE_URL is not set",
                "Set it to postgresql://user@host:5432/name in the environment.",
            )
    opened = open_store(address)
    try:
        prepare(opened)
    except BaseException:
        opened.close()
        raise
    return opened


def outbox(opened: Store) -> SqlOutbox:
    """The outbox in a store."""
    from tenure.store.outbox import SqlOutbox

    return SqlOutbox(opened)


def carriers(ws: Workspace) -> Mapping[str, Carrier]:
    """How each channel of the business is reached."""
    return {
        settings.name: Carrier(lambda settings=settings: _channel(ws, settings), settings.connections)  # type: ignore[misc]
        for settings in ws.business.channels
    }


def _channel(ws: Workspace, settings: ChannelSettings) -> Channel:
    if settings.adapter == "maildir":
        from tenure.channels.maildir import Maildir

        return Maildir(settings.name, ws.machine / "maildir", ws.clock)
    if settings.adapter == "recorder":
        from tenure.channels.recorder import Recorder

        return Recorder(settings.name, ws.machine / "recorded" / settings.name, ws.clock)
    from tenure.channels.smtp import MailServer, Smtp

    server = MailServer(
        settings.host, settings.port, settings.security, settings.user, os.environ.get("TENURE_SMTP_PASSWORD", ""),
        settings.timeout_seconds,
    )  # fmt: skip
    return Smtp(settings.name, server, ws.clock)


class StoreJournals:
    """The store's journals as `collect` reads them."""

    def __init__(self, opened: Store) -> None:
        self._store = opened

    def ended_since(self, at: int, limit: int) -> Sequence[Ended]:
        """Messages that ended at or after a moment, oldest first."""
        from tenure.store.review import settled_since

        return [
            Ended(m.key, m.customer_key, m.campaign, m.channel, m.purpose, m.state, m.cost_milli_minor,
                  m.sending_at or m.settled_at or 0, m.settled_at or 0, m.occasion_key)
            for m in settled_since(self._store, at, limit)
        ]  # fmt: skip

    def answered_since(self, sequence: int, limit: int) -> Sequence[Answered]:
        """What became of messages, after a sequence number, in order."""
        from tenure.store.journal import load_deliveries

        return [
            Answered(d.sequence, d.delivery.key, d.delivery.kind, d.delivery.at, d.customer_id, d.customer_key,
                     d.campaign, d.channel)
            for d in load_deliveries(self._store, sequence, limit)
        ]  # fmt: skip
