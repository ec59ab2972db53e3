"""Reads text files that are not clean, row by row: whatever a row is, the rows after it are read.

Handles every encoding Python knows, byte order marks, compression, quoted newlines, stray quotes, NUL bytes, unequal
numbers of fields and lines of any length in bounded memory. A clean UTF-8 file never comes here: the engine's own
reader is many times faster and refuses everything that it does not understand to the letter.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tenure.domain.errors import Place, TenureError, nearest

LONGEST_LINE = 8 << 20  # bytes; a longer one is no record but a broken file
_CHUNK = 4 << 20
_ENGINE_LINE = 1 << 20
_BATCH = 50_000
_SPAN = 1_000  # physical lines that one quoted record may span before its opening quote counts as a stray one
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32-le"), (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
_BAD = "\udcff"  # surrogates never occur in decoded text: they mark what could not be decoded

csv.field_size_limit(LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read: rows count from 1 after the header."""

    row: int
    reason: str
    file: str = ""


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
    with _opened(path) as stream:
        start = b""
        while len(start) < _CHUNK and (chunk := _read(stream)):
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
    """Whether some megabyte of the file has no line end: the engine's reader would take minutes to refuse such a file."""
    with _opened(file.path) as stream:
        since = 0
        while chunk := _read(stream):
            first = chunk.find(b"\n")
            mark = b"\n" if first >= 0 else b"\r"
            first = first if first >= 0 else chunk.find(mark)
            if since + (len(chunk) if first < 0 else first) > _ENGINE_LINE:
                return True
            since = since + len(chunk) if first < 0 else len(chunk) - 1 - chunk.rfind(mark)
    return False


def read_rows(file: TextFile, places: Sequence[int]) -> Iterator[tuple[list[list[str | None]], list[Unread]]]:
    """The file's rows in batches: the wanted fields column by column, and the rows that could not be read.

    Args:
        file: from `open_text`.
        places: indexes of the wanted fields.
    """
    columns: list[list[str | None]] = [[] for _ in places]
    bad: list[Unread] = []
    name = Path(file.path).name
    for row, (fields, reason) in enumerate(_records(file), start=0):
        if row == 0:
            continue  # the header
        if reason:
            bad.append(Unread(row, reason, name))
        else:
            for column, place in zip(columns, places, strict=True):
                column.append(fields[place] or None)
        if row % _BATCH == 0:
            yield columns, bad
            columns, bad = [[] for _ in places], []
    yield columns, bad


def read_lines(file: TextFile) -> Iterator[tuple[list[str], list[Unread]]]:
    """The file's lines in batches, blank ones left out, and those that could not be read."""
    good: list[str] = []
    bad: list[Unread] = []
    row = 0
    for line, reason in _lines(file):
        if not reason and not line.strip():
            continue
        row += 1
        if reason:
            bad.append(Unread(row, reason, Path(file.path).name))
        else:
            good.append(line)
        if row % _BATCH == 0:
            yield good, bad
            good, bad = [], []
    yield good, bad


def _records(file: TextFile) -> Iterator[tuple[list[str], str]]:
    """Records of a CSV file, the header first; a record that is no record comes with its reason."""
    queue = _Queue(_lines(file))
    width = len(file.header)
    while (head := queue.take()) is not None:
        line, reason = head
        if reason:
            yield [], reason
        elif '"' not in line:
            if line.strip("\r\n") or width == 1:
                fields = line.rstrip("\r\n").split(file.delimiter)
                yield (fields, "") if len(fields) == width else ([], _why("", len(fields), width))
        else:
            yield _quoted(line, queue, file.delimiter, width)


