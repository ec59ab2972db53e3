"""The goods of a simulated shop: a few categories with seasons and lifetimes, and products that come out in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.simulation.people import Flags, Indices, Numbers
from tenure.simulation.truth import Truth

_LATE = 0.15  # share of each category's products that come out after the first day
_SPREAD = 0.35  # of prices around the category's, in logarithms
_FAVOURITES = 2.0  # popularity: the first products are bought far more often than the last


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold, category after category.

    Attributes:
        category: of each product; `price` and `cost` in minor units, whole.
        released: day on which it comes out, negative for what was there before.
        better: index of the better version, −1 for none.
        lifetime: days that one lasts, 0 if it does not wear out.
        per_category: how many products a category has.
    """

    category: Indices
    price: Indices
    cost: Indices
    released: Indices
    better: Indices
    lifetime: Indices
    per_category: int


def draw_goods(truth: Truth, days: int, chance: np.random.Generator) -> Goods:
    """Draw the products: prices around their category's, the last of each category released over the days."""
    count, per = len(truth.categories) * truth.products, truth.products
    category = np.repeat(np.arange(len(truth.categories)), per)
    place = np.tile(np.arange(per), len(truth.categories))
    middle = np.array([c.price for c in truth.categories])[category]
    price = np.maximum(np.rint(middle * np.exp(chance.normal(0.0, _SPREAD, count))), 2.0) - 0.01
    share = np.array([c.cost for c in truth.categories])[category]
    late = max(int(per * _LATE), 1)
    drawn = np.sort(chance.integers(0, max(days, 1), (len(truth.categories), late)), axis=1)
    released = np.full(count, -365, dtype=np.int64)
    released[place >= per - late] = drawn.ravel()
    lifetime = np.array([c.lifetime_days for c in truth.categories], dtype=np.int64)[category]
    # The latest of what wears out is the better version of the earliest.
    better = np.where((place < late) & (lifetime > 0), np.arange(count) - place + per - 1 - place, -1)
    cents = np.rint(price * 100).astype(np.int64)
    return Goods(category, cents, np.rint(cents * share).astype(np.int64), released, better, lifetime, per)


def demand(truth: Truth, day_of_year: float) -> Numbers:
    """How much each category is wanted on a day of the year; 1 is the mean of the year."""
    amplitude = np.array([c.season for c in truth.categories])
    peak = np.array([c.peak for c in truth.categories], dtype=np.float64)
    wanted: Numbers = 1.0 + amplitude * np.cos(2 * np.pi * (day_of_year - peak) / 365.25)
    return wanted


def picked(
    goods: Goods, taste: Numbers, wanted: Numbers, day: int, which: NDArray[np.float32], what: NDArray[np.float32]
) -> Indices:
    """One product for each customer, by taste and season and then by popularity among what is out.

    Args:
        taste: a row per customer.
        wanted: of `demand`.
        which, what: even numbers in [0, 1) for the category and the product.
    """
    weights = np.cumsum(taste * wanted, axis=1)
    category = (weights < (which * weights[:, -1])[:, None]).sum(axis=1).clip(max=taste.shape[1] - 1)
    out = (goods.released <= day).reshape(-1, goods.per_category).sum(axis=1)
    place = np.floor(out[category] * what**_FAVOURITES).astype(np.int64)
    found: Indices = category * goods.per_category + np.minimum(place, out[category] - 1)
    return found


def wears_out(goods: Goods, product: Indices) -> Flags:
    """Whether each product wears out."""
    lasting: Flags = goods.lifetime[product] > 0
    return lasting
