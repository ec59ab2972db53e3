"""The recorder's folder is a maildir, and the same message cannot be in it twice."""

from __future__ import annotations

import mailbox
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tenure.channels.recorder import Recorder
from tenure.domain.errors import TenureError
from tenure.domain.message import Envelope
from tenure.ports import Clock


@pytest.fixture
def recorder(tmp_path: Path, clock: Clock) -> Recorder:
    made = Recorder("email", tmp_path / "mail", clock)
    made.open()
    return made


def later() -> float:
    return time.monotonic() + 60


def files(tmp_path: Path) -> list[str]:
    return sorted(entry.parent.name for entry in (tmp_path / "mail").glob("*/*"))


def test_a_mail_program_reads_it(recorder: Recorder, tmp_path: Path, an_envelope: Callable[..., Envelope]) -> None:
    recorder.deliver(an_envelope(body="Grüße, 42 €\r\n".encode()), later())
    (message,) = mailbox.Maildir(tmp_path / "mail", create=False)
    assert message["Subject"] == "Hello"
    assert message.get_payload(decode=True).decode().split() == ["Grüße,", "42", "€"]


def test_a_repeat_makes_no_second_file(
    recorder: Recorder, tmp_path: Path, an_envelope: Callable[..., Envelope]
) -> None:
    assert recorder.deliver(an_envelope(), later()).outcome == "accepted"
    assert recorder.deliver(an_envelope(), later()).outcome == "accepted"
    assert files(tmp_path) == ["new"]


def test_a_repeat_makes_no_second_file_after_it_was_read(
    recorder: Recorder, tmp_path: Path, an_envelope: Callable[..., Envelope]
) -> None:
    first, second = an_envelope("a@example.com"), an_envelope("b@example.com")
    for envelope in (first, second):
        recorder.deliver(envelope, later())
        assert recorder.lookup(envelope.key)
        box = mailbox.Maildir(tmp_path / "mail", create=False)
        for key, message in box.items():
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message
        # The folder changed within the grain of its time stamp; the second must be seen all the same.
        assert recorder.lookup(envelope.key)
        assert recorder.deliver(envelope, later()).outcome == "accepted"
    assert files(tmp_path) == ["cur", "cur"]


def test_drafts_of_the_dead_are_cleared_away_and_those_of_the_living_kept(
    tmp_path: Path, clock: Clock, recorder: Recorder
) -> None:
    old, fresh = tmp_path / "mail/tmp/old", tmp_path / "mail/tmp/fresh"
    old.touch()
    fresh.touch()
    os.utime(old, (0, time.time() - 40 * 3600))
    recorder.open()
    assert not old.exists()
    assert fresh.exists()


def test_a_full_disk_is_a_sentence_and_leaves_no_file(
    recorder: Recorder, tmp_path: Path, an_envelope: Callable[..., Envelope]
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
        with pytest.raises(TenureError, match="[Tt]he disk is full"):
            recorder.deliver(an_envelope(body=b"x" * 5_000), later())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert files(tmp_path) == []
    assert recorder.deliver(an_envelope(body=b"x" * 5_000), later()).outcome == "accepted"


def test_a_folder_that_cannot_be_made_durable_leaves_a_doubt_that_a_look_up_ends(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, an_envelope: Callable[..., Envelope]
) -> None:
    def fail(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tenure.channels.recorder._sync_folder", fail)
    assert recorder.deliver(an_envelope(), later()).outcome == "doubt"
    assert recorder.lookup(an_envelope().key)
