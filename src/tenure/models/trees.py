"""Boosted trees as plain numbers: they predict, and say exactly how much each column of a row moved the prediction.

Rows come in as a matrix of doubles with NaN where a value is missing; margins (log-odds) and contributions come out.
Contributions are path-dependent Shapley values (Lundberg et al. 2020, "From local explanations to global understanding
with explainable AI for trees", Nature Machine Intelligence 2): for every row they sum to its margin less `expected`.

A tree of s splits sees a row only as s answers, so there are 2^s different rows. Everything is worked out for those
once (`shapley.py`), and a row then costs its comparisons and one look-up a tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.models.shapley import Leaf, shares

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

MOST_SPLITS = 10  # of one tree: its tables have 2^10 rows; each further split would double them
_BLOCK = 8_192  # rows worked on at once, so that a column stays in the nearest cache


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree, node by node, the root first.

    Attributes:
        feature: column that the node asks about.
        threshold: a row goes left if its value is at most this.
        missing_left: 1 where a row without the value goes left.
        left, right: the nodes that follow; −1 in a leaf.
        value: what a leaf adds to the margin.
        count: training rows that came through.
    """

    feature: Sequence[int]
    threshold: Sequence[float]
    missing_left: Sequence[int]
    left: Sequence[int]
    right: Sequence[int]
    value: Sequence[float]
    count: Sequence[int]

    @property
    def splits(self) -> list[int]:
        """The nodes that ask, in order."""
        return [node for node, following in enumerate(self.left) if following >= 0]

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf with the answers that lead to it."""
        places = {node: place for place, node in enumerate(self.splits)}
        waiting: list[tuple[int, Leaf]] = [(0, Leaf(0.0))]
        while waiting:
            node, path = waiting.pop()
            if node not in places:
                yield path.ending(self.value[node])
                continue
            for following, is_left in ((self.left[node], True), (self.right[node], False)):
                ratio = self.count[following] / self.count[node]
                waiting.append((following, path.then(places[node], is_left, self.feature[node], ratio)))


@dataclass(frozen=True, slots=True)
class _Table:
    """What a tree says for each of the 2^s possible answers of a row."""

    asks: list[tuple[int, float]]  # column of the doubled matrix (see `_doubled`) and threshold, one per split
    values: Numbers
    expected: float


class Trees:
    """A sum of small trees.

    Args:
        width: how many columns a row has.
        baseline: the margin before any tree.

    Raises:
        TenureError: a tree has more than `MOST_SPLITS` splits.
    """

    def __init__(self, width: int, baseline: float, trees: Sequence[Tree]) -> None:
        for tree in trees:
            if len(tree.splits) > MOST_SPLITS:
                raise TenureError(
                    f"a tree has {len(tree.splits)} splits, more than {MOST_SPLITS}", "Grow trees with fewer leaves."
                )
        self.width, self.baseline, self.trees = width, float(baseline), tuple(trees)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"width": self.width, "baseline": self.baseline, "trees": [asdict(tree) for tree in self.trees]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Trees:
        """The trees that `as_json` described."""
        return cls(stored["width"], stored["baseline"], [Tree(**tree) for tree in stored["trees"]])

    @property
    def expected(self) -> float:
        """The margin of a row of which nothing is known: the mean over the training rows."""
        return self.baseline + sum(table.expected for table in self._tables)

    def margin(self, rows: Numbers) -> Numbers:
        """Log-odds, one per row."""
        found = np.full(len(rows), self.baseline)
        for at, block in self._blocks(rows):
            part = found[at : at + _BLOCK]
            for table in self._tables:
                part += table.values[_answers(table, block)]
        return found

    def contributions(self, rows: Numbers) -> Numbers:
        """How much each column moved each row's margin away from `expected`: rows × columns."""
        found = np.zeros((self.width, len(rows)))
        for at, block in self._blocks(rows):
            for table, (features, shares_) in zip(self._tables, self._shares, strict=True):
                code = _answers(table, block)
                for feature, share in zip(features, shares_, strict=True):
                    found[feature, at : at + _BLOCK] += share[code]
        return found.T

    def _blocks(self, rows: Numbers) -> Iterator[tuple[int, Numbers]]:
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise TenureError(f"these trees read rows of {self.width} columns", "Give the columns they were grown on.")
        for at in range(0, len(rows), _BLOCK):
            yield at, _doubled(rows[at : at + _BLOCK])

    @cached_property
    def _leaves(self) -> list[tuple[int, list[Leaf]]]:
        return [(len(tree.splits), list(tree.leaves())) for tree in self.trees]

    @cached_property
    def _tables(self) -> list[_Table]:
        return [
            _table(tree, leaves, self.width) for tree, (_, leaves) in zip(self.trees, self._leaves, strict=True)
        ]  # fmt: skip

    @cached_property
    def _shares(self) -> list[tuple[list[int], Numbers]]:
        return shares(self._leaves)


def _table(tree: Tree, leaves: Sequence[Leaf], width: int) -> _Table:
    splits = tree.splits
    values = np.zeros(1 << len(splits))
    for leaf in leaves:
        values[leaf.reached(len(splits))] = leaf.value
    asks = [(tree.feature[n] + (0 if tree.missing_left[n] else width), tree.threshold[n]) for n in splits]
    return _Table(asks, values, sum(leaf.value * leaf.cover for leaf in leaves))


def _doubled(rows: Numbers) -> Numbers:
    """Every column twice, as rows: a missing value is below all thresholds in the first, above them in the second."""
    columns = np.ascontiguousarray(rows.T)
    is_missing = np.isnan(columns)
    return np.concatenate([np.where(is_missing, -np.inf, columns), np.where(is_missing, np.inf, columns)])


def _answers(table: _Table, block: Numbers) -> Whole:
    """For each row of a block its answers as a number: bit k is set where it goes left at split k."""
    code = np.zeros(block.shape[1], dtype=np.int64)
    for place, (column, threshold) in enumerate(table.asks):
        code |= (block[column] <= threshold).astype(np.int64) << place
    return code
