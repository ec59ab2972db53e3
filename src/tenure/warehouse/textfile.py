"""Looks at a text file's beginning, and opens it whatever its compression, encoding, delimiter or line ends are."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tenure.domain.errors import Place, TenureError, nearest

_CHUNK = 4 << 20
_ENGINE_LINE = 1 << 20  # bytes of a line that the engine's own reader takes without trouble
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32-le"), (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file with its header.

    Attributes:
        header: column names, each once (a repeated name gets `_2`, `_3`, …).
        plain: UTF-8, so that the engine's own reader can be tried first.
        mark: bytes of the byte order mark.
    """

    path: str
    encoding: str
    delimiter: str
    header: list[str]
    plain: bool
    mark: int = 0


def open_text(path: str, encoding: str, delimiter: str = "", *, lines_only: bool = False) -> TextFile | None:
    """Look at a file's beginning; None when it is empty.

    Args:
        path: the file, perhaps .gz or .zst.
        encoding: as the source says; a byte order mark knows better.
        delimiter: one character, or '' to find it in the header.
        lines_only: the file has no header (JSON Lines).

    Raises:
        TenureError: the encoding is unknown or the header is no text.
    """
    with open_bytes(path) as stream:
        start = b""
        while len(start) < _CHUNK and (chunk := read_chunk(stream)):
            start += chunk
    if not start.strip(b"\x00\r\n\t ") and len(start) < _CHUNK:
        return None
    mark, encoding = _encoding(start, encoding, path)
    if lines_only:
        return TextFile(path, encoding, "", [], encoding == "utf-8", mark)
    name = Path(path).name
    text = start[mark:].decode(encoding, "replace")
    if "\ufffd" in (text.splitlines() or ["\ufffd"])[0]:
        raise TenureError(
            f"the header of {name} is not {encoding}", "Say how it is written, for instance `encoding: cp1252`."
        )
    delimiter = delimiter or _delimiter(text)
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    return TextFile(path, encoding, delimiter, _names(header), encoding == "utf-8", mark)


def has_long_line(file: TextFile) -> bool:
    """Whether some megabyte has no line end: the engine's own reader would take minutes to refuse such a file."""
    with open_bytes(file.path) as stream:
        since = 0
        while chunk := read_chunk(stream):
            first = chunk.find(b"\n")
            mark = b"\n" if first >= 0 else b"\r"
            first = first if first >= 0 else chunk.find(mark)
            if since + (len(chunk) if first < 0 else first) > _ENGINE_LINE:
                return True
            since = since + len(chunk) if first < 0 else len(chunk) - 1 - chunk.rfind(mark)
    return False


def open_bytes(path: str) -> IO[bytes]:
    """The file's bytes, unpacked if its name ends in .gz or .zst."""
    if path.endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    if path.endswith(".zst"):
        import pyarrow as pa

        return cast(IO[bytes], pa.CompressedInputStream(pa.OSFile(path, "rb"), "zstd"))
    return Path(path).open("rb")


def read_chunk(stream: IO[bytes]) -> bytes:
    """Some megabytes at most; nothing at the end, even of a compressed file that was cut off."""
    try:
        # At most what one read of the disk gives, so that a cut-off file yields what stands before the cut.
        return stream.read1(_CHUNK)  # type: ignore[attr-defined,no-any-return]
    except (EOFError, OSError, zlib.error):
        return b""  # a compressed file that was cut off: what could be unpacked is used


def _encoding(start: bytes, encoding: str, path: str) -> tuple[int, str]:
    for mark, known in _MARKS:
        if start.startswith(mark):
            return len(mark), known
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise TenureError(
            f"there is no encoding `{encoding}`", nearest(encoding, ("utf-8", "cp1252", "latin-1", "utf-16")),
            Place(Path(path).name),
        ) from None  # fmt: skip
    return 0, {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(name, name)


def line_end(start: bytes) -> bytes:
    """What ends a line: a carriage return only where there is no line feed."""
    return b"\r" if b"\r" in start and b"\n" not in start else b"\n"


def _delimiter(text: str) -> str:
    """The character that the header uses most, outside quotes, of those that files use."""
    line = next(csv.reader(io.StringIO(text, newline=""), delimiter="\x00"), [""])
    outside = "".join("".join(line).split('"')[::2])
    counts = {mark: outside.count(mark) for mark in ",;\t|"}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _names(header: Sequence[str]) -> list[str]:
    """Column names, each once: a name that stands twice gets a number, an empty one says its place."""
    names: list[str] = []
    seen: set[str] = set()
    for place, cell in enumerate(header, start=1):
        base = cell.strip() or f"column{place}"
        name, number = base, 2
        while name.lower() in seen:
            name, number = f"{base}_{number}", number + 1
        seen.add(name.lower())
        names.append(name)
    return names
