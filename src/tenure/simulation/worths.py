"""What contacts are truly worth, in expectation: the knowledge that only an oracle has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tenure.simulation.buying import MORE_LINES, TWO
from tenure.simulation.goods import Goods
from tenure.simulation.people import Numbers, People
from tenure.simulation.truth import Truth

if TYPE_CHECKING:
    from tenure.domain.campaign import Offer


@dataclass(frozen=True, slots=True)
class Usual:
    """A usual order of each customer in units: what its goods are worth, and what is left after cost and sales."""

    value: Numbers
    margin: Numbers


def usual_orders(truth: Truth, people: People, goods: Goods) -> Usual:
    """Expected orders by taste and popularity, in a middling season."""
    per = goods.per_category
    popular = np.sqrt(np.arange(1, per + 1) / per) - np.sqrt(np.arange(per) / per)
    price = goods.price.reshape(-1, per) @ popular / 100.0
    cost = goods.cost.reshape(-1, per) @ popular / 100.0
    pieces = (1.0 + sum(MORE_LINES)) * (1.0 + TWO)
    value = pieces * (people.taste @ price)
    sale = people.bargains * truth.sale
    return Usual(value, value * (1.0 - sale) - pieces * (people.taste @ cost))


def offer_share(offer: Offer | None, usual: Numbers) -> Numbers:
    """What an offer takes off a usual order, as a share of it; a gift counts with what it costs."""
    if offer is None or offer.kind == "free_shipping":
        return np.zeros(len(usual))
    if offer.kind == "percent":
        return np.full(len(usual), offer.value / 100.0)
    share: Numbers = np.minimum(offer.value / np.maximum(usual, 0.01), 1.0)
    return share
