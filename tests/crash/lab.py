"""A place to kill senders in: each is a forked process of its own, doing the real send with real channels.

As a script it is the parent that forks them, single-threaded and with everything imported, so that a sender starts in
milliseconds. It reads one JSON object a line, `{"start": {…}}` or `{"wait": pid}`, and answers one a line.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tenure.channels.maildir import Maildir
from tenure.channels.smtp import MailServer, Smtp
from tenure.domain.errors import TenureError
from tenure.domain.message import Envelope, Plan, Refusal
from tenure.operations.lane import Rules
from tenure.operations.send import Carrier, send
from tenure.ports import Channel
from tenure.store.connection import open_store
from tenure.store.outbox import SqlOutbox
from tenure.store.process import this_process
from tenure.store.schema import prepare


@dataclass
class Job:
    """What one sender does.

    Attributes:
        crash: the point at which it kills itself, the `nth` time it passes it.
        pauses: it stops itself there instead, as SIGSTOP does, once.
        skew_seconds: how far its wall clock is ahead.
        log: the sink's log, when doubts may be looked up there.
    """

    address: str
    channel: str
    target: str
    connections: int = 2
    batch: int = 4
    lease_seconds: float = 60.0
    grace_seconds: float = 0.0
    skew_seconds: float = 0.0
    crash: str = ""
    nth: int = 1
    pauses: bool = False
    log: str = ""
    ignore_gone: bool = False


class SkewedClock:
    def __init__(self, skew: float) -> None:
        self._skew = timedelta(seconds=skew)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._skew

    def monotonic(self) -> float:
        return time.monotonic()


class Quiet:
    def start(self, task: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1) -> None: ...
    def finish(self, summary: str = "") -> None: ...


@dataclass
class Fuse:
    """Kills this process, as kill -9 does, the nth time it passes the point."""

    point: str
    left: int
    pauses: bool

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGSTOP if self.pauses else signal.SIGKILL)
                # The signal may find another thread first; this one must not walk on into a transaction meanwhile.
                time.sleep(0.05)


class SearchableSmtp(Smtp):
    """SMTP with a relay whose log can be read, as with many providers."""

    log = ""

    def lookup(self, key: str) -> bool | None:
        return (
            key in {json.loads(line)["key"] for line in Path(self.log).read_text().splitlines()} if self.log else None
        )


def compose(plan: Plan) -> Envelope | Refusal:
    if plan.recipient.startswith("cancelled"):
        return Refusal("cancelled", "the goal is reached")
    body = f"X-Key: {plan.key}\r\nSubject: Hello\r\n\r\nGood day.\r\n".encode()
    return Envelope(plan.key, plan.recipient, "shop@example.com", body)


def work(job: Job) -> None:
    """One run of `send`, all of it real."""
    clock = SkewedClock(job.skew_seconds)
    fuse = Fuse(job.crash, job.nth, job.pauses)

    def connect() -> Channel:
        if job.channel == "maildir":
            return Maildir("email", Path(job.target), clock, crash=fuse)
        channel = SearchableSmtp(
            "email", MailServer("127.0.0.1", int(job.target), timeout_seconds=5.0), clock, crash=fuse
        )
        channel.log = job.log
        return channel

    store = open_store(job.address)
    outbox = (
        SqlOutbox(store, crash=fuse, gone=lambda _owner: False) if job.ignore_gone else SqlOutbox(store, crash=fuse)
    )
    rules = Rules(job.lease_seconds, job.batch, job.grace_seconds)
    send(outbox, {"email": Carrier(connect, job.connections)}, compose, clock, Quiet(), this_process(), rules, fuse)
    store.close()


@dataclass
class Lab:
    """The tests' side: starts senders, waits for them, kills them."""

    process: subprocess.Popen[str]
    running: set[int] = field(default_factory=set)

    def start(self, job: Job) -> int:
        pid = int(self._ask({"start": vars(job)}))
        self.running.add(pid)
        return pid

    def wait(self, pid: int) -> int:
        """The exit code of a sender: 0 done, -9 killed."""
        self.running.discard(pid)
        return int(self._ask({"wait": pid}))

    def run(self, job: Job) -> int:
        return self.wait(self.start(job))

    def close(self) -> None:
        for pid in self.running:
            os.kill(pid, signal.SIGKILL)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def _ask(self, question: dict[str, Any]) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


def open_lab() -> Lab:
    return Lab(subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


def warm_up() -> None:
    """Import what senders import late, and let SQLAlchemy learn both databases' ways, once for all forks."""
    with tempfile.TemporaryDirectory() as folder:
        address = str(Path(folder) / "store.db")
        store = open_store(address)
        prepare(store)
        store.close()
        work(Job(address, "maildir", str(Path(folder) / "mail")))
    with suppress(TenureError):
        open_store("postgresql://nobody@127.0.0.1:1/nothing")


def main() -> None:
    warm_up()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                work(Job(**asked["start"]))
                code = 0
            except BaseException as error:  # the parent must not be run twice
                print(f"sender: {error!r}", file=sys.stderr, flush=True)
            os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
