"""The wire form is read back by the standard library, whatever people are called."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.content.mail import KEY_HEADER, Mail, build, message_id
from tenure.domain.errors import TenureError
from tenure.domain.message import message_key

KEY = message_key("win-back", "42", "o")
HEADERS = ["Date", "Message-ID", "From", "To", "Subject", "Content-Language", "List-Unsubscribe",
           "List-Unsubscribe-Post", KEY_HEADER, "MIME-Version", "Content-Type"]  # fmt: skip


def mail(**changes: object) -> Mail:
    values: dict[str, object] = {
        "key": KEY, "recipient": "anna@example.org", "sender_name": "Corner Shop",
        "sender_email": "hello@corner.example", "subject": "Hello", "text": "Hi\n", "html": "<p>Hi</p>",
        "date": datetime(2011, 9, 14, 7, 30, tzinfo=UTC), "unsubscribe_url": "https://corner.example/u/abc",
    }  # fmt: skip
    return Mail(**{**values, **changes})  # type: ignore[arg-type]


def read(body: bytes) -> EmailMessage:
    return cast(EmailMessage, email.message_from_bytes(body, policy=email.policy.SMTP))


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_a_mail_reads_back_as_it_was_written() -> None:
    message = read(build(mail(subject="Grüße aus Köln", text="Hallo Jörg,\n\n.\nFrom here\n", html="<p>ü</p>")))
    assert list(message.keys()) == HEADERS
    assert message["Subject"] == "Grüße aus Köln"
    assert message["From"].addresses[0].addr_spec == "hello@corner.example"
    assert message["Message-ID"] == f"<{KEY}@corner.example>"
    assert message["Date"].datetime == datetime(2011, 9, 14, 7, 30, tzinfo=UTC)
    assert message[KEY_HEADER] == KEY
    assert part(message, "plain").replace("\r\n", "\n") == "Hallo Jörg,\n\n.\nFrom here\n"
    assert part(message, "html").strip() == "<p>ü</p>"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]


def test_one_click_unsubscription_is_announced_as_rfc_8058_asks() -> None:
    message = read(build(mail()))
    assert message["List-Unsubscribe"] == "<https://corner.example/u/abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in read(build(mail(unsubscribe_url="")))


def test_the_same_mail_is_the_same_to_the_byte() -> None:
    assert build(mail()) == build(mail())
    assert message_id(KEY, "hello@corner.example") == f"{KEY}@corner.example"


_any_text = st.text(max_size=200) | st.text('\r\n\0\x0b\u2028\u202e =?:,<>"\\üß😀aB.', max_size=80)


@settings(max_examples=400, deadline=None)
@given(name=_any_text, subject=_any_text, to=_any_text)
def test_no_name_or_subject_adds_a_header(name: str, subject: str, to: str) -> None:
    body = build(mail(sender_name=name, subject=subject, recipient_name=to))
    head = body.split(b"\r\n\r\n", 1)[0]
    message = read(body)
    assert list(message.keys()) == HEADERS
    assert not any(line.startswith((b"Bcc", b"X-Evil")) for line in head.split(b"\r\n"))
    assert max(map(len, head.split(b"\r\n"))) <= 200
    assert message["To"].addresses[0].addr_spec == "anna@example.org"
    assert message["From"].addresses[0].addr_spec == "hello@corner.example"
    assert message.is_multipart()


@given(subject=st.text(st.characters(categories=["L", "N", "P", "Sc", "So"]), min_size=1, max_size=120))
def test_a_subject_comes_back_as_it_was(subject: str) -> None:
    assert read(build(mail(subject=subject)))["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize("name", ["A\r\nBcc: x@evil.example", "=?utf-8?B?QmNjOiB4?=", 'Say "hi" \\ there', "😀" * 40])
def test_a_hostile_name_stays_a_name(name: str) -> None:
    message = read(build(mail(sender_name=name)))
    assert "Bcc" not in message
    # The header class of Python 3.11 keeps the white space between encoded words, against RFC 2047; this reads by it.
    raw = email.message_from_bytes(build(mail(sender_name=name)))["From"].rpartition("<")[0].strip()
    shown = str(make_header(decode_header(raw)))
    assert shown.strip('"').replace('\\"', '"').replace("\\\\", "\\") == " ".join(name.split())


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=400), html=st.text(max_size=400))
def test_any_content_stays_in_its_part(text: str, html: str) -> None:
    body = build(mail(text=text, html=html))
    assert body.count(f"--=_{KEY}".encode()) == 3
    assert all(len(line) <= 200 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert b"\r" not in body.replace(b"\r\n", b"")
    assert [p.get_content_type() for p in read(body).iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "@example.org", "a b@example.org", "anna@example.org\r\nBcc: x@evil.example", "a@b@c.example",
     "anna@exa mple.org", "<anna@example.org>", "anna@example.org,bob@example.org", "jörg@example.org",
     "a@-x.example", "a..b@example.org", "a" * 65 + "@example.org", "anna@" + "a" * 260, "anna@exam\x00ple.org"],
)  # fmt: skip
def test_an_address_that_cannot_be_written_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(TenureError, match="address of the recipient cannot be used") as refused:
        build(mail(recipient=address))
    assert not address or address not in refused.value.sentence


def test_a_domain_in_other_letters_is_spelt_for_the_wire() -> None:
    assert read(build(mail(recipient="anna@köln.example")))["To"].addresses[0].domain == "xn--kln-sna.example"


def test_a_key_or_link_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="32 hex digits"):
        build(mail(key="x\r\nBcc: y"))
    with pytest.raises(ValueError, match="not a link"):
        build(mail(unsubscribe_url="https://x.example/>\r\nBcc: y"))
