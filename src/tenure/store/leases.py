"""Only one at a time: a named lock in the store that ends by itself when its holder dies.

A lease is taken over when its time is over or, on the same machine, when its holder's process is gone. The epoch grows
with every taking, so a holder that was paused learns at its next `renew` that the lease is another's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Insert, select, update

from tenure.domain.errors import TenureError
from tenure.domain.moments import MICROS_PER_SECOND, from_micros
from tenure.store.connection import Store
from tenure.store.dialect import upsert
from tenure.store.process import described, is_gone
from tenure.store.schema import leases


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease held: `epoch` tells it from every earlier and later holding of the same name."""

    name: str
    owner: str
    epoch: int


def take_lease(store: Store, name: str, owner: str, now: int, seconds: float) -> Lease:
    """Hold the lease `name` for so many seconds.

    Raises:
        TenureError: somebody else holds it; the sentence says who and since when.
    """
    until = now + int(seconds * MICROS_PER_SECOND)
    with store.write() as connection:
        connection.execute(_placeholder(store, name))
        held = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
        if held.until > now and not is_gone(held.owner):
            raise _taken(name, held.owner, held.since, held.until)
        epoch = held.epoch + 1
        connection.execute(
            update(leases).where(leases.c.name == name).values(owner=owner, since=now, until=until, epoch=epoch)
        )
    return Lease(name, owner, epoch)


def renew_lease(store: Store, lease: Lease, now: int, seconds: float) -> bool:
    """Hold it for so many seconds more; False when it has become another's, and its holder must stop."""
    with store.write() as connection:
        return _move(connection, lease, now + int(seconds * MICROS_PER_SECOND))


def give_back_lease(store: Store, lease: Lease) -> bool:
    """Let the next one in at once; False when the lease was no longer held."""
    with store.write() as connection:
        return _move(connection, lease, 0)


def _move(connection: Connection, lease: Lease, until: int) -> bool:
    moved = connection.execute(
        update(leases)
        .where(leases.c.name == lease.name, leases.c.epoch == lease.epoch, leases.c.owner == lease.owner)
        .values(until=until)
    )
    return moved.rowcount == 1


def _taken(name: str, owner: str, since: int, until: int) -> TenureError:
    began, ends = (from_micros(at).strftime("%Y-%m-%d %H:%M:%S UTC") for at in (since, until))
    return TenureError(
        f"another `tenure {name}` has been running since {began} ({described(owner)})",
        f"Wait for it to finish. Should it have died on another machine, its lock ends by itself at {ends}.",
    )


def _placeholder(store: Store, name: str) -> Insert:
    empty = {"name": name, "owner": "", "since": 0, "until": 0, "epoch": 0}
    return upsert(store, leases).values(empty).on_conflict_do_nothing()