def _quoted(line: str, queue: _Queue, delimiter: str, width: int) -> tuple[list[str], str]:
    """A record with quotes, which may go on over the following lines."""
    taken: list[str] = []

    def feed() -> Iterator[str]:
        yield line
        size = len(line)
        while len(taken) < _SPAN and size < LONGEST_LINE and (following := queue.take()) is not None:
            if following[1]:
                queue.give_back([following])
                return
            taken.append(following[0])
            size += len(following[0])
            yield following[0]

    error = ""
    fields: list[str] = []
    try:
        fields = next(csv.reader(feed(), delimiter=delimiter, strict=True), [])
    except csv.Error as refusal:
        stray = "expected after" in str(refusal)
        error = "a quote stands in the middle of a field" if stray else "a quote opens and never closes"
    if not error and len(fields) == width:
        return fields, ""
    # The opening quote was perhaps a stray one: the lines after the first get another chance.
    queue.give_back([(text, "") for text in taken])
    return [], _why(error, len(fields), width)


class _Queue:
    """Lines that can be given back."""

    def __init__(self, source: Iterator[tuple[str, str]]) -> None:
        self._source = source
        self._waiting: deque[tuple[str, str]] = deque()

    def take(self) -> tuple[str, str] | None:
        """The next line, or None at the end."""
        return self._waiting.popleft() if self._waiting else next(self._source, None)

    def give_back(self, lines: Sequence[tuple[str, str]]) -> None:
        """Put lines before the next one, in their order."""
        self._waiting.extendleft(reversed(lines))


def _why(error: str, found: int, width: int) -> str:
    if error:
        return error
    return f"has {found} field{'s' if found != 1 else ''} where the header has {width}"


def _lines(file: TextFile) -> Iterator[tuple[str, str]]:
    """Physical lines as text, each with the reason for which it cannot be used ('' for none)."""
    wide = file.encoding.startswith(("utf-16", "utf-32"))
    for line, too_long in _wide_lines(file) if wide else _byte_lines(file):
        if too_long:
            yield "", f"is a line of more than {LONGEST_LINE >> 20} MB"
            continue
        try:
            text = line.decode(file.encoding) if isinstance(line, bytes) else line
        except UnicodeDecodeError:
            yield "", f"is not {file.encoding}; say how the file is written, for instance `encoding: cp1252`"
            continue
        if "\x00" in text:
            yield "", "holds a NUL byte"
        elif _BAD in text:
            yield "", f"is not {file.encoding}; say how the file is written with `encoding:`"
        else:
            yield text, ""


def _byte_lines(file: TextFile) -> Iterator[tuple[bytes, bool]]:
    """Lines as bytes, ends kept; of a line that is too long nothing is kept but the fact."""
    with _opened(file.path) as stream:
        stream.read(file.mark)
        rest, skipping, ends = b"", False, b""
        while chunk := _read(stream):
            ends = ends or _line_end(chunk)
            if skipping:
                cut = chunk.find(ends)
                if cut < 0:
                    continue
                yield b"", True
                chunk, skipping = chunk[cut + 1 :], False
            *complete, rest = (rest + chunk).split(ends)
            for line in complete:
                yield line + ends, len(line) > LONGEST_LINE
            if len(rest) > LONGEST_LINE:
                rest, skipping = b"", True
        if skipping or rest:
            yield rest, skipping


def _wide_lines(file: TextFile) -> Iterator[tuple[str, bool]]:
    """The same for encodings in which a line's end is more than one byte."""
    with _opened(file.path) as stream:
        stream.read(file.mark)
        decoder = codecs.getincrementaldecoder(file.encoding)("surrogateescape")
        rest, skipping = "", False
        while chunk := _read(stream):
            text = decoder.decode(chunk)
            if skipping:
                cut = text.find("\n")
                if cut < 0:
                    continue
                yield "", True
                text, skipping = text[cut + 1 :], False
            *complete, rest = (rest + text).split("\n")
            for line in complete:
                yield line + "\n", len(line) > LONGEST_LINE
            if len(rest) > LONGEST_LINE:
                rest, skipping = "", True
        if skipping or rest:
            yield rest, skipping


def _opened(path: str) -> IO[bytes]:
    if path.endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    if path.endswith(".zst"):
        import pyarrow as pa

        return cast(IO[bytes], pa.CompressedInputStream(pa.OSFile(path, "rb"), "zstd"))
    return Path(path).open("rb")


def _read(stream: IO[bytes]) -> bytes:
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


def _line_end(start: bytes) -> bytes:
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
