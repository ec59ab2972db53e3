"""The service is killed as kill -9 does while events pour in: every event that was acknowledged is there, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import count

import httpx
import pytest


class Senders:
    """Clients that send each batch until it is acknowledged, wherever the service listens."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.acknowledged: list[str] = []
        self.stop = threading.Event()
        self._numbers = count()
        self._threads = [threading.Thread(target=self._send) for _ in range(6)]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with httpx.Client(base_url=self.address, timeout=5) as client:
            while not self.stop.is_set():
                ids = [f"m{next(self._numbers)}" for _ in range(20)]
                batch = [{"type": "track", "userId": "ann", "event": "Seen", "messageId": one} for one in ids]
                while not self._is_taken(client, {"batch": batch, "writeKey": "wk-123"}):
                    if self.stop.wait(0.02):
                        return  # never acknowledged, so never promised
                self.acknowledged += ids

    def _is_taken(self, client: httpx.Client, body: dict[str, object]) -> bool:
        try:
            return client.post("/v1/batch", json=body).status_code == 200
        except httpx.HTTPError:
            return False


PARENT = """
import json, os, signal, socket, sys
import uvicorn
from pathlib import Path
import duckdb, sqlalchemy, tenure.store.inbox, tenure.store.schema  # so that a service starts in milliseconds
from tenure.web.app import create_app

bound = socket.create_server(("127.0.0.1", 0))
print(bound.getsockname()[1], flush=True)
for line in sys.stdin:
    if line.strip() == "wait":
        print(os.waitpid(pid, 0)[1], flush=True)
        continue
    job = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.environ.update(job["environment"])
        uvicorn.Server(uvicorn.Config(create_app(Path(job["folder"])), log_level="error")).run(sockets=[bound])
        os._exit(0)
    print(pid, flush=True)
"""


class Services:
    """Forks services that listen on one port, and kills them."""

    def __init__(self) -> None:
        words = [sys.executable, "-c", PARENT]
        self._parent = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = f"http://127.0.0.1:{self._read()}"
        self._pid = 0

    def start(self, shop) -> None:
        names = ("TENURE_WRITE_KEY", "TENURE_STORE_URL")
        given = {name: os.environ[name] for name in names if name in os.environ}
        self._say(json.dumps({"folder": str(shop.ws.folder), "environment": given}))
        self._pid = self._read()

    def kill(self) -> int:
        """Kill the service as kill -9 does; its exit status."""
        os.kill(self._pid, signal.SIGKILL)
        self._say("wait")
        return self._read()

    def close(self) -> None:
        self._parent.stdin.close()
        self._parent.wait()

    def _say(self, line: str) -> None:
        self._parent.stdin.write(line + "\n")
        self._parent.stdin.flush()

    def _read(self) -> int:
        return int(self._parent.stdout.readline())


@pytest.fixture(scope="module")
def services():
    made = Services()
    yield made
    made.close()


def test_a_killed_service_loses_no_acknowledged_event_and_doubles_none(either, shop_of, services):
    shop = shop_of(either)
    services.start(shop)
    senders = Senders(services.address)
    try:
        for _ in range(3):
            before = len(senders.acknowledged)
            until = time.monotonic() + 60
            while len(senders.acknowledged) < before + 100 and time.monotonic() < until:
                time.sleep(0.01)
            assert services.kill() == signal.SIGKILL
            assert len(senders.acknowledged) >= before + 100
            services.start(shop)
        senders.finish()
    finally:
        senders.stop.set()
        services.kill()
    acknowledged = senders.acknowledged
    assert len(acknowledged) == len(set(acknowledged)) >= 300
    shop.move()
    stored = [event for (event,) in shop.rows("events", "event_id")]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
