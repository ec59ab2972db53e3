"""The tables of the operational store.

All times are integer microseconds since 1970 in UTC. The store carries a version stamp; a program never touches a store
that is newer than itself.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    update,
)

from tenure.domain.errors import TenureError
from tenure.store.connection import Store

VERSION = 2
_CREATION_LOCK = 7_365_127_001  # any constant: two processes must not create the tables at once

metadata = MetaData()


def _text(name: str, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, default=default, server_default=default)


def _at(name: str, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


# One row per message, unique by its key for ever: the plan, and where it stands.
messages = Table(
    "messages", metadata,
    Column("key", Text, primary_key=True), _text("run_id"), _text("campaign"), _text("campaign_version"),
    _text("customer_id"), Column("customer_key", BigInteger, nullable=False), _text("occasion_key"),
    _text("channel"), _text("purpose"), _text("recipient"), _text("locale"), _text("context"),
    _at("not_before"), _at("expires_at"), Column("cost_milli_minor", BigInteger, nullable=False, default=0),
    _text("state"), _text("reason"), Column("epoch", Integer, nullable=False, default=0),
    Column("lease_owner", Text), _at("lease_until", nullable=True),
    Column("attempts", Integer, nullable=False, default=0), _at("planned_at"), _at("sending_at", nullable=True),
    _at("settled_at", nullable=True), _at("doubt_at", nullable=True), _text("reply"),
    Index("messages_due", "state", "channel", "not_before", "key"),
    Index("messages_customer", "customer_id"),
    Index("messages_settled", "settled_at"),
)  # fmt: skip

# Append only: one row for every time a message was handed to a channel, or found to have been.
attempts = Table(
    "attempts", metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True), _text("key"),
    Column("epoch", Integer, nullable=False), _text("owner"), _at("at"), _text("outcome"), _text("reply"),
    Index("attempts_key", "key"),
)  # fmt: skip

# A hard stop that always wins; channel and purpose may be `any`.
suppressions = Table(
    "suppressions", metadata,
    Column("customer_id", Text, primary_key=True), Column("channel", Text, primary_key=True),
    Column("purpose", Text, primary_key=True), _text("reason"), _at("at"),
)  # fmt: skip

# The latest permission known for a customer, channel and purpose.
consents = Table(
    "consents", metadata,
    Column("customer_id", Text, primary_key=True), Column("channel", Text, primary_key=True),
    Column("purpose", Text, primary_key=True), _text("state"), _at("at"),
)  # fmt: skip

# What the world did with a message; `event_id` lets a provider tell us twice and be counted once.
deliveries = Table(
    "deliveries", metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _text("key"), _text("kind"), _at("at"), _text("detail"), Column("event_id", Text, unique=True),
    Index("deliveries_key", "key"), sqlite_autoincrement=True,
)  # fmt: skip

runs = Table(
    "runs", metadata,
    Column("run_id", Text, primary_key=True), _at("as_of"), _at("started_at"), _at("finished_at", nullable=True),
    _text("versions", "{}"), _text("counts", "{}"),
)  # fmt: skip

# Contents by their hash: the campaign files and settings that a run was decided with.
versions = Table(
    "versions", metadata,
    Column("hash", Text, primary_key=True), _text("kind"), _text("content"), _at("kept_at"),
)  # fmt: skip

# Events that arrived over HTTP, unique by the sender's id for ever; the body stays until they have become facts.
inbox = Table(
    "inbox", metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("message_id", Text, nullable=False, unique=True), _text("kind"), _text("body"), _at("received_at"),
    _text("state"), _text("reason"),
    Index("inbox_state", "state", "sequence"), sqlite_autoincrement=True,
)  # fmt: skip

leases = Table(
    "leases", metadata,
    Column("name", Text, primary_key=True), _text("owner"), _at("since"), _at("until"),
    Column("epoch", Integer, nullable=False, default=0),
)  # fmt: skip

stamp = Table("stamp", metadata, Column("version", Integer, primary_key=True))


def prepare(store: Store) -> None:
    """Make the tables where they are missing; a store of an older program gets those that it lacks.

    Raises:
        TenureError: the store was written by a newer program.
    """
    with store.write() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATION_LOCK})
        found = _version(connection)
        if found is None:
            metadata.create_all(connection)
            connection.execute(insert(stamp).values(version=VERSION))
        elif found < VERSION:
            metadata.create_all(connection)
            connection.execute(update(stamp).values(version=VERSION))
        elif found > VERSION:
            raise TenureError(
                f"the store {store.place} has version {found}, and this program knows versions up to {VERSION}",
                "Upgrade the program; an older one would damage the store.",
            )


def _version(connection: Connection) -> int | None:
    if not inspect(connection).has_table(stamp.name):
        return None
    return connection.execute(select(stamp.c.version)).scalar()
