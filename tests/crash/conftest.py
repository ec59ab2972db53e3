"""What the crash tests share: the lab, a mail server that cannot forget, and both databases."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tenure.domain.message import Plan, message_key
from tenure.store.connection import Store, open_store
from tenure.store.outbox import SqlOutbox
from tenure.store.review import count_messages
from tenure.store.schema import prepare


@pytest.fixture(scope="session")
def bench(neighbour: Callable[[str], ModuleType]) -> ModuleType:
    """The module of the lab, for its `Job`."""
    return neighbour("crash/lab.py")


@pytest.fixture(scope="session")
def lab(bench: ModuleType) -> Iterator[Any]:
    opened = bench.open_lab()
    yield opened
    opened.close()


@dataclass
class World:
    """An outbox full of messages, a channel, and what came out at the other end."""

    store: Store
    address: str
    channel: str
    target: str
    log: str

    def fill(self, number: int, purpose: str = "marketing", name: str = "ok") -> None:
        now = int(time.time() * 1e6)
        plans = [
            Plan(message_key("c", str(each), "o"), "r", "c", "v", str(each), each, "o", "email", purpose,
                 f"{name}-{each}@example.com", "en", "{}", now, now + 10**12)
            for each in range(number)
        ]  # fmt: skip
        assert SqlOutbox(self.store).plan(plans, now) == number

    def states(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for count in count_messages(self.store):
            found[count.state] += count.messages
        return found

    def arrived(self) -> Counter[str]:
        """Messages that came out, by key."""
        if self.channel == "maildir":
            folder = Path(self.target)
            return Counter(file.name.partition(".")[0] for file in folder.glob("[nc]*/*"))
        return Counter(json.loads(line)["key"] for line in Path(self.log).read_text().splitlines())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Call it for the address of an empty store."""
    if request.param == "postgres":
        empty: Callable[[], str] = request.getfixturevalue("postgres")
        return empty
    names = iter(range(1_000))
    return lambda: str(tmp_path / f"store{next(names)}.db")


@pytest.fixture(params=["maildir", "smtp"])
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_world(database: Callable[[], str], tmp_path: Path) -> Iterator[Callable[..., World]]:
    stores: list[Store] = []
    sinks: list[subprocess.Popen[str]] = []

    def make(channel: str, delay_ms: float = 0.0) -> World:
        store = open_store(database())
        prepare(store)
        stores.append(store)
        number = len(stores)
        log = tmp_path / f"sink{number}.jsonl"
        target = str(tmp_path / f"mail{number}")
        if channel == "smtp":
            sink_program = Path(__file__).parents[1] / "channels/smtp_sink.py"
            command = [sys.executable, str(sink_program), str(log), "--delay-ms", str(delay_ms)]
            sink = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert sink.stdout
            target = sink.stdout.readline().strip()
            sinks.append(sink)
        address = store.place if store.is_sqlite else store.engine.url.render_as_string(hide_password=False)
        return World(store, address, channel, target, str(log))

    yield make
    for sink in sinks:
        sink.kill()
        sink.wait()
        if sink.stdout:
            sink.stdout.close()
    for store in stores:
        store.close()
