"""The folder is a maildir, and the same message cannot be in it twice."""

from __future__ import annotations

import mailbox
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tenure.channels.maildir import Maildir
from tenure.domain.errors import TenureError
from tenure.domain.message import Envelope
from tenure.ports import Clock


@pytest.fixture
def maildir(tmp_path: Path, clock: Clock) -> Maildir:
    made = Maildir("email", tmp_path / "mail", clock)
    made.open()
    return made


def later() -> float:
    return time.monotonic() + 60


def files(tmp_path: Path) -> list[str]:
    return sorted(entry.parent.name for entry in (tmp_path / "mail").glob("*/*"))


def test_a_mail_program_reads_it(maildir: Maildir, tmp_path: Path, an_envelope: Callable[..., Envelope]) -> None:
    maildir.deliver(an_envelope(body="Grüße, 42 €\r\n".encode()), later())
    (message,) = mailbox.Maildir(tmp_path / "mail", create=False)
    assert message["Subject"] == "Hello"
    assert message.get_payload(decode=True).decode().split() == ["Grüße,", "42", "€"]


def test_a_repeat_makes_no_second_file(maildir: Maildir, tmp_path: Path, an_envelope: Callable[..., Envelope]) -> None:
    assert maildir.deliver(an_envelope(), later()).outcome == "accepted"
    assert maildir.deliver(an_envelope(), later()).outcome == "accepted"
    assert files(tmp_path) == ["new"]


def test_a_repeat_makes_no_second_file_after_it_was_read(
    maildir: Maildir, tmp_path: Path, an_envelope: Callable[..., Envelope]
) -> None:
    first, second = an_envelope("a@example.com"), an_envelope("b@example.com")
    for envelope in (first, second):
        maildir.deliver(envelope, later())
        assert maildir.lookup(envelope.key)
        box = mailbox.Maildir(tmp_path / "mail", create=False)
        for key, message in box.items():
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message
        # The folder changed within the grain of its time stamp; the second must be seen all the same.
        assert maildir.lookup(envelope.key)
        assert maildir.deliver(envelope, later()).outcome == "accepted"
    assert files(tmp_path) == ["cur", "cur"]


def test_drafts_of_the_dead_are_cleared_away_and_those_of_the_living_kept(
    tmp_path: Path, clock: Clock, maildir: Maildir
) -> None:
    old, fresh = tmp_path / "mail/tmp/old", tmp_path / "mail/tmp/fresh"
    old.touch()
    fresh.touch()
    os.utime(old, (0, time.time() - 40 * 3600))
    maildir.open()
    assert not old.exists()
    assert fresh.exists()


def test_a_full_disk_is_a_sentence_and_leaves_no_file(
    maildir: Maildir, tmp_path: Path, an_envelope: Callable[..., Envelope]
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
        with pytest.raises(TenureError, match="[Tt]he disk is full"):
            maildir.deliver(an_envelope(body=b"x" * 5_000), later())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert files(tmp_path) == []
    assert maildir.deliver(an_envelope(body=b"x" * 5_000), later()).outcome == "accepted"


def test_a_folder_that_cannot_be_made_durable_leaves_a_doubt_that_a_look_up_ends(
    maildir: Maildir, monkeypatch: pytest.MonkeyPatch, an_envelope: Callable[..., Envelope]
) -> None:
    def fail(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tenure.channels.durable.sync_folder", fail)
    assert maildir.deliver(an_envelope(), later()).outcome == "doubt"
    assert maildir.lookup(an_envelope().key)
