"""Opens the operational store, a SQLite file or a PostgreSQL database, so that what it says is stored is stored.

SQLite runs with a write-ahead log and `synchronous=FULL`; writing transactions begin IMMEDIATE, because a transaction
that reads first and writes later cannot wait for another writer and fails instead. Times are integer microseconds UTC.

Trap: SQLite 3.7.0–3.51.2 can lose commits when two connections race for a checkpoint (the WAL-reset bug; repaired in
3.51.3, 3.50.7 and 3.44.6). On such a library the store keeps to one connection and refuses a second process.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from tenure.domain.errors import TenureError
from tenure.store.filelock import FileLock
from tenure.store.grouping import GroupCommit
from tenure.store.refusals import refusal_of

T = TypeVar("T")

BUSY_SECONDS = 60.0
CONNECTIONS = 24


class Store:
    """The store as the rest of this package sees it: a place to write in, and a place to read from."""

    def __init__(self, engine: Engine, place: str, lock: FileLock | None = None) -> None:
        self.engine = engine
        self.place = place
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._lock = lock
        self._readers = engine.execution_options(tenure_reads=True)
        # SQLite lets writers wait by sleeping ever longer, which starves some lanes; inside a process a queue is fair.
        self._turn = threading.Lock()
        self._together = GroupCommit(self.write)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is durable once the block ends, and never happened when it raises."""
        with self._sentences():
            if self.is_sqlite:
                with self._turn, self.engine.begin() as connection:
                    yield connection
            else:
                with self.engine.begin() as connection:
                    yield connection

    def share(self, work: Callable[[Connection], T]) -> T:
        """Do a small write in a transaction that other threads' small writes may share; durable when it returns."""
        if self.is_sqlite:
            return self._together.run(work)
        with self.write() as connection:
            return work(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the store that keeps no writer waiting."""
        with self._sentences(), self._readers.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database and of its file lock."""
        self.engine.dispose()
        if self._lock:
            self._lock.release()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            refusal = refusal_of(error, self.place)
            if refusal is None:
                raise
            raise refusal from error


def open_store(address: str, driver: ModuleType | None = None) -> Store:
    """Open the store at a file path or a `postgresql://` address; the file is made when it is missing.

    Args:
        address: path of a SQLite file, or an SQLAlchemy address of a PostgreSQL database.
        driver: the SQLite module to use; by default the newest that is installed.

    Raises:
        TenureError: the database cannot be reached or opened, or a second process may not open it.
    """
    return _open_postgres(address) if "://" in address else _open_sqlite(Path(address), driver or _newest_sqlite())


def is_affected(version: tuple[int, ...]) -> bool:
    """Whether a SQLite library of this version has the WAL-reset bug."""
    repaired = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return not repaired


def _newest_sqlite() -> ModuleType:
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    found: ModuleType = dbapi2
    return found if found.sqlite_version_info > sqlite3.sqlite_version_info else sqlite3


def _open_sqlite(path: Path, driver: ModuleType) -> Store:
    affected = is_affected(driver.sqlite_version_info)
    lock = FileLock(path.with_name(path.name + ".lock"))
    try:
        is_free = lock.acquire(shared=not affected)
    except OSError as error:
        raise TenureError(
            f"the store {path} cannot be opened: its folder cannot be written to ({error.strerror})",
            "Check that the folder exists and may be written to.",
        ) from None
    if not is_free:
        raise TenureError(
            f"another process has the store {path} open, and the SQLite library in use here or there "
            f"(here {driver.sqlite_version}) may lose messages when two processes share a store",
            "Stop the other process, install the package `pysqlite3` (SQLite 3.51.3 or newer) for both, or keep the "
            "store in PostgreSQL.",
        )
    engine = create_engine(
        f"sqlite:///{path}",
        module=driver,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        pool_size=1 if affected else CONNECTIONS,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    store = Store(engine, str(path), lock)
    try:
        with store.read() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    except TenureError:
        store.close()
        raise
    return store


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("tenure_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _open_postgres(address: str) -> Store:
    remedy = "Write it as `postgresql://user@host:5432/name`, with the password in PGPASSWORD or in the address."
    try:
        url = make_url(address)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        if url.drivername != "postgresql+psycopg":
            raise TenureError(f"a store cannot be kept in `{url.drivername}`", f"Use a file or PostgreSQL. {remedy}")
        engine = create_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": 10},
        )
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise TenureError("the address of the store cannot be read", remedy) from None
    except ImportError:
        raise TenureError(
            "the driver for PostgreSQL is not installed", "Install it with `pip install 'tenure[postgres]'`."
        ) from None
    store = Store(engine, f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}")
    with store.read():
        return store
