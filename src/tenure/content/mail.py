"""Builds the wire form of an e-mail: headers that nobody can break out of, a text part and an HTML part.

Written by hand instead of through the standard library's message classes, which cost twenty-five times as much per
message; the tests read every message back with them. The same mail gives the same bytes, so a repeat after a crash is
recognisable as one: Message-ID and boundary are functions of the message's key. Sources: RFC 5322, 2045–2047, 8058.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from tenure.domain.errors import TenureError

CRLF = "\r\n"
KEY_HEADER = "X-Tenure-Message"
_LONGEST_PLAIN = 60
_CHUNK_BYTES = 42  # of UTF-8 in one encoded word, so that it stays under the 75 characters of RFC 2047
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_KEY = re.compile(r"[0-9a-f]{32}")
_UNSEEN = re.compile("[\x00\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_URL = re.compile(r"https?://[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail before it becomes bytes.

    Attributes:
        key: the message's unique key, 32 hex digits.
        date: the aware moment that stands in the Date header.
        unsubscribe_url: for one-click unsubscription; empty for service messages.
        language: of the parts, such as `de`.
    """

    key: str
    recipient: str
    sender_name: str
    sender_email: str
    subject: str
    text: str
    html: str
    date: datetime
    reply_to: str = ""
    recipient_name: str = ""
    unsubscribe_url: str = ""
    language: str = "en"


def build(mail: Mail) -> bytes:
    """The complete MIME message with CRLF line ends.

    Raises:
        TenureError: an address cannot be written into a header; the sentence does not repeat it.
        ValueError: the key or the unsubscribe link is not one of ours.
    """
    if not _KEY.fullmatch(mail.key):
        raise ValueError("a message key has 32 hex digits")
    boundary = f"=_{mail.key}"
    lines = [
        *_headers(mail),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        *_part(boundary, "plain", mail.text),
        *_part(boundary, "html", mail.html),
        f"--{boundary}--",
        "",
    ]
    return CRLF.join(lines).encode("ascii")


def message_id(key: str, sender_email: str) -> str:
    """The Message-ID of a key, without angle brackets: the same message always has the same."""
    return f"{key}@{_address(sender_email, 'the sender').partition('@')[2]}"


def _headers(mail: Mail) -> list[str]:
    sender = _address(mail.sender_email, "the sender")
    headers = [
        f"Date: {format_datetime(mail.date)}",
        f"Message-ID: <{message_id(mail.key, mail.sender_email)}>",
        _mailbox("From", mail.sender_name, sender),
        _mailbox("To", mail.recipient_name, _address(mail.recipient, "the recipient")),
    ]
    if mail.reply_to:
        headers.append(_mailbox("Reply-To", "", _address(mail.reply_to, "the reply address")))
    headers.append(f"Subject: {_words(mail.subject)}")
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", mail.language):
        headers.append(f"Content-Language: {mail.language}")
    if mail.unsubscribe_url:
        if not _URL.fullmatch(mail.unsubscribe_url):
            raise ValueError("the unsubscribe link is not a link")
        headers.append(f"List-Unsubscribe: <{mail.unsubscribe_url}>")
        headers.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    headers.append(f"{KEY_HEADER}: {mail.key}")
    return headers


def _part(boundary: str, subtype: str, content: str) -> list[str]:
    return [
        f"--{boundary}",
        f"Content-Type: text/{subtype}; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        *map(_quoted_printable, content.splitlines()),
        "",
    ]


# Most lines of a campaign's mails are the same for everybody, and each is encoded by itself.
@lru_cache(maxsize=4096)
def _quoted_printable(line: str) -> str:
    """One line, encoded; never holds `=_`, so no content can close its part early."""
    encoded = binascii.b2a_qp(_printable(line).encode(), istext=True).decode("ascii")
    return encoded.replace("\n", CRLF)


def _mailbox(header: str, name: str, address: str) -> str:
    shown = _one_line(name)
    if not shown:
        return f"{header}: {address}"
    if shown.isascii() and len(shown) <= _LONGEST_PLAIN and "=?" not in shown:
        quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
        return f'{header}: "{quoted}"{CRLF} <{address}>'
    return f"{header}: {_encoded(shown)}{CRLF} <{address}>"


def _words(text: str) -> str:
    shown = _one_line(text)
    # A text that looks encoded must be encoded, or the reader would see it decoded.
    return shown if shown.isascii() and len(shown) <= _LONGEST_PLAIN and "=?" not in shown else _encoded(shown)


def _encoded(text: str) -> str:
    chunks, current = [], b""
    for sign in text:
        encoded = sign.encode()
        if len(current) + len(encoded) > _CHUNK_BYTES:
            chunks.append(current)
            current = b""
        current += encoded
    chunks.append(current)
    return f"{CRLF} ".join(f"=?utf-8?B?{base64.b64encode(chunk).decode()}?=" for chunk in chunks)


def _one_line(text: str) -> str:
    """The text on one line, without any sign that could end a header or turn the reading direction."""
    return " ".join(_CONTROL.sub(" ", _printable(text)).split())


def _printable(text: str) -> str:
    """Without lone surrogates (which UTF-8 cannot hold), NUL and signs that turn the reading direction."""
    return _UNSEEN.sub("", text)


def _address(address: str, whose: str) -> str:
    local, _, domain = address.strip().rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not _LOCAL.fullmatch(local) or len(local) > 64 or not _DOMAIN.fullmatch(domain):
        raise TenureError(f"the e-mail address of {whose} cannot be used", "Correct it where it was recorded.")
    return f"{local}@{domain}"
