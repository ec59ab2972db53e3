"""The SMTP channel against a real server that behaves, and one that does not."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.channels.smtp import MailServer, Smtp
from tenure.channels.wire import stuffed, wire_address
from tenure.domain.errors import TenureError
from tenure.domain.message import Answer, Envelope
from tenure.ports import Clock

MakeEnvelope = Callable[..., Envelope]
StartSink = Callable[..., Any]


@pytest.fixture
def sink(start_sink: StartSink) -> Any:
    return start_sink()


def to(port: int, **changes: Any) -> MailServer:
    return MailServer(**({"host": "127.0.0.1", "port": port, "timeout_seconds": 2.0, "answer_seconds": 0.5} | changes))


def later() -> float:
    return time.monotonic() + 60


def told(sink: Any, clock: Clock, envelope: Envelope) -> Answer:
    channel = Smtp("email", to(sink.port), clock)
    channel.open()
    try:
        return channel.deliver(envelope, later())
    finally:
        channel.close()


@pytest.mark.parametrize(
    ("recipient", "outcome", "detail"),
    [
        ("ok-1@example.com", "accepted", "250 2.0.0 taken"),
        ("nouser-1@example.com", "never", "550 5.1.1 <address> no such user"),
        ("busy-1@example.com", "later", "450 4.2.1 <address> try again later"),
        ("closing-1@example.com", "later", "421 closing"),
        ("later-1@example.com", "later", "451 4.3.0 try again"),
        ("spam-1@example.com", "never", "554 5.7.1 no, <address>"),
        ("big-1@example.com", "never", "552 too big"),
        ("gone-1@example.com", "later", "the connection broke before the message was complete (the server hung up)"),
        ("cut-1@example.com", "doubt", "the connection broke after the final dot (the server hung up)"),
        ("lost-1@example.com", "doubt", "the connection broke after the final dot (the server hung up)"),
        ("hang-1@example.com", "doubt", "the connection broke after the final dot (no answer in time)"),
        ("garbled-1@example.com", "doubt", "the server's answer to the final dot makes no sense: 999 what"),
        ("bücher@bücher.example", "accepted", "250 2.0.0 taken"),
    ],
)
def test_each_answer_means_what_it_says(
    sink: Any, clock: Clock, an_envelope: MakeEnvelope, recipient: str, outcome: str, detail: str
) -> None:
    answer = told(sink, clock, an_envelope(recipient))
    assert (answer.outcome, answer.detail) == (outcome, detail)
    has_arrived = recipient.startswith(("ok", "cut", "hang", "bücher"))
    assert len(sink.kept()) == has_arrived


def test_one_connection_serves_many_messages_even_after_a_refusal(
    sink: Any, clock: Clock, an_envelope: MakeEnvelope
) -> None:
    channel = Smtp("email", to(sink.port), clock)
    channel.open()
    names = ["ok-1", "nouser-2", "ok-3", "later-4", "spam-5", "ok-6"]
    for name in names:
        channel.deliver(an_envelope(f"{name}@example.com"), later())
    channel.close()
    assert [kept["recipient"].partition("@")[0] for kept in sink.kept()] == ["ok-1", "ok-3", "ok-6"]
    assert len({kept["session"] for kept in sink.kept()}) == 1


def test_a_connection_that_the_server_cut_is_opened_again(sink: Any, clock: Clock, an_envelope: MakeEnvelope) -> None:
    channel = Smtp("email", to(sink.port), clock)
    channel.open()
    outcomes = [
        channel.deliver(an_envelope(f"{n}@example.com"), later()).outcome for n in ("gone-1", "ok-2", "cut-3", "ok-4")
    ]
    assert outcomes == ["later", "accepted", "doubt", "accepted"]
    channel.close()


def test_a_body_arrives_byte_for_byte(sink: Any, clock: Clock, an_envelope: MakeEnvelope) -> None:
    envelope = an_envelope(body=b".\r\n..two\r\n.RSET\r\nend\r\n" + (b"x" * 900 + b"\r\n") * 200 + b".\r\nafter\r\n")
    assert told(sink, clock, envelope).outcome == "accepted"
    assert [kept["sha256"] for kept in sink.kept()] == [hashlib.sha256(envelope.body).hexdigest()]


@given(st.binary(max_size=60) | st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a"])).map(b"".join))
def test_no_body_can_end_the_message_early(body: bytes) -> None:
    wire = stuffed(body)
    assert wire.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert b"\r" not in wire.replace(b"\r\n", b"")
    read = [line[1:] if line.startswith(b".") else line for line in wire.split(b"\r\n")]
    plain = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert read == (plain if plain[-1] == b"" and body else [*plain, b""])


@pytest.mark.parametrize(
    "address",
    ["a@b\r\nDATA", "a\n@b.example", "a\0@b.example", "a b@c.example", "<a@b.example>", "nobody", "@b.example", "a@",
     "", "a" * 250 + "@b.example", "a@" + "ü" * 70],
)  # fmt: skip
def test_an_address_that_could_smuggle_a_command_fails_alone(
    sink: Any, clock: Clock, an_envelope: MakeEnvelope, address: str
) -> None:
    assert wire_address(address) is None
    answer = told(sink, clock, an_envelope(address))
    assert answer == Answer("never", "the recipient's address is not one that e-mail can carry")


def test_a_paused_process_hangs_up_before_the_dot(sink: Any, clock: Clock, an_envelope: MakeEnvelope) -> None:
    pause = lambda point: time.sleep(0.3) if point == "transmitted" else None  # noqa: E731
    channel = Smtp("email", to(sink.port), clock, crash=pause)
    channel.open()
    answer = channel.deliver(an_envelope(), time.monotonic() + 0.2)
    assert answer.outcome == "later"
    time.sleep(0.1)
    assert sink.kept() == []


def test_a_sender_that_the_server_refuses_stops_the_channel_and_not_the_messages(
    start_sink: StartSink, clock: Clock, an_envelope: MakeEnvelope
) -> None:
    sink = start_sink("--only-sender", "other@example.com")
    with pytest.raises(TenureError, match=r"takes no mail from this sender \(553 5.7.1 <address> is not yours\)"):
        told(sink, clock, an_envelope())
    with pytest.raises(TenureError, match="sender's address"):
        told(sink, clock, an_envelope(sender="shop@example.com>\r\nRSET"))


def test_starttls_and_login(
    start_sink: StartSink, clock: Clock, an_envelope: MakeEnvelope, certificate: tuple[Path, Path]
) -> None:
    sink = start_sink("--tls", *map(str, certificate), "--login", "shop", "s3cret")
    trust = ssl.create_default_context(cafile=certificate[0])
    secure = {"host": "localhost", "security": "starttls", "user": "shop"}
    good = Smtp("email", to(sink.port, **secure, password="s3cret", trust=trust), clock)
    good.open()
    assert good.deliver(an_envelope(), later()).outcome == "accepted"
    good.close()
    for changes, words in (
        ({"password": "wrong", "trust": trust}, "does not accept the user or password"),
        ({"password": "", "trust": trust}, "TENURE_SMTP_PASSWORD"),
        ({"password": "s3cret"}, "CERTIFICATE_VERIFY_FAILED|certificate verify failed"),
    ):
        with pytest.raises(TenureError, match=words):
            Smtp("email", to(sink.port, **(secure | changes)), clock).open()


def test_a_server_without_starttls_is_refused_and_a_password_never_travels_bare(sink: Any, clock: Clock) -> None:
    with pytest.raises(TenureError, match="does not offer STARTTLS"):
        Smtp("email", to(sink.port, security="starttls"), clock).open()
    with pytest.raises(TenureError, match="offers no login"):
        Smtp("email", to(sink.port, user="shop", password="x"), clock).open()
    far = Smtp("email", to(25, host="mail.example.com", user="shop", password="x"), clock)
    with pytest.raises(TenureError, match="would travel unprotected"):
        far._log_in(None)  # type: ignore[arg-type]
    assert "s3cret" not in repr(to(25, password="s3cret"))


def test_a_server_that_says_nothing_is_a_sentence_naming_it(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TenureError, match=f"127.0.0.1:{port} cannot be reached .no answer in time"):
            Smtp("email", to(port, timeout_seconds=0.2), clock).open()


def test_a_server_that_speaks_no_smtp_is_a_sentence(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as web:

        def answer() -> None:
            peer, _ = web.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer).start()
        with pytest.raises(TenureError, match="cannot be reached"):
            Smtp("email", to(web.getsockname()[1]), clock).open()
