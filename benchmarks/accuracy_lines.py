"""Lines of Markdown tables, for the pages that `python -m benchmarks.accuracy` prints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def head(*names: str) -> tuple[str, str]:
    """The two lines with which a table begins."""
    return line(names), "|" + "---|" * len(names)


def line(cells: Iterable[str]) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


def figure(value: float | None, form: str) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None or not np.isfinite(value) else format(value, form)
