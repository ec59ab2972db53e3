"""A real mail server and real clocks for the channels."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tenure.domain.message import Envelope, message_key


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Sink:
    """The mail server of the tests."""

    port: int
    log: Path
    process: subprocess.Popen[str]

    def kept(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture
def clock() -> RealClock:
    return RealClock()


@pytest.fixture
def start_sink(tmp_path: Path) -> Iterator[Callable[..., Sink]]:
    started: list[Sink] = []

    def start(*options: str, port: int = 0) -> Sink:
        log = tmp_path / f"sink{len(started)}.jsonl"
        script = Path(__file__).with_name("smtp_sink.py")
        command = [sys.executable, str(script), str(log), "--port", str(port), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout
        sink = Sink(int(process.stdout.readline()), log, process)
        started.append(sink)
        return sink

    yield start
    for sink in started:
        sink.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody else trusts, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl on this machine to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.fixture
def an_envelope() -> Callable[..., Envelope]:
    def envelope(recipient: str = "ada@example.com", body: bytes = b"", sender: str = "shop@example.com") -> Envelope:
        key = message_key("c", recipient, "o")
        head = f"X-Key: {key}\r\nSubject: Hello\r\nFrom: shop@example.com\r\n\r\n".encode()
        return Envelope(key, recipient, sender, head + (body or b"Good day.\r\n"))

    return envelope
