"""Reads text files that are not clean, row by row: whatever a row is, the rows after it are read.

Handles every encoding Python knows, byte order marks, compression, quoted newlines, stray quotes, NUL bytes, unequal
numbers of fields and lines of any length in bounded memory. A clean UTF-8 file never comes here: the engine's own
reader is many times faster and refuses everything that it does not understand to the letter.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tenure.warehouse.textfile import TextFile, line_end, open_bytes, read_chunk

LONGEST_LINE = 8 << 20  # bytes; a longer one is no record but a broken file
_BATCH = 50_000
_SPAN = 1_000  # physical lines that one quoted record may span before its opening quote counts as a stray one
_BAD = "\udcff"  # a lone surrogate, which no decoded text holds, marks what could not be decoded

csv.field_size_limit(LONGEST_LINE)
codecs.register_error("tenure.mark", lambda error: (_BAD, cast(UnicodeDecodeError, error).end))


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read: rows count from 1 after the header."""

    row: int
    reason: str
    file: str = ""


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
    with open_bytes(file.path) as stream:
        stream.read(file.mark)
        rest, skipping, ends = b"", False, b""
        while chunk := read_chunk(stream):
            ends = ends or line_end(chunk)
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
    with open_bytes(file.path) as stream:
        stream.read(file.mark)
        decoder = codecs.getincrementaldecoder(file.encoding)("tenure.mark")
        rest, skipping = "", False
        while chunk := read_chunk(stream):
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
