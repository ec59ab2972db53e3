"""How e-mail looks on the wire: safe addresses, bodies that cannot end early, replies without people.

Sources: RFC 5321 (4.5.2, dot-stuffing), RFC 5890 (domains beyond ASCII).
"""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")


def wire_address(address: str) -> str | None:
    """The address as it may stand in an SMTP command, its domain in ASCII; None when it may not."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or _UNSAFE.search(address) or len(address) > 254:
        return None
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None


def stuffed(body: bytes) -> bytes:
    """The body with CRLF line ends and doubled leading dots, ending with a line end, without the final dot."""
    lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", body))
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def said(code: int, text: bytes) -> str:
    # Servers like to repeat the address they refuse; it must not come to rest in replies and reports.
    words = _ADDRESS.sub("<address>", text.decode("utf-8", "replace"))
    return f"{code} {' '.join(words.split())}"[:200]
