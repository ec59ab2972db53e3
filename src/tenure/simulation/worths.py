"""What contacts are truly worth, in expectation: the knowledge that only an oracle has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.simulation.buying import MORE_LINES, TWO
from tenure.simulation.goods import Goods
from tenure.simulation.people import Numbers, People
from tenure.simulation.truth import Truth


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
