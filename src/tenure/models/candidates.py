"""Which products might come next for whom, and what speaks for each: bought before, or not yet.

Those bought before are the customer's own foremost products. Those not yet bought are the neighbours of these, and what
many bought lately. Each candidate comes with the numbers from which `Affinity` reads its chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.models.holdings import Holdings, distinct, within
from tenure.models.wares import Wares

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

OWN = 50  # products of a customer that are looked at; what is bought again is among them
_POPULAR = 50  # products offered to everyone because many bought them lately
_FLOOR = 0.01  # a likeness below which products are as good as strangers

AGAIN = ("weight", "times", "silence", "silence_squared", "repeated", "lateness", "lateness_squared", "popularity",
         "popularity_of_month", "repeat_rate", "likeness", "activity", "rank")  # fmt: skip
NEW = ("popularity", "popularity_of_month", "likeness", "related", "activity", "breadth", "repeat_rate")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Customer, product (numbered as in `Wares.numbers`) and what speaks for it, one row each."""

    customer: Whole
    product: Whole
    rows: Numbers


@dataclass(frozen=True, slots=True)
class Owned:
    """Some customers' foremost products beside what is known of products.

    Attributes:
        held: the foremost holdings.
        number: of each holding, its product's number in `wares`.
        pull: customers × products, what each holding weighs.
        drawn: customers × products, how likely what they hold makes each product.
    """

    wares: Wares
    held: Holdings
    number: Whole
    pull: csr_matrix
    drawn: csr_matrix

    @property
    def activity(self) -> Numbers:
        """Log of 1 + all that a customer holds, by weight."""
        return np.log1p(np.bincount(self.held.customer, self.held.weight, len(self.held.customers)))


def owned(wares: Wares, held: Holdings, near: csr_matrix) -> Owned:
    """The foremost holdings with all that follows from them.

    Args:
        near: `wares.matrix()`, made once for many blocks of customers.
    """
    from scipy.sparse import csr_matrix

    foremost = held.foremost(OWN)
    number = wares.numbers(held.products)[foremost.product]
    known = number < len(wares.names)
    pull = csr_matrix(
        (np.log1p(foremost.weight[known]), (foremost.customer[known], number[known])),
        shape=(len(held.customers), len(wares.names)),
    )
    return Owned(wares, foremost, number, pull, (pull @ near).tocsr())


def again(own: Owned) -> Candidates:
    """What each customer has bought before and may buy again, with the columns `AGAIN`."""
    held, number = own.held, own.number
    known = number < len(own.wares.names)
    likeness = np.zeros(len(number))
    if known.any():
        likeness[known] = np.asarray(own.drawn[held.customer[known], number[known]]).ravel()
    silence = np.log1p(held.before - held.last)
    repeated = held.times >= 2
    gap = (held.last - held.first) / np.maximum(held.times - 1, 1)
    lateness = np.where(repeated, silence - np.log1p(gap), 0.0)
    most = np.ones(len(held.customers))
    np.maximum.at(most, held.customer, held.weight)
    rows = np.column_stack([
        np.log(held.weight), np.log(held.times), silence, silence**2, repeated, lateness, lateness**2,
        *own.wares.log_lately(number), own.wares.log_again(number), np.log(_FLOOR + likeness),
        own.activity[held.customer], np.log(held.weight / most[held.customer]),
    ])  # fmt: skip
    return Candidates(held.customer, number, rows)


def others(own: Owned, whole: Holdings) -> Candidates:
    """What each customer has not bought yet and may want, with the columns `NEW`.

    Args:
        whole: all that these customers hold, more than the foremost.
    """
    wares = own.wares
    who = distinct(own.held.customer)
    popular = np.argsort(-wares.lately, kind="stable")[:_POPULAR]
    drawn = own.drawn.tocoo()
    width = len(wares.names) + len(whole.products)
    near = drawn.row.astype(np.int64) * width + drawn.col
    many = np.repeat(who * width, len(popular)) + np.tile(popular, len(who))
    many = many[~within(many, near)]
    key, likeness = np.r_[near, many], np.r_[drawn.data, np.zeros(len(many))]
    fresh = ~within(key, whole.customer * width + wares.numbers(whole.products)[whole.product])
    key, likeness = key[fresh], likeness[fresh]
    customer, product = key // width, key % width
    breadth = np.log1p(np.bincount(own.held.customer, minlength=len(whole.customers)))
    rows = np.column_stack([
        *wares.log_lately(product), np.log(_FLOOR + likeness), likeness > 0, own.activity[customer], breadth[customer],
        wares.log_again(product),
    ])  # fmt: skip
    return Candidates(customer, product, rows)


def reasons(own: Owned, customer: Whole, product: Whole, near: csr_matrix) -> Whole:
    """For each row, the product (numbered) the customer holds that speaks most for it; −1 where none does."""
    held, most = own.held, OWN
    starts = np.searchsorted(held.customer, customer)
    best, value = np.full(len(customer), -1, dtype=np.int64), np.zeros(len(customer))
    known = len(own.wares.names)
    for place in range(most):
        at = np.minimum(starts + place, max(len(held.customer) - 1, 0))
        rows = np.flatnonzero((starts + place < len(held.customer)) & (held.customer[at] == customer)
                              & (own.number[at] < known) & (product < known))  # fmt: skip
        if not rows.size:
            continue
        source = own.number[at[rows]]
        weight = np.log1p(held.weight[at[rows]]) * np.asarray(near[source, product[rows]]).ravel()
        better = rows[weight > value[rows]]
        best[better], value[better] = source[weight > value[rows]], weight[weight > value[rows]]
    return best
