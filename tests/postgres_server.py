"""A PostgreSQL server of the tests' own, in a temporary folder, listening on a Unix socket only."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoPostgresError(Exception):
    """Why there is no server."""


class PostgresServer:
    """Gives out empty databases."""

    def __init__(self, folder: Path, user: str) -> None:
        self._folder = folder
        self._user = user
        self._numbers = itertools.count()

    def empty_database(self) -> str:
        """The address of a database that nobody has used."""
        import psycopg

        name = f"t{next(self._numbers)}"
        with psycopg.connect(f"host={self._folder} user={self._user} dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        return f"postgresql://{self._user}@/{name}?host={self._folder}"


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Start a server as an unprivileged user and stop it afterwards."""
    tools = _tools()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user, prefix = _unprivileged(folder)
    run = lambda *command: subprocess.run([*prefix, *command], check=True, capture_output=True, cwd=folder)  # noqa: E731
    try:
        run(tools / "initdb", "-D", folder / "data", "-U", user, "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
        options = f"-F -c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=100"
        run(tools / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield PostgresServer(folder, user)
        finally:
            run(tools / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tools() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or sorted(Path("/usr/pgsql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if not initdb:
        raise NoPostgresError("there is no PostgreSQL server on this machine (initdb was not found)")
    return Path(initdb).resolve().parent


def _unprivileged(folder: Path) -> tuple[str, list[str]]:
    # The server refuses to run as root.
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name, []
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", "postgres"], check=True)
        owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o755)
    if not shutil.which("runuser"):
        raise NoPostgresError("a PostgreSQL server cannot be started as root here (runuser was not found)")
    return "postgres", ["runuser", "-u", "postgres", "--"]
