"""Bodies of requests, read with a limit: never more bytes than are taken, packed or unpacked, and never for ever."""

from __future__ import annotations

import asyncio
import zlib

from fastapi import Request

from tenure.domain.errors import TenureError
from tenure.operations.receive import TooLargeError

_SECONDS = 20.0  # for a body to arrive; a slow sender would else keep a place from others


class SlowError(TenureError):
    """The body did not arrive in time."""


async def body_of(request: Request, limit: int) -> bytes:
    """The body of a request as it was sent.

    Raises:
        TooLargeError: it is larger than `limit` bytes.
        SlowError: it did not arrive in time.
    """
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > limit:
                    raise _too_large(limit)
                pieces.append(piece)
    except TimeoutError:
        raise SlowError("the body did not arrive in time", "Send it again.") from None
    return b"".join(pieces)


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """A body as it was before it was packed.

    Args:
        body: as it was sent.
        encoding: the header Content-Encoding.
        limit: bytes at most; a bomb is noticed before it bursts.

    Raises:
        TooLargeError: it unpacks to more.
        TenureError: it is not packed as the header says, or in a way that is not known here.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise TenureError("the body is packed in a way that is not known here", "Send it as it is, or with gzip.")
    reader = zlib.decompressobj(wbits=31)
    try:
        content = reader.decompress(body, limit + 1)
    except zlib.error:
        raise TenureError("the body is not gzip, as its header says", "Send it again.") from None
    if len(content) > limit:
        raise _too_large(limit)
    if not reader.eof:
        raise TenureError("the gzip of the body breaks off", "Send it again.")
    return content


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit >> 10} kB", "Send fewer events at a time.")
