"""Exact Shapley values of one small tree, for every way in which a row can answer its splits.

A leaf's value is a game among the few columns on its path: a column in the coalition lets the row's own answers decide
whether the leaf is reached; one outside it lets the training rows decide, by the share that took that turn. The value
of the game is then a product, and the Shapley value of each column is a sum over the subsets of at most a handful of
others (Lundberg et al. 2018, "Consistent individualized feature attribution for tree ensembles", algorithm 1 without
the recursion).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf and the answers that lead to it.

    Attributes:
        value: what it adds to the margin.
        steps: for each split on the path its place, whether the path goes left there, the column it asks about, and the
            share of training rows that took this turn.
    """

    value: float
    steps: tuple[tuple[int, bool, int, float], ...] = ()

    def then(self, place: int, is_left: bool, feature: int, ratio: float) -> Leaf:
        """The path one step longer."""
        return replace(self, steps=(*self.steps, (place, is_left, feature, ratio)))

    def ending(self, value: float) -> Leaf:
        """The path with its leaf's value."""
        return replace(self, value=float(value))

    @property
    def cover(self) -> float:
        """The share of training rows that ended here."""
        return float(np.prod([ratio for *_, ratio in self.steps]))

    def reached(self, splits: int, feature: int | None = None) -> NDArray[np.bool_]:
        """Which of the 2^splits answers lead here, as far as `feature` decides (all columns, if None)."""
        codes = np.arange(1 << splits)
        found = np.ones(1 << splits, dtype=bool)
        for place, is_left, asked, _ in self.steps:
            if feature is None or asked == feature:
                found &= ((codes >> place) & 1).astype(bool) == is_left
        return found


def shares(splits: int, leaves: Sequence[Leaf]) -> tuple[list[int], Numbers]:
    """The columns that a tree asks about, and their Shapley values: columns × the 2^splits possible answers."""
    features = sorted({feature for leaf in leaves for _, _, feature, _ in leaf.steps})
    found = np.zeros((len(features), 1 << splits))
    for leaf in leaves:
        mine = sorted({feature for _, _, feature, _ in leaf.steps})
        own = np.array([leaf.reached(splits, feature) for feature in mine], dtype=np.float64).reshape(len(mine), -1)
        others = np.array([[np.prod([r for _, _, f, r in leaf.steps if f == feature])] for feature in mine])
        for place, feature in enumerate(mine):
            found[features.index(feature)] += leaf.value * _share(place, own, others)
    return features, found


def _share(player: int, own: Numbers, others: Numbers) -> Numbers:
    """The Shapley value of one player in the game whose worth is `own` in the coalition times `others` outside it."""
    total: Any = 0.0
    for inside, outside, weight in _coalitions(player, len(own)):
        total = total + weight * own[inside].prod(axis=0) * others[outside].prod()
    return np.asarray((own[player] - others[player]) * total)


@cache
def _coalitions(player: int, players: int) -> tuple[tuple[list[int], list[int], float], ...]:
    """Every coalition of the others, those left outside, and the share of orders in which the player comes next."""
    rest = [other for other in range(players) if other != player]
    return tuple(
        (list(inside), [other for other in rest if other not in inside],
         factorial(size) * factorial(players - size - 1) / factorial(players))
        for size in range(players)
        for inside in combinations(rest, size)
    )  # fmt: skip
