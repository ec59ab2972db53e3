"""Distinct purchase histories with the number of customers who share them: what a likelihood needs, and nothing more.

A million customers of one year share perhaps a tenth as many histories, and a likelihood over histories knows nothing
of the customers. Coarse cells go further: ages are grouped into some fifty steps and replaced by their means. Their
likelihood's maximum lies near the true one: they find the place, the exact cells the last digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tenure.models.histories import Histories

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]

MANY = 20_000  # cells from which coarse ones pay
STEPS = 48  # of coarse ages between 0 and the greatest T
_DENSE = 16  # keys may be so many times the rows to be counted in an array instead of a hash table


@dataclass(frozen=True, slots=True)
class Coded:
    """A column with few distinct values: those, and for each entry the place of its own."""

    values: Numbers
    place: Places

    def of(self, function: Callable[[Numbers], Numbers]) -> Numbers:
        """A function of the column, computed once per distinct value."""
        found: Numbers = function(self.values)[self.place]
        return found

    def all(self) -> Numbers:
        """The column itself."""
        found: Numbers = self.values[self.place]
        return found


@dataclass(frozen=True, slots=True)
class Cells:
    """Distinct histories.

    Attributes:
        x, recency, age: as in `Histories`, one entry a cell.
        weight: customers per cell.
        log_gaps: sum of the logarithms of the gaps of all customers in the cell; None where not known.
        row: for each customer given, the cell; empty for coarse cells.
    """

    x: Coded
    recency: Coded
    age: Coded
    weight: Numbers
    log_gaps: Numbers | None
    row: Places

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def histories(self) -> Histories:
        """One history for each cell, standing for its customers; gaps are the mean of theirs."""
        gaps = None if self.log_gaps is None else self.log_gaps / np.maximum(self.weight, 1e-300)
        return Histories(self.x.all(), self.recency.all(), self.age.all(), self.weight, gaps)

    def aged(self, by: Numbers) -> Cells:
        """The same histories observed for longer without a further purchase; `by` has one entry a cell."""
        return replace(self, age=coded(self.age.all() + by))

    def scaled(self, unit: float) -> Cells:
        """The same histories in another unit of time, `unit` old units long."""
        gaps = self.log_gaps
        if gaps is not None:
            gaps = gaps - self.weight * self.x.all() * np.log(unit)
        recency, age = (replace(column, values=column.values / unit) for column in (self.recency, self.age))
        return replace(self, recency=recency, age=age, log_gaps=gaps)


def coded(column: Numbers) -> Coded:
    """A column by its distinct values, in the order in which they first come."""
    import pyarrow as pa

    found = pa.array(column).dictionary_encode()
    return Coded(
        found.dictionary.to_numpy(zero_copy_only=False).astype(np.float64), found.indices.to_numpy().astype(np.intp)
    )


def together(first: Coded, second: Coded) -> tuple[Numbers, Numbers, Places]:
    """The distinct pairs of two columns, and for each entry the place of its pair."""
    keys, row = _distinct(first.place * len(second.values) + second.place, len(first.values) * len(second.values))
    one, two = np.divmod(keys, len(second.values))
    return first.values[one], second.values[two], row


def cells(found: Histories) -> Cells:
    """The exact cells of some histories."""
    x, recency, age = coded(found.x), coded(found.recency), coded(found.age)
    sizes = (len(x.values), len(age.values), len(recency.values))
    key = (x.place * sizes[1] + age.place) * sizes[2] + recency.place
    keys, row = _distinct(key, sizes[0] * sizes[1] * sizes[2])
    rest, at_recency = np.divmod(keys, sizes[2])
    at_x, at_age = np.divmod(rest, sizes[1])
    gaps = None if found.log_gaps is None else _summed(row, found.log_gaps * found.weight, len(keys))
    return Cells(
        Coded(x.values, at_x), Coded(recency.values, at_recency), Coded(age.values, at_age),
        _summed(row, found.weight, len(keys)), gaps, row,
    )  # fmt: skip


def uncounted(found: Histories) -> Cells:
    """A cell for each history, equal ones apart: where each comes with something of its own."""
    return Cells(
        coded(found.x), coded(found.recency), coded(found.age), found.weight,
        None if found.log_gaps is None else found.log_gaps * found.weight, np.arange(len(found)),
    )  # fmt: skip


def coarse(exact: Cells, steps: int = STEPS) -> Cells:
    """Cells with ages grouped into `steps`, each replaced by the mean of the customers in its group.

    Whoever has not bought again keeps recency 0; the mean of a late recency may pass that of T, and is cut to it.
    """
    weight = exact.weight
    at_age, ages = _grouped(exact.age, weight, steps)
    at_recency, recencies = _grouped(exact.recency, np.where(exact.x.all() > 0, weight, 0.0), steps)
    recencies = np.concatenate(([0.0], recencies))
    at_recency = np.where(exact.x.all() > 0, at_recency + 1, 0)
    key = (exact.x.place * steps + at_age) * (steps + 1) + at_recency
    keys, row = _distinct(key, len(exact.x.values) * steps * (steps + 1))
    rest, at_recency = np.divmod(keys, steps + 1)
    at_x, at_age = np.divmod(rest, steps)
    gaps = None if exact.log_gaps is None else _summed(row, exact.log_gaps, len(keys))
    recency = coded(np.minimum(recencies[at_recency], ages[at_age]))
    nobody = np.zeros(0, dtype=np.intp)
    return Cells(
        Coded(exact.x.values, at_x), recency, Coded(ages, at_age), _summed(row, weight, len(keys)), gaps, nobody
    )


def _grouped(column: Coded, weight: Numbers, steps: int) -> tuple[Places, Numbers]:
    """For each entry the step of its value, and each step's mean."""
    width = max(float(column.values.max()), 1e-300) / steps
    step = np.minimum((column.values / width).astype(np.intp), steps - 1)[column.place]
    counted = _summed(step, weight, steps)
    middle = (np.arange(steps) + 0.5) * width
    mean = _summed(step, weight * column.all(), steps) / np.where(counted > 0, counted, 1.0)
    return step, np.where(counted > 0, mean, middle)


def _distinct(keys: Places, bound: int) -> tuple[Places, Places]:
    """The distinct keys below `bound` in ascending order, and the place of each entry's."""
    if bound <= _DENSE * len(keys) + 1_000:
        seen = np.zeros(bound, dtype=np.bool_)
        seen[keys] = True
        found = np.flatnonzero(seen)
        places = np.empty(bound, dtype=np.int32)
        places[found] = np.arange(len(found), dtype=np.int32)
        return found, places[keys].astype(np.intp)
    import pyarrow as pa

    encoded = pa.array(keys).dictionary_encode()
    return encoded.dictionary.to_numpy().astype(np.intp), encoded.indices.to_numpy().astype(np.intp)


def _summed(place: Places, values: Numbers, count: int) -> Numbers:
    return np.asarray(np.bincount(place, values, count), dtype=np.float64)
