"""Who knows the truth earns more than who follows a rule, and says nothing that is not worth saying."""

from copy import deepcopy

import numpy as np
import pytest

from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion, Offer
from tenure.simulation import policies
from tenure.simulation.comparison import difference
from tenure.simulation.oracle import Oracle
from tenure.simulation.policies import Options
from tenure.simulation.truth import Truth, kind_of
from tenure.simulation.world import Mail, World

WEEKS = 10
CAMPAIGNS = [
    Campaign(name, "v", name, "marketing", (), Audience(""), Occasion("last_order_at"), ("email",),
             Goal("Order Completed", 14.0), Belief(), offer)
    for name, offer in (("newsletter", None), ("win-back", Offer("percent", 20.0)), ("replacement-due", None))
]  # fmt: skip
PRICE = 2_000  # thousandths of a cent: two cents


def options(world):
    """Every campaign for everybody who has signed up and allows it."""
    who = np.flatnonzero((world.people.arrives < world.day) & world.state.allowed["email"])
    customer, campaign = np.repeat(who, len(CAMPAIGNS)), np.tile(np.arange(len(CAMPAIGNS)), len(who))
    kinds = np.array([kind_of(one) for one in CAMPAIGNS])
    offered = np.array([one.offer is not None for one in CAMPAIGNS])
    return Options(customer, campaign, kinds[campaign], offered[campaign], np.zeros(len(customer), np.bool_),
                   np.full(len(customer), 2))  # fmt: skip


def mail(found, chosen):
    for number, campaign in enumerate(CAMPAIGNS):
        mine = chosen & (found.campaign == number)
        who = found.customer[mine]
        words = np.full(len(who), "email")
        yield Mail(campaign, number, who, found.offered[mine], words, words, np.char.mod(f"{number}-%d", who),
                   np.full(len(who), PRICE, np.int64))  # fmt: skip


@pytest.fixture(scope="module")
def grown():
    """A shop of 6,000 after half a year of silence, with the count begun."""
    world = World(Truth(), 6_000, 180 + 7 * WEEKS, 9, 19_358)
    world.live(180)
    for part in world.state.gained.values():
        part[:] = 0.0
    return world


def seer(world):
    costs = np.full(len(CAMPAIGNS), PRICE / 100_000)
    return Oracle(CAMPAIGNS, [kind_of(one) for one in CAMPAIGNS], costs, 7, world.day + 7 * WEEKS)


def earned(world, choose):
    lived = deepcopy(world)
    for _ in range(WEEKS):
        found = options(lived)
        lived.live(7, list(mail(found, choose(found, lived))))
    return np.sum(list(lived.state.gained.values()), axis=0) / 100.0


def test_who_knows_the_truth_earns_more_than_any_rule(grown):
    oracle = seer(grown)
    best = earned(grown, oracle.choose)
    none = earned(grown, lambda found, _: found.customer < 0)
    everyone = earned(grown, lambda found, _: policies.everyone(found))
    dice = np.random.default_rng(3)
    chance = earned(grown, lambda found, world: policies.random(found, dice, len(world.people)))
    for rival in (none, everyone, chance):
        assert difference(best, rival).low > 0


def test_who_knows_the_truth_is_silent_to_the_lost_and_says_one_thing_to_each(grown):
    oracle, found = seer(grown), options(grown)
    chosen = oracle.choose(found, grown)
    assert chosen.any()
    assert (grown.state.lost[found.customer[chosen]] > grown.day).all()
    assert np.bincount(found.customer[chosen]).max() == 1
    assert (oracle.before_wear(found, grown, grown.now())[chosen] > 0).all()


def test_an_offer_is_worth_giving_to_the_price_sensitive_first(grown):
    """Of people alike in all else, the more price-sensitive gain more from an offer than they cost by it."""
    who = np.flatnonzero((grown.state.lost > grown.day) & (grown.state.orders > 0))
    oracle = seer(grown)
    found = Options(who, np.full(len(who), 1), np.full(len(who), "back"), np.ones(len(who), np.bool_),
                    np.zeros(len(who), np.bool_), np.full(len(who), 2))  # fmt: skip
    world = deepcopy(grown)
    world.people.price[:] = 0.1
    little = oracle.before_wear(found, world, world.now())
    world.people.price[:] = 0.9
    much = oracle.before_wear(found, world, world.now())
    assert (much >= little).mean() > 0.99
    assert much.mean() > little.mean()
