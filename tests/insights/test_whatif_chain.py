"""The chain behind a what-if: closed forms, a simulation of the same customers, and what must hold of every lever."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.domain.errors import UsageError
from tenure.insights.chain import Chain, interval, profit, steady, visits, worth
from tenure.insights.levers import apply, break_even, levers, parse
from tenure.insights.lives import Counts
from tenure.insights.rates import Evidence, Mean, drawn, likely
from tenure.insights.whatif import Ask, answer

MONTHLY = math.exp(-0.1 / 12)


def chain_of(moves, monthly, entry=None, acquisition=0.0, volume=10.0, discount=MONTHLY, serve=None):
    """A chain of one draw whose months bring what `monthly` says at a margin of 1."""
    size = len(monthly)
    return Chain(
        states=tuple(f"s{i}" for i in range(size)), end="gone", priced=tuple(f"s{i}" for i in range(size)),
        moves=np.array([moves], float), entry=np.array([entry or [1.0] + [0.0] * (size - 1)]), units=np.eye(size),
        price=np.array([monthly], float), serve=np.array([serve or [0.0] * size]), margin=np.array([1.0]),
        acquisition=np.array([float(acquisition)]), volume=np.array([float(volume)]), present=np.zeros(size),
        discount=discount,
    )  # fmt: skip


def test_a_single_plan_is_worth_its_margin_over_its_churn():
    told = worth(chain_of([[0.9, 0.1]], [500.0], acquisition=2000), (12,))
    assert told.months[0] == pytest.approx(1 / 0.1)
    assert told.value[0] == pytest.approx(500 / (1 - MONTHLY * 0.9))
    assert told.steady[0] == pytest.approx(10 * (500 / 0.1 - 2000))
    assert told.cohort[0, 0] == pytest.approx(10 * (500 * (1 - (MONTHLY * 0.9) ** 12) / (1 - MONTHLY * 0.9) - 2000))


def test_a_trial_before_a_plan_is_worth_its_chance_of_the_plan():
    told = worth(chain_of([[0.0, 0.3, 0.7], [0.0, 0.9, 0.1]], [0.0, 500.0], discount=1.0), (12,))
    assert told.value[0] == pytest.approx(0.3 * 500 / 0.1)
    assert (told.months[0], told.paying[0]) == (pytest.approx(1 + 0.3 / 0.1), pytest.approx(0.3 / 0.1))


def test_pay_back_is_the_month_by_whose_end_enough_has_come_in():
    assert worth(chain_of([[0.999, 0.001]], [500.0], acquisition=1500), (12,)).payback[0] == 4
    assert worth(chain_of([[0.999, 0.001]], [500.0], acquisition=1480), (12,)).payback[0] == 3
    assert worth(chain_of([[0.999, 0.001]], [500.0]), (12,)).payback[0] == 0
    assert math.isnan(worth(chain_of([[0.5, 0.5]], [500.0], acquisition=1500), (12,)).payback[0])


def test_a_base_that_is_steady_stays_so():
    """With as many there as the chain holds in the long run, every month brings the steady profit."""
    chain = chain_of([[0.0, 0.3, 0.7], [0.0, 0.9, 0.1]], [-40.0, 500.0], acquisition=900, discount=1.0)
    chain = apply(chain, [], 100)
    there = 10 * visits(chain, 1.0)[0]
    full = Chain(**{n: getattr(chain, n) for n in Chain.__dataclass_fields__} | {"present": there})
    assert worth(full, (7,)).whole[0, 0] == pytest.approx(7 * steady(full)[0])


def test_a_simulation_of_customers_comes_to_the_same():
    chain = chain_of(
        [[0.0, 0.25, 0.15, 0.6], [0.0, 0.85, 0.05, 0.1], [0.0, 0.02, 0.92, 0.06]], [-50.0, 500.0, 800.0],
        entry=[0.8, 0.2, 0.0],
    )  # fmt: skip
    rng, people = np.random.default_rng(5), 40_000
    where = rng.choice(3, people, p=chain.entry[0])
    brought, months, weight = np.zeros(people), np.zeros(people), 1.0
    money, edges = np.append(chain.monthly[0], 0.0), np.cumsum(np.vstack([chain.moves[0], [0, 0, 0, 1]]), axis=1)
    for _ in range(150):
        brought, months, weight = brought + weight * money[where], months + (where < 3), weight * MONTHLY
        where = (rng.random(people)[:, None] > edges[where]).sum(1)
    told = worth(chain)
    assert told.value[0] == pytest.approx(brought.mean(), abs=4 * brought.std() / people**0.5)
    assert told.months[0] == pytest.approx(months.mean(), abs=4 * months.std() / people**0.5)


shares = st.lists(st.floats(0.02, 1.0), min_size=4, max_size=4)


@st.composite
def chains(draw):
    """Two plans behind a trial; whatever leads on, somebody leaves from everywhere."""
    rows = [np.array(draw(shares)) for _ in range(3)]
    return chain_of(
        [row / row.sum() for row in rows], draw(st.lists(st.floats(0, 2000), min_size=3, max_size=3)),
        entry=[0.7, 0.2, 0.1], acquisition=draw(st.floats(0, 5000)),
        serve=draw(st.lists(st.floats(0, 300), min_size=3, max_size=3)),
    )  # fmt: skip


@settings(max_examples=60)
@given(chains(), st.data())
def test_break_even_put_in_place_brings_exactly_nothing(chain, data):
    lever = data.draw(st.sampled_from(sorted(levers(chain).items())))[1]
    needed = break_even(chain, lever)
    if np.isfinite(needed[0]):
        assert profit(lever.put(chain, needed))[0] == pytest.approx(0.0, abs=1e-4 * (1 + chain.acquisition[0]))


@settings(max_examples=60)
@given(chains(), st.data())
def test_what_break_even_cannot_reach_has_one_sign_from_end_to_end(chain, data):
    lever = data.draw(st.sampled_from([v for v in levers(chain).values() if v.kind == "chance"]))
    if np.isnan(break_even(chain, lever)[0]):
        ends = [profit(lever.put(chain, np.array([p])))[0] for p in (0.0, 0.25, 0.5, 0.75, 1.0 - 1e-9)]
        assert min(ends) > -1e-3 or max(ends) < 1e-3


@settings(max_examples=60)
@given(chains(), st.floats(0, 0.02), st.sampled_from(("conversion.s0.s1", "churn.s1", "conversion.s2.s1")))
def test_whatever_is_changed_chances_add_up_to_one(chain, more, path):
    known = levers(chain)
    now = float(known[path].of(chain)[0])
    changed = apply(chain, [parse(f"{path}={min(now + more, 1.0):.12f}", known)], 100)
    assert changed.moves.sum(2) == pytest.approx(np.ones((1, 3)))
    assert changed.moves.min() >= 0


@settings(max_examples=60)
@given(chains(), st.floats(0, 1))
def test_cheaper_acquisition_dearer_plans_and_cheaper_service_never_lower_profit(chain, part):
    known = levers(chain)
    for text in (f"cost.acquisition=-{100 * part:.6f}%", f"price.s1=+{part:.6f}", f"cost.serve.s1=-{part:.6f}"):
        assert profit(apply(chain, [parse(text, known)], 100))[0] >= profit(chain)[0] - 1e-9


@pytest.mark.parametrize(
    ("text", "means"), [("price.s1=+0.5", 550), ("price.s1=-10%", 450), ("price.s1=9.99", 999), ("price.s1==9.99", 999)]
)
def test_a_change_adds_scales_or_replaces(text, means):
    chain = chain_of([[0.8, 0.1, 0.1], [0.0, 0.9, 0.1]], [0.0, 500.0])
    assert apply(chain, [parse(text, levers(chain))], 100).price[0, 1] == pytest.approx(means)


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (["conversion.s0.s2=+0.1"], r"Did you mean `conversion.s0.s1`"),
        (["conversion.s0.s1=+0.9"], "between 0 and 1"),
        (["conversion.s0.s1=0.6", "churn.s0=0.6"], "add up to 1.200"),
        (["conversion.s0.s1"], "does not say what to do"),
        (["conversion.s0.s1=more"], "does not say what to do"),
        (["cost.acquisition=-20"], "at least 0"),
        (["margin=+0.5"], "at most 1"),
        (["volume.new=-200%"], "at least 0"),
        (["churn.s1=0"], "Nobody who is in `s1` would ever leave"),
    ],
)
def test_an_impossible_change_is_refused_with_a_sentence(sets, says):
    chain = chain_of([[0.5, 0.2, 0.3], [0.0, 0.9, 0.1]], [0.0, 500.0], acquisition=1000)
    with pytest.raises(UsageError, match=says):
        apply(chain, [parse(text, levers(chain)) for text in sets], 100)


def test_the_chances_that_are_not_named_shrink_in_proportion():
    chain = chain_of([[0.0, 0.2, 0.8], [0.0, 0.9, 0.1]], [0.0, 500.0])
    assert apply(chain, [parse("conversion.s0.s1=+0.2", levers(chain))], 100).moves[0, 0].tolist() == [0.0, 0.4, 0.6]
    chain = chain_of([[0.6, 0.1, 0.3], [0.0, 0.9, 0.1]], [0.0, 500.0])
    moved = apply(chain, [parse("churn.s0=0.1", levers(chain))], 100).moves[0, 0]
    assert moved[0] / moved[1] == pytest.approx(6)


def evidence(trials=(200, 60, 740), months=(0, 1700, 160), acquisition=20.0):
    counts = Counts(
        moves=np.array([[0, trials[1], trials[2]], [0, months[1], months[2]]]), entry=np.array([1000, 0]),
        months=np.array([sum(trials[1:]), sum(months)]), present=np.array([50, 300]), paid=np.zeros(2),
        more=np.zeros(2), held=np.zeros(2), paid_squares=np.zeros(2), current=np.zeros((4, 2)),
    )  # fmt: skip
    return Evidence(
        states=("trial", "plan"), end="cancelled", counts=counts, priced=("plan",), units=np.array([[0.0], [1.0]]),
        price=(Mean(500.0),), serve=(Mean(20.0, 1.0), Mean(40.0, 2.0)), margin=0.9, acquisition=Mean(acquisition, 5.0),
        arrived=1000, months=10.0,
    )  # fmt: skip


def test_draws_hold_what_the_counts_say_and_narrow_as_they_grow():
    few, many = evidence(), evidence(trials=(0, 600, 7400), months=(0, 17000, 1600))
    widths = []
    for found in (few, many):
        chain = drawn(found, 0.1, np.random.default_rng(3), 4000)
        rate = chain.moves[:, 0, 1]
        expected = found.counts.moves[0, 1] / found.counts.moves[0].sum()
        error = math.sqrt(expected * (1 - expected) / found.counts.moves[0].sum())
        assert rate.mean() == pytest.approx(likely(found, 0.1).moves[0, 0, 1], abs=5 * error / 4000**0.5)
        assert rate.std() == pytest.approx(error, rel=0.1)
        assert chain.moves.sum(2) == pytest.approx(np.ones((4000, 2)))
        widths.append(np.diff(interval(profit(chain)))[0])
    assert widths[1] < 0.5 * widths[0]


def test_the_interval_of_a_chance_holds_what_it_promises():
    """Of 400 businesses with a true chance, about nine in ten have it within their interval."""
    rng, held = np.random.default_rng(8), 0
    for _ in range(400):
        wins = int(rng.binomial(150, 0.08))
        chain = drawn(evidence(trials=(0, wins, 150 - wins)), 0.1, rng, 400)
        low, high = interval(chain.moves[:, 0, 1])
        held += low <= 0.08 <= high
    assert 0.86 <= held / 400 <= 0.94


def test_a_group_with_little_of_its_own_begins_at_the_whole():
    whole = evidence()
    group = evidence(trials=(0, 5, 5), months=(0, 8, 2))
    own, shrunk = likely(group, 0.1).moves[0, 0, 1], likely(group, 0.1, whole).moves[0, 0, 1]
    all_of_it = likely(whole, 0.1).moves[0, 0, 1]
    assert all_of_it < shrunk < own
    assert shrunk == pytest.approx((20 * all_of_it + 5) / 30)


def test_the_same_seed_gives_the_same_answer_and_the_changes_share_their_doubt():
    ask = Ask(sets=("cost.acquisition=-1",), draws=300, seed=4)
    first, again = answer(evidence(acquisition=500.0), ask), answer(evidence(acquisition=500.0), ask)
    assert repr(first.now.figures) == repr(again.now.figures)
    gained = first.gained["profit"]
    assert (gained.value, gained.low, gained.high) == pytest.approx((100.0, 100.0, 100.0))


def test_the_cheapest_lever_is_the_one_of_the_lowest_stated_cost():
    found = evidence(acquisition=400.0)
    unstated = answer(found, Ask(draws=200))
    by_move = [p.lever.path for p in unstated.pulls if p.move is not None]
    assert unstated.state.figures["profit"].value < 0
    assert unstated.cheapest.lever.path == by_move[0]
    stated = answer(found, Ask(draws=200, efforts={"price.plan": 1000.0, "churn.plan": 1.0}))
    assert stated.cheapest.lever.path == "churn.plan"
    assert stated.cheapest.cost == pytest.approx(100 * abs(stated.cheapest.move))
    with pytest.raises(UsageError, match=r"Did you mean `price.plan`"):
        answer(found, Ask(efforts={"price.plans": 1.0}))


def test_a_step_is_worth_what_taking_it_brings():
    told = answer(evidence(acquisition=400.0), Ask(draws=200))
    pulls = {p.lever.path: p for p in told.pulls}
    for path, text in (("conversion.trial.plan", "+0.001"), ("cost.acquisition", "-0.1%"), ("price.plan", "+0.1%")):
        gained = answer(evidence(acquisition=400.0), Ask(sets=(f"{path}={text}",), draws=200)).gained["profit"].value
        assert pulls[path].each.value == pytest.approx(10 * gained, rel=0.02)
    assert pulls["churn.plan"].direction == pulls["cost.serve.plan"].direction == -1
