"""What every channel must do, whatever it is. A new channel adds itself to `channel` here."""

from __future__ import annotations

import mailbox
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenure.channels.maildir import Maildir
from tenure.channels.recorder import Recorder
from tenure.channels.smtp import MailServer, Smtp
from tenure.domain.errors import TenureError
from tenure.domain.message import Envelope
from tenure.ports import Channel, Clock

SOON = 60.0


class Try:
    """A channel, and what the other side has of it."""

    def __init__(self, make: Callable[[], Channel], arrived: Callable[[], list[str]], broken: Channel) -> None:
        self.make = make
        self.arrived = arrived
        self.broken = broken


@pytest.fixture(params=["maildir", "recorder", "smtp"])
def trial(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Try:
    folder = tmp_path / "kept"
    (tmp_path / "file").touch()
    if request.param == "maildir":
        arrived = lambda: [str(message["X-Key"]) for message in mailbox.Maildir(folder, create=False)]  # noqa: E731
        return Try(lambda: Maildir("email", folder, clock), arrived, Maildir("email", tmp_path / "file", clock))
    if request.param == "recorder":
        names = lambda: [file.stem for file in folder.glob("*.txt")]  # noqa: E731
        return Try(lambda: Recorder("sms", folder, clock), names, Recorder("sms", tmp_path / "file", clock))
    sink: Any = request.getfixturevalue("start_sink")()
    make = lambda: Smtp("email", MailServer("127.0.0.1", sink.port), clock)  # noqa: E731
    broken = Smtp("email", MailServer("127.0.0.1", 1), clock)
    return Try(make, lambda: [kept["key"] for kept in sink.kept()], broken)


@pytest.fixture
def channel(trial: Try) -> Channel:
    made = trial.make()
    made.open()
    return made


def later() -> float:
    return time.monotonic() + SOON


def test_what_it_accepts_has_arrived(trial: Try, channel: Channel, an_envelope: Callable[..., Envelope]) -> None:
    envelopes = [an_envelope(f"c{number}@example.com") for number in range(5)]
    assert [channel.deliver(envelope, later()).outcome for envelope in envelopes] == ["accepted"] * 5
    assert sorted(trial.arrived()) == sorted(envelope.key for envelope in envelopes)
    channel.close()


def test_after_the_deadline_nothing_leaves(trial: Try, channel: Channel, an_envelope: Callable[..., Envelope]) -> None:
    answer = channel.deliver(an_envelope(), time.monotonic() - 0.001)
    assert answer.outcome == "later"
    time.sleep(0.05)
    assert trial.arrived() == []
    assert channel.deliver(an_envelope(), later()).outcome == "accepted"
    channel.close()


def test_a_look_up_never_claims_what_it_does_not_know(
    trial: Try, channel: Channel, an_envelope: Callable[..., Envelope]
) -> None:
    assert channel.lookup(an_envelope().key) in (False, None)
    channel.deliver(an_envelope(), later())
    assert channel.lookup(an_envelope().key) in (True, None)
    channel.close()


def test_closing_twice_or_before_opening_is_no_trouble(trial: Try) -> None:
    made = trial.make()
    made.close()
    made.open()
    made.close()
    made.close()


def test_what_cannot_be_reached_is_a_sentence_with_a_remedy(trial: Try) -> None:
    with pytest.raises(TenureError) as refused:
        trial.broken.open()
    assert refused.value.remedy
    assert "@" not in refused.value.sentence
    trial.broken.close()


def test_a_channel_may_be_opened_again(trial: Try, channel: Channel, an_envelope: Callable[..., Envelope]) -> None:
    channel.close()
    channel.open()
    assert channel.deliver(an_envelope(), later()).outcome == "accepted"
    channel.close()
