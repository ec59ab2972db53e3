"""How people answer a contact: whether it is read, what it adds; the world and the oracle use it alike.

    orders added = [read] · reply · fit · answer · exp(−φ · n) · (1 + pull · price sensitivity · discount / 0.10)

reply is that of the kind of campaign, fit 1 or its `misfit`, answer that of the person's path, φ the person's fatigue
and n the contacts of the last 30 days. Nothing is added for who is lost for good, or in two weeks after a complaint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tenure.simulation.goods import Goods, demand
from tenure.simulation.people import Flags, Indices, Numbers, People
from tenure.simulation.state import State
from tenure.simulation.truth import Reply, Truth

if TYPE_CHECKING:
    from tenure.domain.campaign import Campaign

CROSS_DAYS = 14  # after a complaint nobody wants to hear from the shop for so long
_SOON = 14


@dataclass(frozen=True, slots=True)
class Answers:
    """What a contact does to each of some customers, in expectation.

    Attributes:
        read: chance that it is read.
        orders: orders that it adds if it is read.
        renewal: what it adds to the chance of renewing if it is read.
        leaves: chance that it makes the customer unsubscribe if it is read.
        days: how long the answer lasts, from the day after the contact.
    """

    read: Numbers
    orders: Numbers
    renewal: Numbers
    leaves: Numbers
    days: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What answers depend on: the truth, the people, where they stand, and the day."""

    truth: Truth
    people: People
    goods: Goods
    state: State
    day: int
    day_of_year: int


def answers(now: Moment, who: Indices, campaign: Campaign, kind: str, discount: Numbers) -> Answers:
    """What contacts of one campaign would do.

    Args:
        who: customers, who may stand in it more than once.
        kind: of `kind_of`.
        discount: what the offer takes off, as a share of a usual order; 0 without one.
    """
    truth, people, state = now.truth, now.people, now.state
    days = max(int(min(campaign.goal.within_days, truth.answer_days)) - 1, 1)
    none = np.zeros(len(who))
    if truth.same_for_all is not None:
        there = np.where(state.lost[who] > now.day, truth.same_for_all, 0.0)
        return Answers(np.ones(len(who)), there, none, none, max(int(campaign.goal.within_days) - 1, 1))
    reply = truth.replies[kind]
    tired, cross = state.tired(who), now.day - state.complained[who] < CROSS_DAYS
    awake = state.lost[who] > now.day
    fits = fitting(now, who, kind)
    strength = people.answer[who] * np.exp(-people.fatigue[who] * tired) * awake * ~cross
    strength *= np.where(fits, 1.0, reply.misfit)
    pulled = 1.0 + truth.pull * people.price[who] * discount / 0.10
    leaves = truth.unsubscribing * people.touchy[who] * (1.0 + tired / 2.0)
    leaves *= np.where(fits | _speaks_to_all(reply), 1.0, 2.0) * np.where(cross, 3.0, 1.0)
    if campaign.purpose == "service":
        leaves = none
    read = people.reach[who] * np.where(awake, 1.0, truth.asleep)
    return Answers(read, reply.orders * strength * pulled, reply.renewal * strength, np.minimum(leaves, 1.0), days)


def fitting(now: Moment, who: Indices, kind: str) -> Flags:
    """Whether the moment fits a kind of campaign, by what is really so with each customer."""
    state, people, day = now.state, now.people, now.day
    fits: Flags
    match kind:
        case "thanks":
            fits = day - state.last_order[who] <= _SOON
        case "early":
            fits = state.orders[who] <= 3
        case "cart":
            fits = day - state.cart_at[who] <= 4
        case "worn":
            fits = _is_worn(state, who, day)
        case "back":
            fits = (state.orders[who] > 0) & ((day - state.last_order[who]) * people.rate[who] >= 1.5)
        case "season":
            favourite = people.taste[who].argmax(axis=1)
            fits = demand(now.truth, now.day_of_year + _SOON)[favourite] > 1.1
        case "contract":
            left = state.contract_ends[who] - day
            fits = (left > 0) & (left <= 45)
        case _:
            fits = np.ones(len(who), dtype=np.bool_)
    return fits


def _is_worn(state: State, who: Indices, day: int) -> Flags:
    near: Flags = (day >= state.due[who] - 10) & (day <= state.due[who] + 21)
    return near


def _speaks_to_all(reply: Reply) -> bool:
    return reply.misfit >= 1.0
