"""The engine's rivals choose as they say, within the caps; and gains are compared customer by customer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.simulation import policies
from tenure.simulation.comparison import Run, Simulated, Simulation, difference, share_of
from tenure.simulation.policies import Options, Standing
from tenure.simulation.tally import Tally

KINDS = np.array(["general", "cart", "back", "early", "service"])


@st.composite
def options(draw):
    """A morning's options of up to eight customers: each campaign with the offer, without it, or both."""
    rows = []
    for customer in range(draw(st.integers(0, 8))):
        room = draw(st.integers(0, 3))
        for campaign in sorted(draw(st.sets(st.integers(0, 4)))):
            offers = draw(st.sampled_from([(False,), (True,), (True, False)]))
            rows += [(customer, campaign, offered, room) for offered in offers]
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)] or [np.empty(0, np.int64)] * 4
    who, campaign, offered, room = columns
    return Options(who, campaign, KINDS[campaign], offered > 0, KINDS[campaign] == "service", room)


@settings(max_examples=40)
@given(options())
def test_everyone_hears_as_much_as_the_caps_allow_and_each_campaign_once(found):
    chosen = policies.everyone(found)
    for customer in np.unique(found.customer):
        mine = chosen & (found.customer == customer) & ~found.service
        offers = found.campaign[(found.customer == customer) & ~found.service]
        assert mine.sum() == min(found.room[mine].max(initial=0), len(np.unique(offers))) or not mine.any()
        assert len(np.unique(found.campaign[mine])) == mine.sum()
    assert chosen[found.service].all()


@settings(max_examples=40)
@given(options(), st.integers(0, 5))
def test_chance_says_at_most_one_thing_to_each(found, seed):
    chosen = policies.random(found, np.random.default_rng(seed), 8) & ~found.service
    assert np.bincount(found.customer[chosen], minlength=8).max(initial=0) <= 1


@settings(max_examples=40)
@given(options(), st.randoms(use_true_random=False))
def test_the_best_of_each_is_worth_no_less_than_any_other(found, dice):
    worth = np.array([dice.choice([-np.inf, -1.0, 0.5, 2.0]) for _ in found.customer])
    chosen = policies.best_of(found, worth)
    for customer in np.unique(found.customer):
        mine = (found.customer == customer) & ~found.service
        if mine.any() and np.isfinite(worth[mine]).any():
            assert worth[chosen & mine].tolist() == [worth[mine].max()]
        else:
            assert not (chosen & mine).any()


def test_chance_leaves_each_way_equally_likely():
    many = np.repeat(np.arange(3_000), 2)
    found = Options(many, np.tile([0, 1], 3_000), KINDS[np.tile([0, 1], 3_000)], many < 0, many < 0, many * 0 + 2)
    chosen = policies.random(found, np.random.default_rng(4), 3_000)
    assert chosen[::2].mean() == pytest.approx(1 / 3, abs=0.035)
    assert chosen[1::2].mean() == pytest.approx(1 / 3, abs=0.035)


def test_classic_segments_are_by_thirds():
    standing = Standing(
        recency_days=np.array([2.0, 3.0, 40.0, 45.0, 200.0, 210.0, 5.0, np.inf, 220.0]),
        orders=np.array([9.0, 8.0, 5.0, 4.0, 9.0, 1.0, 1.0, 0.0, 1.0]),
        revenue=np.array([900.0, 800.0, 300.0, 200.0, 700.0, 20.0, 30.0, 0.0, 10.0]),
    )
    assert policies.segments(standing).tolist() == [
        "champions", "champions", "steady", "steady", "leaving", "gone", "new", "new", "gone",
    ]  # fmt: skip


def test_the_interval_of_a_paired_difference_holds_the_truth():
    """Two noisy profits that share their noise: the difference is found to a hundredth of the noise."""
    dice = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        common, change = dice.normal(50, 40, 400), dice.normal(0.3, 1.0, 400)
        found = difference(common + change, common)
        held += found.low <= 0.3 * 400 <= found.high
    assert 0.92 <= held / 300 <= 0.98


def test_the_share_of_the_best_gain_has_an_interval_only_if_there_is_a_gain():
    none, best = np.zeros(200), np.linspace(0.5, 1.5, 200)
    share = share_of(0.8 * best, best, none)
    assert (share.value, share.low, share.high) == pytest.approx((0.8, 0.8, 0.8))
    assert share_of(best, np.where(np.arange(200) % 2, 1.0, -1.0), none) is None


def test_a_comparison_reads_as_sentences():
    tally = Tally()
    tally.sent("welcome", np.array([0.5, 1.5]), np.array([1.0, 2.0]))
    tally.kept("welcome", np.array([0.25]))
    runs = tuple(Run(name, 0, 5, np.full(4, gain) + np.arange(4), {"goods": 1.0}, tally) for name, gain in
                 (("none", 1.0), ("oracle", 3.0), ("tenure", 2.0)))  # fmt: skip
    done = Simulated(Simulation(4, 7), runs)
    assert done.sentences() == [
        "tenure's 2 contacts were believed to be worth 3 and were worth 2; "
        "1 held back to learn would have been worth 0.",
        "tenure less none: +4 (+4 to +4), more.", "tenure less oracle: -4 (-4 to -4), less.",
    ]  # fmt: skip
    assert done.share_of_oracle("tenure").value == pytest.approx(0.5)
    assert [row[0] for row in done.table()[1]] == ["none", "oracle", "tenure"]
