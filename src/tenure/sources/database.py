"""Rows out of a SQL database: one query, streamed, every cell as text so that import reads it like any file.

The password comes from the environment (`${NAME}` in the address) and appears in no message. The query runs in a
read-only transaction; a database that is not there is never created by looking at it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.domain.errors import Place, TenureError, nearest

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Engine
    from sqlalchemy.engine import URL

_BATCH = 20_000  # rows held at once
_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg",
           "postgresql+psycopg": "postgresql+psycopg"}  # fmt: skip


def query_batches(
    address: str, query: str, folder: Path, environment: Mapping[str, str], place: Place
) -> Callable[[], Iterator[pa.RecordBatch]]:
    """What opens the stream of a query's rows; nothing is connected before it is called.

    Args:
        address: a SQLAlchemy URL; `${NAME}` is taken from the environment.
        query: one SELECT.
        folder: the workspace, against which the path of a SQLite file is read.
        environment: names and values.
        place: file and line, for messages.

    Raises:
        TenureError: the address cannot be read, holds a password in plain sight, or names a missing variable.
    """
    url = _url(address, environment, folder, place)

    def batches() -> Iterator[pa.RecordBatch]:
        return _stream(url, query, place)

    return batches


def _url(address: str, environment: Mapping[str, str], folder: Path, place: Place) -> URL:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    whole = _NAME.fullmatch(address.strip())
    try:
        url = make_url(_expand(address, environment, place) if whole else address)
    except ArgumentError:
        raise TenureError(
            "`url` is not a database address", "Write postgresql://user:${PASSWORD}@host/name or sqlite:///shop.db.",
            place,
        ) from None  # fmt: skip
    if url.drivername not in DRIVERS:
        raise TenureError(f"there is no driver for `{url.drivername}`", nearest(url.drivername, DRIVERS), place)
    if url.password and not whole and not _NAME.search(str(url.password)):
        raise TenureError(
            "the password stands in the file", "Put it into the environment and write ${NAME} in its place.", place
        )
    # Expanded part by part, so that a password may hold @ and /.
    url = url.set(
        drivername=DRIVERS[url.drivername],
        username=_expand(url.username, environment, place) if url.username else None,
        password=_expand(str(url.password), environment, place) if url.password else None,
        host=_expand(url.host, environment, place) if url.host else None,
        database=_expand(url.database, environment, place) if url.database else None,
    )
    return _sqlite(url, folder, place) if url.drivername == "sqlite" else url


def _sqlite(url: URL, folder: Path, place: Place) -> URL:
    path = folder / (url.database or "")
    if not path.is_file():
        raise TenureError(f"there is no database {url.database}", "Check the path in `url`.", place)
    return url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})


def _expand(text: str, environment: Mapping[str, str], place: Place) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise TenureError(f"the environment has no {found[1]}", f"Set it: export {found[1]}=…", place)
        return environment[found[1]]

    return _NAME.sub(value, text)


def _stream(url: URL, query: str, place: Place) -> Iterator[pa.RecordBatch]:
    from sqlalchemy.exc import SQLAlchemyError

    engine = _engine(url, place)
    try:
        yield from _batches(engine, query)
    except SQLAlchemyError as error:
        raise TenureError(
            f"the database did not answer the query: {_plain(error, url)}", "Check `url:` and `query:`.", place
        ) from None
    finally:
        engine.dispose()


def _engine(url: URL, place: Place) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    try:
        return create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError:
        raise TenureError(
            "reading PostgreSQL needs a driver that is not installed", "Run: pip install 'tenure[postgres]'", place
        ) from None


def _batches(engine: Engine, query: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    options: dict[str, Any] = {"stream_results": True, "yield_per": _BATCH, "no_parameters": True}
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            options["postgresql_readonly"] = True
        # Sent as it is written: a colon or percent sign in it is not a parameter.
        result = connection.execution_options(**options).exec_driver_sql(query)
        names = _distinct(list(result.keys()))
        yield pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in names], names=names)
        for rows in result.partitions(_BATCH):
            columns = zip(*rows, strict=True)
            arrays = [pa.array([_text(cell) for cell in column], pa.string()) for column in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=names)


def _distinct(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, own = 2, name
        while own.lower() in {one.lower() for one in found}:
            own, number = f"{name}_{number}", number + 1
        found.append(own)
    return found


def _text(cell: object) -> str | None:
    match cell:
        case None | str():
            return cell
        case bool():
            return "true" if cell else "false"
        case datetime() | date() | time():
            return cell.isoformat()
        case dict() | list():
            return json.dumps(cell, default=str)
        case bytes() | memoryview():
            return bytes(cell).hex()
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case _:
            return str(cell)


def _plain(error: Exception, url: URL) -> str:
    text = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
    return text.replace(str(url.password), "***") if url.password else text
