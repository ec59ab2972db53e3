"""The customers of a simulated shop with everything about them that no record shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.simulation.truth import Truth

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER = np.int64(1 << 40)  # a day that does not come
_TASTE = 1.2  # weight of the Dirichlet of tastes: most people like two or three categories
_REACH = 6.0
_HOURS = (7, 8, 12, 13, 17, 18, 19, 20)  # at which people read


@dataclass(frozen=True, slots=True)
class People:
    """Latent traits, one entry per customer, and days counted from the first of the simulation.

    Attributes:
        path: which of the truth's buyers, in their order.
        arrives: day on which they sign up; most buy on it (`buys_at_once`).
        rate: orders per day for as long as they are customers.
        life: days from the first order to the day on which they are lost for good; 0 for those who come once.
        taste: share of each category, a row per customer.
        price: price sensitivity, 0 to 1.
        answer: how strongly they answer, `fatigue` how much each earlier contact takes from it.
        bargains: share of own orders on sale; `contracts` the chance per order to sign a contract.
        reach: share of messages that they read, at the hour `hour`.
        touchy: factor of their chance to unsubscribe, mean 1.
        consents: whether they said yes, by channel.
    """

    path: Indices
    arrives: Indices
    buys_at_once: Flags
    rate: Numbers
    life: Numbers
    taste: Numbers
    price: Numbers
    answer: Numbers
    fatigue: Numbers
    bargains: Numbers
    contracts: Numbers
    reach: Numbers
    hour: Indices
    touchy: Numbers
    consents: dict[str, Flags]

    def __len__(self) -> int:
        return len(self.path)


def draw_people(truth: Truth, customers: int, days: int, chance: np.random.Generator) -> People:
    """Draw the customers who sign up over `days` days, evenly; a fifth of them are there on the first.

    Args:
        chance: the dice; the same dice give the same people.
    """
    kinds = list(truth.buyers.values())
    shares = np.array([kind.share for kind in kinds])
    path = chance.choice(len(kinds), customers, p=shares / shares.sum())

    def of(name: str) -> Numbers:
        return np.array([getattr(kind, name) for kind in kinds], dtype=np.float64)[path]

    arrives = np.maximum(np.floor(chance.uniform(-0.25 * days, days, customers)), 0).astype(np.int64)
    rate = chance.gamma(of("evenness")) / of("evenness") / of("gap_days")
    life = np.where(chance.random(customers) < of("once"), 0.0, chance.exponential(of("life_days")))
    weight = np.array([category.taste for category in truth.categories])
    taste = chance.dirichlet(_TASTE * weight / weight.mean(), customers)
    return People(
        path=path.astype(np.int64), arrives=np.sort(arrives), rate=np.maximum(rate, 1e-4), life=life, taste=taste,
        buys_at_once=chance.random(customers) >= truth.prospects,
        price=_around(of("price"), 8.0, chance), answer=of("answer"),
        fatigue=chance.gamma(3.0, truth.fatigue / 3.0, customers), bargains=of("bargains"), contracts=of("contracts"),
        reach=_around(np.full(customers, truth.reach), _REACH, chance),
        hour=chance.choice(_HOURS, customers).astype(np.int64), touchy=chance.gamma(1.0, 1.0, customers),
        consents={name: chance.random(customers) < share for name, share in truth.consent.items()},
    )  # fmt: skip


def _around(mean: Numbers, weight: float, chance: np.random.Generator) -> Numbers:
    """Beta variates of the given means; the larger the weight, the closer."""
    return chance.beta(mean * weight, (1.0 - mean) * weight)
