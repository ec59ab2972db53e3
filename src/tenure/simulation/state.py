"""Where everybody stands on a day of the simulation: what changes as the days pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenure.simulation.people import NEVER, Flags, Indices, Numbers, People

MONTH = 30  # days over which contacts tire


@dataclass(frozen=True, slots=True)
class Wave:
    """What contacts of one campaign and day add: orders per day and customer, from a day until before another."""

    who: Indices
    orders: Numbers
    since: int
    until: int


@dataclass(slots=True)
class State:
    """One entry per customer; days count from the first of the simulation, −1 (or `NEVER`) is not at all.

    Attributes:
        lost: day from which somebody is no customer any more; NEVER before the first order.
        orders, last_order: how many, and the day of the latest.
        due, due_product: when the latest thing that wears out will have, and which it is.
        cart_at, cart_product: what was left in the cart, and when.
        allowed: consent in force, by channel.
        heard: contacts on each of the last 30 days, a ring by day modulo 30.
        complained: day of the latest complaint.
        offer_until, offer_share, offer_cents, offer_gift, offer_from: the offer in hand: until before which day,
            the share of the price or the minor units taken off, what the gift costs, and the number of the campaign.
        contract_ends, contract_since, contract_number, automatic: the service contract; `since` in microseconds UTC.
        renewal: what contacts have added to the chance that it is renewed.
        waves: the answers still going on.
        gained: profit in minor units since the count began, by what brought or cost it.
    """

    lost: Indices
    orders: Indices
    last_order: Indices
    due: Indices
    due_product: Indices
    cart_at: Indices
    cart_product: Indices
    allowed: dict[str, Flags]
    heard: NDArray[np.uint8]
    complained: Indices
    offer_until: Indices
    offer_share: Numbers
    offer_cents: Indices
    offer_gift: Indices
    offer_from: Indices
    contract_ends: Indices
    contract_since: Indices
    contract_number: Indices
    automatic: Flags
    renewal: Numbers
    waves: list[Wave] = field(default_factory=list)
    gained: dict[str, Numbers] = field(default_factory=dict)

    def tired(self, who: Indices) -> Numbers:
        """Contacts of each in the last 30 days."""
        counted: Numbers = self.heard[who].sum(axis=1, dtype=np.float64)
        return counted

    def gain(self, part: str, who: Indices, cents: NDArray[np.int64] | Numbers) -> None:
        """Book minor units (less than nothing for a cost); a customer may stand in `who` more than once."""
        np.add.at(self.gained[part], who, cents)


PARTS = ("goods", "contracts", "care", "gifts", "contacts")


def fresh(people: People) -> State:
    """Before the first day: nobody has done anything."""
    count = len(people)

    def never(value: int = -1) -> Indices:
        return np.full(count, value, dtype=np.int64)

    return State(
        lost=never(int(NEVER)), orders=never(0), last_order=never(-int(NEVER)), due=never(-int(NEVER)),
        due_product=never(), cart_at=never(-int(NEVER)), cart_product=never(),
        allowed={name: np.zeros(count, dtype=np.bool_) for name in people.consents},
        heard=np.zeros((count, MONTH), dtype=np.uint8), complained=never(-int(NEVER)), offer_until=never(),
        offer_share=np.zeros(count), offer_cents=never(0), offer_gift=never(0), offer_from=never(),
        contract_ends=never(), contract_since=never(0), contract_number=never(0),
        automatic=np.zeros(count, dtype=np.bool_),
        renewal=np.zeros(count), gained={part: np.zeros(count) for part in PARTS},
    )  # fmt: skip
