"""Signed links that say nothing about whom they belong to.

A token is 36 characters: the first 11 bytes of the message's key and 16 bytes of an HMAC-SHA256 over a purpose byte and
those 11 bytes. The purpose byte keeps an open from being turned into an unsubscription. Nothing in a token can be read
without the warehouse, and nobody without the secret can make one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Literal

Purpose = Literal["unsubscribe", "open"]

_PURPOSE_BYTE: dict[Purpose, bytes] = {"unsubscribe": b"u", "open": b"o"}
PATHS: dict[Purpose, str] = {"unsubscribe": "/u/", "open": "/o/"}
ID_BYTES = 11
MAC_BYTES = 16
SHORTEST_SECRET = 16
# 27 bytes are exactly 36 characters, so no two spellings decode to one token.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{36}")


def sign(purpose: Purpose, message_key: str, secret: bytes) -> str:
    """The token of a message for one purpose.

    Args:
        purpose: what following the link may do.
        message_key: 32 hex digits (`domain.message.message_key`).
        secret: the business's signing secret, at least 16 bytes.

    Raises:
        ValueError: the secret is too short, or the key is not 32 hex digits.
    """
    if not re.fullmatch(r"[0-9a-f]{32}", message_key):
        raise ValueError("a message key has 32 hex digits")
    prefix = bytes.fromhex(message_key)[:ID_BYTES]
    return base64.urlsafe_b64encode(prefix + _mac(purpose, prefix, secret)).decode()


def read(token: str, purpose: Purpose, secret: bytes) -> str | None:
    """The first 22 hex digits of the message's key, or None if the token is not ours or is for another purpose."""
    if not _TOKEN.fullmatch(token):
        return None
    raw = base64.urlsafe_b64decode(token)
    prefix, mac = raw[:ID_BYTES], raw[ID_BYTES:]
    return prefix.hex() if hmac.compare_digest(mac, _mac(purpose, prefix, secret)) else None


def address(base_url: str, purpose: Purpose, message_key: str, secret: bytes) -> str:
    """The whole link, such as `https://shop.example/u/…`."""
    return base_url.rstrip("/") + PATHS[purpose] + sign(purpose, message_key, secret)


def _mac(purpose: Purpose, prefix: bytes, secret: bytes) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"a signing secret has at least {SHORTEST_SECRET} bytes")
    return hmac.new(secret, _PURPOSE_BYTE[purpose] + prefix, hashlib.sha256).digest()[:MAC_BYTES]
