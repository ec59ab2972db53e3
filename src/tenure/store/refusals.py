"""Turns what a database says when it cannot go on into a sentence for the person who runs the business.

Only surroundings are translated (full disk, missing rights, unreachable server); a mistake of the program's own keeps
its trace.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from tenure.domain.errors import TenureError

_SQLITE: tuple[tuple[str, str, str], ...] = (
    ("database or disk is full", "the disk is full", "Make room and run the command again; nothing is half-written."),
    ("disk i/o error", "the disk refuses to write", "Make room or check the disk, then run the command again."),
    ("database is locked", "another process has kept the store busy for a minute", "Wait for it, or stop it."),
    ("readonly database", "the store may not be written to", "Give this user the right to write to it."),
    ("unable to open database", "the store cannot be opened", "Check that its folder exists and may be written to."),
    ("not a database", "the file is not a store", "Restore it from a backup, or name another file."),
    ("malformed", "the store is damaged", "Restore it from a backup (`tenure restore`)."),
)

# The first characters of PostgreSQL's SQLSTATE codes (its manual, appendix A).
_POSTGRES: tuple[tuple[str, str, str], ...] = (
    ("53100", "the database server's disk is full", "Make room there and run the command again."),
    ("53300", "the database server takes no more connections", "Raise its max_connections or stop other programs."),
    ("28", "the database server does not accept this user or password", "Check the address and PGPASSWORD."),
    ("3D", "the database does not exist", "Create it with `createdb`, or correct the address."),
    ("42501", "this user lacks rights in the database", "Grant them, or use the database's owner."),
    ("25006", "the database accepts no writes at present", "Use the primary server, never a replica."),
    ("57P", "the database server is shutting down", "Run the command again when it is back."),
    ("08", "the connection to the database was lost", "Run the command again when it is back."),
)


def refusal_of(error: DBAPIError, place: str) -> TenureError | None:
    """The sentence for a database error that has a cause outside the program; None for any other error."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        found = next((row for row in _POSTGRES if state.startswith(row[0])), None)
    else:
        text = str(error.orig).lower()
        found = next((row for row in _SQLITE if row[0] in text), None)
        if found is None and (error.connection_invalidated or _is_unreachable(error)):
            found = ("", "the database cannot be reached", "Start it, or correct the address.")
    return TenureError(f"the store {place} cannot be used: {found[1]}", found[2]) if found else None


def _is_unreachable(error: DBAPIError) -> bool:
    # The driver gives no code when there is no server to give one.
    return type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ == "OperationalError"
