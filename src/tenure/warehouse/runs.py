"""Columns sorted by a key, seen as runs of equal keys: what a GROUP BY would give, computed on whole arrays at once.

Rows come packed: several small whole numbers in one, so that one sort of plain integers orders them all. That is what
makes this several times faster than grouping by hash where nearly every group has only a row or two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Kind = TypeVar("Kind", bound=np.generic)
LARGEST = 2**62  # sums and packed keys stay below it, or the caller lets the engine do the work


class Runs:
    """The runs of a sorted array: where each begins, and what it holds.

    Args:
        key: sorted upwards.
    """

    def __init__(self, key: Ints) -> None:
        is_first = np.ones(len(key), dtype=np.bool_)
        np.not_equal(key[1:], key[:-1], out=is_first[1:])
        self.starts: Ints = np.flatnonzero(is_first)
        self.counts: Ints = np.diff(self.starts, append=len(key))

    def __len__(self) -> int:
        return len(self.starts)

    def first(self, values: Ints) -> Ints:
        """The first value of each run."""
        return values[self.starts]

    def nth(self, values: Ints, place: Ints) -> Ints:
        """The value at a place of each run, counted from 1."""
        found: Ints = values[self.starts + place - 1]
        return found

    def sums(self, values: Ints) -> Ints:
        """The sum of each run."""
        found: Ints = np.add.reduceat(values, self.starts) if len(self) else values[:0]
        return found

    def largest(self, values: Ints) -> Ints:
        """The largest value of each run."""
        found: Ints = np.maximum.reduceat(values, self.starts) if len(self) else values[:0]
        return found

    def along(self, of_runs: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        """One value per run, repeated for each of its rows."""
        return np.repeat(of_runs, self.counts)

    def where_most(self, values: Ints) -> Ints:
        """The row of each run that holds its largest value; the first of several."""
        at_most = np.flatnonzero(values == self.along(self.largest(values)))
        return at_most[Runs(np.searchsorted(self.starts, at_most, side="right")).starts]


# Arrow's own `to_numpy` and `pa.array` load pandas where it is installed, which takes half a second; these do not.


def whole_numbers(column: pa.ChunkedArray) -> Ints:
    """An Arrow column of integers without nulls as an array."""
    chunks = [np.from_dlpack(chunk) for chunk in column.chunks if len(chunk)]
    return np.concatenate(chunks).astype(np.int64, copy=False) if chunks else np.empty(0, dtype=np.int64)


def arrow(values: Ints, missing: Flags | None = None) -> pa.Array:
    """An array as an Arrow column, null where something is missing."""
    import pyarrow as pa

    there = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(pa.int64(), len(values), [there, pa.py_buffer(np.ascontiguousarray(values))])


def packed(high: Ints, low: Ints, bits: int) -> Ints:
    """Two columns in one: `low` takes the lowest bits and must fit there."""
    return (high << bits) | low


def bits_for(largest: int) -> int:
    """How many bits a number up to `largest` takes."""
    return max(1, int(largest).bit_length())


def may_be_summed(*columns: Ints) -> bool:
    """Whether no sum of any part of a column can leave the range of whole numbers."""
    return all(float(np.abs(column).sum(dtype=np.float64)) < LARGEST for column in columns)
