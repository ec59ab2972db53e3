"""A workspace that takes events, on both stores, behind a real server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tenure.app import Workspace, open_workspace

KEY = "wk-123"


class Quiet:
    """Progress that nobody watches."""

    def start(self, task: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1) -> None: ...
    def finish(self, summary: str = "") -> None: ...


class Shop:
    """A workspace, and what is in it."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def states(self) -> dict[str, int]:
        from tenure.app import inbox

        return inbox(self.ws, 0)[0]

    def aside(self) -> dict[str, str]:
        from tenure.app import inbox

        return {row["message_id"]: row["reason"] for row in inbox(self.ws, 1000)[1]}

    def move(self) -> list[Any]:
        from tenure.app import import_sources

        return import_sources(self.ws, Quiet())

    def load(self, table: str, file: Path) -> None:
        from tenure.app import import_table

        import_table(self.ws, table, [file], {}, Quiet())

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        from tenure.app import facts

        found = facts(self.ws, table, 100_000).to_pylist()
        return sorted((tuple(row[c] for c in columns) for row in found), key=str)

    def quarantined(self) -> list[tuple[Any, ...]]:
        from tenure.app import quarantine

        return [(q.table, q.row, q.column) for q in quarantine(self.ws)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest) -> str:
    """Which store."""
    return str(request.param)


@pytest.fixture
def shop_of(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Shop]:
    def make(store: str) -> Shop:
        monkeypatch.setenv("TENURE_WRITE_KEY", KEY)
        if store == "postgresql":
            monkeypatch.setenv("TENURE_STORE_URL", request.getfixturevalue("postgres")())
        (tmp_path / "tenure.yaml").write_text(f"name: Boots\nsalt: s\nstore: {store}\n")
        return Shop(open_workspace(tmp_path))

    return make


@pytest.fixture
def shop(shop_of: Callable[[str], Shop]) -> Shop:
    return shop_of("sqlite")


@contextmanager
def _serving(application: FastAPI) -> Iterator[httpx.Client]:
    import uvicorn

    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    try:
        with httpx.Client(base_url=address, auth=(KEY, ""), timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def serving() -> Callable[[FastAPI], Any]:
    """Puts an application behind a real server; gives a client that knows the write key."""
    return _serving


@pytest.fixture
def client(shop: Shop) -> Iterator[httpx.Client]:
    from tenure.web.app import create_app

    with _serving(create_app(shop.ws.folder)) as client:
        yield client
