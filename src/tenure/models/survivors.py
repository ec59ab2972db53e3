"""How many of each cohort were still there after each period, checked and counted as those who stayed and who left.

One cohort is a list that begins with the customers at the start: `[1000, 869, 743, 653]`. Several are a list of such
lists, of any lengths, or a frame with the columns `period`, `survivors` and perhaps `cohort`. Models of retention need
nothing but the number who stayed and who left at each renewal, added over cohorts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import arrow

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Survivors:
    """Renewals counted by their number: element 0 is the first renewal.

    Attributes:
        stayed, left: of those who came to that renewal, all cohorts together.
        cohorts: how many there were.
    """

    stayed: Numbers
    left: Numbers
    cohorts: int

    @property
    def observed(self) -> int:
        """How many renewals somebody came to."""
        return int(np.count_nonzero(self.stayed + self.left))

    @property
    def retention(self) -> Numbers:
        """The share that stayed at each renewal; NaN where nobody came to it."""
        with np.errstate(invalid="ignore"):
            return self.stayed / (self.stayed + self.left)


def survivors(given: Any) -> Survivors:
    """The counts in a list, a list of lists, or a frame.

    Raises:
        TenureError: it is none of these, a cohort grows or is negative, or nothing can be learned from it.
    """
    cohorts = _cohorts(given)
    longest = max(len(counts) + begins for begins, counts in cohorts) - 1
    stayed, left = np.zeros(longest), np.zeros(longest)
    for begins, counts in cohorts:
        stayed[begins : begins + len(counts) - 1] += counts[1:]
        left[begins : begins + len(counts) - 1] += -np.diff(counts)
    found = Survivors(stayed, left, len(cohorts))
    if not left.any():
        raise TenureError("nobody has left yet, so nothing can be learned about leaving", "Add later periods.")
    return found


def _cohorts(given: Any) -> list[tuple[int, Numbers]]:
    """The number of the first period and the survivors from it on, for each cohort."""
    if isinstance(given, str | bytes) or given is None:
        raise _unreadable(given)
    if isinstance(given, Mapping) or any(hasattr(given, way) for way in ("__arrow_c_stream__", "to_arrow_table")):
        return _of_frame(given)
    try:
        rows = list(given)
    except TypeError:
        raise _unreadable(given) from None
    if not rows:
        raise TenureError("there are no survivors", "Give a list that begins with the customers at the start.")
    if all(isinstance(row, Sequence | np.ndarray) and not isinstance(row, str | bytes) for row in rows):
        named = [(f"cohort {place}", row) for place, row in enumerate(rows, 1)]
    else:
        named = [("the cohort", rows)]
    return [(0, _counts(row, name)) for name, row in named]


def _of_frame(frame: Any) -> list[tuple[int, Numbers]]:
    table = arrow(frame)
    if "survivors" not in table.column_names and table.num_columns == 1:
        return [(0, _counts(table.column(0).to_pylist(), "the cohort"))]
    for name in ("period", "survivors"):
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", "Give `period`, `survivors` and perhaps `cohort`.")
    wanted = [name for name in ("cohort", "period", "survivors") if name in table.column_names]
    by_cohort: dict[Any, list[tuple[Any, Any]]] = {}
    for row in table.select(wanted).to_pylist():
        by_cohort.setdefault(row.get("cohort"), []).append((row["period"], row["survivors"]))
    if not by_cohort:
        raise TenureError("there are no survivors", "Give a frame with rows.")
    return [_of_rows(rows, "the cohort" if name is None else f"cohort {name}") for name, rows in by_cohort.items()]


def _of_rows(rows: list[tuple[Any, Any]], name: str) -> tuple[int, Numbers]:
    periods = _numbers([period for period, _ in rows], f"the periods of {name}")
    counts = np.asarray([count for _, count in rows], dtype=object)
    order = np.argsort(periods, kind="stable")
    first = periods[order[0]]
    if first < 0 or (periods[order] != first + np.arange(len(periods))).any() or first != np.floor(first):
        raise TenureError(
            f"the periods of {name} do not follow each other", "Give every period once: 0 for the start, then 1, 2, …"
        )
    return int(first), _counts(list(counts[order]), name)


def _counts(row: Any, name: str) -> Numbers:
    counts = _numbers(row, f"the survivors of {name}")
    if len(counts) < 2:
        raise TenureError(
            f"{name} has {len(counts)} period, which says nothing about leaving", "Give the start and what follows."
        )
    if (counts < 0).any():
        raise TenureError(f"{name} has a negative number of survivors", "Count those who are still there.")
    if counts[0] == 0:
        raise TenureError(f"{name} begins with nobody", "Leave it out.")
    grown = np.flatnonzero(np.diff(counts) > 0)
    if grown.size:
        at = int(grown[0])
        raise TenureError(
            f"{name} grows from {counts[at]:g} to {counts[at + 1]:g} in period {at + 1}",
            "Survivors can only become fewer: put those who join later into a cohort of their own.",
        )
    return counts


def _numbers(values: Any, what: str) -> Numbers:
    try:
        found = np.asarray(list(values), dtype=np.float64)
    except (TypeError, ValueError):
        raise TenureError(f"{what} are not all numbers", "Give one number for each period.") from None
    if found.ndim != 1 or not np.isfinite(found).all():
        raise TenureError(f"{what} have a missing or infinite value", "End a cohort where its record ends.")
    return found


def _unreadable(given: Any) -> TenureError:
    return TenureError(
        f"a {type(given).__name__} does not say how many survived", "Give a list such as [1000, 869, 743, 653]."
    )
