"""Somebody who knows the truth and writes to each customer what is really worth most, if anything is.

    worth = E[read · orders added] · margin + E[renewals added] · margin of a term
            − P(redeemed) · what the offer takes beyond the shop's own sales − contact cost
            − P(unsubscribes) · what later contacts would bring − (1 − exp(−φ)) · what those of the next 30 days would

It looks one step ahead; what later contacts would bring is what those on the same path brought lately. It knows who is
lost, how price-sensitive and how tired everybody is, but not the coins. A better policy may exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tenure.simulation.answers import Moment, answers
from tenure.simulation.buying import own_hazard
from tenure.simulation.goods import demand
from tenure.simulation.people import Flags, Indices, Numbers
from tenure.simulation.policies import Options, best_of
from tenure.simulation.worths import offer_share

if TYPE_CHECKING:
    from tenure.domain.campaign import Campaign
    from tenure.simulation.world import World

_LATELY = 0.7  # weight of what was known before when the pace is renewed


@dataclass(slots=True)
class Oracle:
    """The policy, with what it remembers: the mean worth of a decision by path, in units.

    Attributes:
        campaigns, kinds: by number.
        costs: of a contact in units, by number of the campaign.
        every: days between decisions; `until` the day on which the count ends.
    """

    campaigns: list[Campaign]
    kinds: list[str]
    costs: Numbers
    every: int
    until: int
    pace: Numbers = field(default_factory=lambda: np.zeros(0))

    def choose(self, options: Options, world: World) -> Flags:
        """The option of each customer that is worth most, if it is worth anything."""
        now = world.now()
        before = self.before_wear(options, world, now)
        worth = before - self.wear(options, now)
        self._learn(options, before, world)
        return options.service | best_of(options, np.where(worth > 0.0, worth, -np.inf))

    def before_wear(self, options: Options, world: World, now: Moment) -> Numbers:
        """What each option brings, before what it takes from later ones; in units."""
        worth = np.full(len(options.customer), -np.inf)
        for number in np.unique(options.campaign):
            mine = np.flatnonzero(options.campaign == number)
            who, offered = options.customer[mine], options.offered[mine]
            worth[mine] = self._value(int(number), who, offered, world, now)
        return worth

    def wear(self, options: Options, now: Moment) -> Numbers:
        """What each option takes from later ones, in units."""
        pace = self._pace(now)[now.people.path[options.customer]]
        leaves = np.zeros(len(options.customer))
        for number in np.unique(options.campaign):
            mine = np.flatnonzero(options.campaign == number)
            answer = answers(
                now, options.customer[mine], self.campaigns[number], self.kinds[number], np.zeros(len(mine))
            )
            leaves[mine] = answer.read * answer.leaves
        left = max(self.until - now.day, 0) / self.every
        tiring = -np.expm1(-now.people.fatigue[options.customer])
        worn: Numbers = pace * (leaves * left + tiring * min(30.0 / self.every, left))
        return worn

    def _value(self, number: int, who: Indices, offered: Flags, world: World, now: Moment) -> Numbers:
        campaign, usual, truth = self.campaigns[number], world.usual, now.truth
        share = offer_share(campaign.offer, usual.value[who]) * offered
        answer = answers(now, who, campaign, self.kinds[number], share)
        gain = answer.read * answer.orders * usual.margin[who] * _in_season(now, who)
        ends = (now.state.contract_ends[who] > now.day) & ~now.state.automatic[who]
        gain += answer.read * answer.renewal * ends * truth.contract_price * (1.0 - truth.contract_cost)
        awake = now.state.lost[who] > now.day
        own = own_hazard(now)[who] * awake * campaign.goal.within_days
        redeems = answer.read * -np.expm1(-(own + answer.orders))
        bargains = now.people.bargains[who]
        beyond = (1.0 - bargains) * share + bargains * np.maximum(share - truth.sale, 0.0)
        worth: Numbers = gain - redeems * beyond * usual.value[who] - self.costs[number]
        return worth

    def _pace(self, now: Moment) -> Numbers:
        return self.pace if len(self.pace) else np.zeros(len(now.truth.buyers))

    def _learn(self, options: Options, before: Numbers, world: World) -> None:
        """Renew the pace: the mean of the best worth over everybody on the path who is still a customer."""
        best = np.zeros(len(world.people))
        marketing = ~options.service
        np.maximum.at(best, options.customer[marketing], before[marketing])
        here = (world.people.arrives < world.day) & (world.state.lost > world.day)
        path = world.people.path
        count = np.bincount(path[here], minlength=len(world.truth.buyers))
        seen = np.bincount(path[here], best[here], len(world.truth.buyers)) / np.maximum(count, 1)
        self.pace = seen if not len(self.pace) else _LATELY * self.pace + (1.0 - _LATELY) * seen


def _in_season(now: Moment, who: Indices) -> Numbers:
    """How much dearer or cheaper a basket of the season is than a usual one; near 1."""
    taste = now.people.taste[who]
    price = np.array([c.price for c in now.truth.categories])
    wanted = taste * demand(now.truth, now.day_of_year)
    season: Numbers = (wanted @ price) / wanted.sum(axis=1) / (taste @ price)
    return season
