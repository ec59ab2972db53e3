"""Reads a duration as people write it, such as `2 days` or `12 hours`, into days."""

from __future__ import annotations

import re

from tenure.documents import Document
from tenure.domain.errors import TenureError

_DURATION = re.compile(r"\s*(-?\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*")
_DAYS: dict[str, float] = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0}
LONGEST_DAYS = 3660.0
_REMEDY = "Write it as `2 days`, `12 hours` or `3 weeks`."


def days_of(document: Document, key: str, default: float, *, zero: bool = False) -> float:
    """The duration under a key, in days.

    Args:
        document: the mapping that holds the key.
        key: its name.
        default: days where the key is left out.
        zero: whether no time at all is a sane answer, as in `late: 0 days`.

    Raises:
        TenureError: it is no duration, has no unit, is below zero (or zero, if that says nothing) or longer than ten
            years.
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
    if days < 0 or (days == 0 and not zero) or days > LONGEST_DAYS:
        least = "0 or more" if zero else "above 0"
        raise TenureError(f"`{key}` is `{text}` and must be {least} and at most ten years", _REMEDY,
                          document.place(key))  # fmt: skip
    return days
