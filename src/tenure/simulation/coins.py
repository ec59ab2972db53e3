"""The chances of one day: an even number per customer and question, thrown before anybody has been written to.

Everything that chance decides about a customer on a day is decided by that customer's own coins of that day. Two runs
of one seed therefore differ only in what contacts change (common random numbers): whoever buys on a day in both would
have bought anyway.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_LINES = 4
_QUESTIONS = (
    "visits", "visited_at", "carts", "views_category", "views_product", "buys", "ordered_at", "lines", "bargain",
    "replaces", "lasts_1", "lasts_2", "lasts_3", "complains", "breaks", "rates", "score", "signs", "automatic",
    "renews", "reads", "leaves",
    *(f"{what}_{line}" for line in range(MOST_LINES) for what in ("category", "product", "quantity")),
)  # fmt: skip
_PLACE = {question: place for place, question in enumerate(_QUESTIONS)}

Coin = NDArray[np.float32]


class Coins:
    """One day's coins for so many customers."""

    def __init__(self, seed: int, day: int, customers: int) -> None:
        self._thrown = np.random.default_rng([seed, 1, day]).random((len(_QUESTIONS), customers), dtype=np.float32)

    def of(self, question: str, who: NDArray[np.int64] | slice = slice(None)) -> Coin:
        """The numbers in [0, 1) of some customers for one question; all customers if none are named."""
        found: Coin = self._thrown[_PLACE[question]][who]
        return found
