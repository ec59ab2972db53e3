"""Reads a duration as people write it, such as `2 days` or `12 hours`, into days."""

from __future__ import annotations

import re

from tenure.documents import Document
from tenure.domain.errors import TenureError

_DURATION = re.compile(r"\s*(-?\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*")
_DAYS: dict[str, float] = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0}
LONGEST_DAYS = 3660.0
_REMEDY = "Write it as `2 days`, `12 hours` or `3 weeks`."


def days_of(document: Document, key: str, default: float) -> float:
    """The duration under a key, in days.

    Raises:
        TenureError: it is no duration, has no unit, is not above zero or longer than ten years.
    """
    if document.get(key) is None:
        return default
    text = document.text(key)
    found = _DURATION.fullmatch(text)
    if not found:
        raise TenureError(f"`{key}` is `{text}`, which is no duration", _REMEDY, document.place(key))
    number, unit = float(found[1]), found[2].lower().removesuffix("s")
    if unit not in _DAYS:
        problem = f"`{text}` has no unit" if not unit else f"`{found[2]}` is not minutes, hours, days or weeks"
        raise TenureError(f"{problem} in `{key}`", _REMEDY, document.place(key))
    days = number * _DAYS[unit]
    if not 0 < days <= LONGEST_DAYS:
        raise TenureError(f"`{key}` is `{text}` and must be above 0 and at most ten years", _REMEDY,
                          document.place(key))  # fmt: skip
    return days
