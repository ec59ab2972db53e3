"""Exact Shapley values of small trees, for every way in which a row can answer their splits.

A leaf's value is a game among the few columns on its path: a column in the coalition lets the row's own answers decide
whether the leaf is reached; one outside it lets the training rows decide, by the share that took that turn. The worth
of a coalition is then a product, and the Shapley value of a column a sum over the subsets of at most a handful of
others (Lundberg, Erion & Lee 2018, "Consistent individualized feature attribution for tree ensembles", algorithm 1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
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
        return prod(ratio for *_, ratio in self.steps)

    @cached_property
    def features(self) -> dict[int, float]:
        """The columns on the path, and the share of training rows that took all the turns of each."""
        found: dict[int, float] = {}
        for _, _, feature, ratio in self.steps:
            found[feature] = found.get(feature, 1.0) * ratio
        return found

    def reached(self, splits: int) -> NDArray[np.bool_]:
        """Which of the 2^splits possible answers lead here."""
        found = np.ones(1 << splits, dtype=bool)
        for place, is_left, _, _ in self.steps:
            found &= answers(splits)[place] == is_left
        return found

    def open_to(self, splits: int) -> Whole:
        """For each possible answer, which of `features` let the row pass, as a number: bit k for the k-th of them."""
        passes = {feature: np.ones(1 << splits, dtype=bool) for feature in self.features}
        for place, is_left, feature, _ in self.steps:
            passes[feature] &= answers(splits)[place] == is_left
        code = np.zeros(1 << splits, dtype=np.int64)
        for bit, column in enumerate(passes.values()):
            code |= column.astype(np.int64) << bit
        return code


@cache
def answers(splits: int) -> NDArray[np.bool_]:
    """Splits × the 2^splits possible answers: whether a row goes left."""
    return np.asarray((np.arange(1 << splits) >> np.arange(splits)[:, None]) & 1, dtype=bool)


def shares(trees: Sequence[tuple[int, Sequence[Leaf]]]) -> list[tuple[list[int], Numbers]]:
    """For each tree the columns that it asks about, and their Shapley values: columns × its 2^splits possible answers.

    Args:
        trees: of each its number of splits, and its leaves.
    """
    by_players: defaultdict[int, list[Leaf]] = defaultdict(list)
    for _, leaves in trees:
        for leaf in leaves:
            by_players[len(leaf.features)].append(leaf)
    played = {
        id(leaf): worth
        for players, some in by_players.items()
        for leaf, worth in zip(some, _games(players, some), strict=True)
    }
    return [_shares_of(splits, leaves, [played[id(leaf)] for leaf in leaves]) for splits, leaves in trees]


def _shares_of(splits: int, leaves: Sequence[Leaf], worths: Sequence[Numbers]) -> tuple[list[int], Numbers]:
    features = sorted({feature for leaf in leaves for feature in leaf.features})
    place = {feature: row for row, feature in enumerate(features)}
    found = np.zeros((len(features), 1 << splits))
    for leaf, worth in zip(leaves, worths, strict=True):
        found[[place[feature] for feature in leaf.features]] += worth[:, leaf.open_to(splits)]
    return features, found


def _games(players: int, leaves: Sequence[Leaf]) -> Numbers:
    """Shapley values of all leaves with so many columns at once: leaves × columns × the 2^players ways to pass."""
    if not players:
        return np.zeros((len(leaves), 0, 1))
    others = np.array([list(leaf.features.values()) for leaf in leaves])  # leaves × players
    own = answers(players).astype(np.float64)  # players × ways
    values = np.array([leaf.value for leaf in leaves])
    found = np.zeros((len(leaves), players, 1 << players))
    for player in range(players):
        for inside, outside, weight in _coalitions(player, players):
            found[:, player] += weight * np.outer(others[:, outside].prod(axis=1), own[inside].prod(axis=0))
        found[:, player] *= values[:, None] * (own[player] - others[:, [player]])
    return found


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
