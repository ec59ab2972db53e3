"""Every refusal is a sentence: what is wrong, where, and what to do.

Doors print these as they are (exit code 1, or 2 for `UsageError`) and never a trace. A message names files, lines,
columns and keys, never the personal data of a customer.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the user's files something is wrong; lines and rows count from 1."""

    file: str = ""
    line: int | None = None
    row: int | None = None

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        return ", ".join(parts)


class TenureError(Exception):
    """The user's data, files or surroundings need attention (exit code 1).

    Args:
        problem: what is wrong, a clause without a final stop.
        remedy: what to do about it, a sentence; may be empty when the problem says it.
        place: where it is.
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str = "", place: Place | None = None) -> None:
        self.problem = problem.rstrip(".")
        self.remedy = remedy
        self.place = place or Place()
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The whole refusal as one or two sentences."""
        where = str(self.place)
        text = f"{where}: {self.problem}." if where else f"{self.problem[:1].upper()}{self.problem[1:]}."
        return f"{text} {self.remedy}" if self.remedy else text


class UsageError(TenureError):
    """The command was called wrongly (exit code 2)."""

    exit_code = 2


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to `name`, or lists a few when none is near."""
    words = sorted(known)
    close = difflib.get_close_matches(name, words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"Known: {', '.join(words[:12])}{', …' if len(words) > 12 else ''}."
