"""How many of the products that customers bought had been named beforehand, and how many simple rules would have named.

Recall@k of a customer is the share of the distinct products bought in the held-out days that stand among the first k
named; the figure is its mean over the customers who bought something in those days.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenure.models.holdings import LATELY, Holdings, distinct, places, within

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Pairs = tuple[Whole, Whole]  # customer and product, numbered as in `Holdings`

_SPARE = 200  # popular products beyond k, for customers who own many of the first


def recall(named: Pairs, bought: Pairs, ks: Sequence[int] = (1, 5, 10, 20)) -> dict[int, float]:
    """Recall@k for every k.

    Args:
        named: customers together and each one's best product first; a product below 0 is none that anyone could buy.
        bought: what was bought, each pair once.

    Returns:
        k → mean recall; NaN where nobody bought anything.
    """
    who, count = np.unique(bought[0], return_counts=True)
    if not who.size:
        return dict.fromkeys(ks, float("nan"))
    width = max(int(part.max(initial=0)) for part in (named[1], bought[1])) + 1
    hit = within(named[0] * width + named[1], bought[0] * width + bought[1]) & (named[1] >= 0)
    customer, place = named[0][hit], places(named[0])[hit]
    found = {}
    for k in ks:
        hits = np.bincount(np.searchsorted(who, customer[place < k]), minlength=len(who))
        found[k] = float((hits / count).mean())
    return found


def popular_first(held: Holdings, k: int, new_only: bool = False) -> Pairs:
    """The rule "what most customers bought lately": for each customer, the k products of most recent buyers.

    Args:
        new_only: leave out what the customer owns.
    """
    top = np.argsort(-_lately(held), kind="stable")[: k + _SPARE]
    who = distinct(held.customer)
    key = np.repeat(who * len(held.products), len(top)) + np.tile(top, len(who))
    if new_only:
        key = key[~within(key, held.key)]
    return _first(key, len(held.products), k)


def habit_first(held: Holdings, k: int, decayed: bool = True) -> Pairs:
    """The rule "what they always buy": each customer's own products, then what is popular.

    Args:
        decayed: later purchase days count more (`WEIGHTS`) and the more popular comes first of equals, which is the
            hardest simple rule to beat; else all days count alike and the later purchase comes first.
    """
    buyers, width = _lately(held), len(held.products)
    rest = popular_first(held, k, new_only=True)
    key = np.r_[held.key, rest[0] * width + rest[1]]
    worth = np.r_[held.weight if decayed else held.times, np.zeros(len(rest[0]))]
    second = buyers[key % width] if decayed else np.r_[held.last, buyers[rest[1]]]
    return _first(key[np.lexsort((key, -second, -worth, key // width))], width, k)


def _first(key: Whole, width: int, k: int) -> Pairs:
    customer = key // width
    kept = places(customer) < k
    return customer[kept], key[kept] % width


def _lately(held: Holdings) -> Numbers:
    recent = held.last >= held.before - LATELY
    return np.bincount(held.product, recent, len(held.products)).astype(np.float64)
