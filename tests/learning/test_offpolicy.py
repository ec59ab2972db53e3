"""The value of a policy that was not followed, on logs whose truth is known and on a real e-mail test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.learning.offpolicy import Log, doubly_robust, inverse_propensity, self_normalised

HILLSTROM = Path(__file__).resolve().parents[3] / "shared" / "data" / "hillstrom" / "hillstrom.parquet"


def world(random: np.random.Generator, n: int = 1_500):
    """Two kinds of people; a shop that mails the keen, and a policy that mails the others; reward 0 to 3."""
    keen = random.random(n) < 0.4
    mailed_chance = np.where(keen, 0.8, 0.3)
    mailed = random.random(n) < mailed_chance
    mean = np.where(mailed, np.where(keen, 1.0, 1.5), np.where(keen, 0.9, 0.5))
    reward = mean + random.normal(0, 0.5, n)
    wants = np.where(keen, 0.1, 0.9)  # to mail
    chance = np.where(mailed, mailed_chance, 1 - mailed_chance)
    target = np.where(mailed, wants, 1 - wants)
    log = Log.of(reward, chance, target)
    truth = 0.4 * (0.1 * 1.0 + 0.9 * 0.9) + 0.6 * (0.9 * 1.5 + 0.1 * 0.5)
    model_done = mean
    model_target = wants * np.where(keen, 1.0, 1.5) + (1 - wants) * np.where(keen, 0.9, 0.5)
    return log, truth, model_done, model_target


def test_each_way_is_right_on_average_and_its_range_holds():
    random = np.random.default_rng(6)
    found = {"ips": [], "snips": [], "right": [], "wrong": []}
    for _ in range(300):
        log, truth, done, target = world(random)
        found["ips"].append(inverse_propensity(log))
        found["snips"].append(self_normalised(log))
        found["right"].append(doubly_robust(log, done, target))
        found["wrong"].append(doubly_robust(log, np.full_like(done, 0.3), np.full_like(target, 0.3)))
    for name, values in found.items():
        mean = np.mean([v.value for v in values])
        error = np.std([v.value for v in values]) / np.sqrt(len(values))
        assert abs(mean - truth) < 4 * error + 1e-3, name
        assert np.mean([v.low <= truth <= v.high for v in values]) > 0.92, name
    width = {name: np.mean([v.high - v.low for v in values]) for name, values in found.items()}
    assert width["right"] < width["snips"] < width["ips"]


def test_decisions_about_one_customer_are_not_many():
    """Ten copies of each decision tell no more than one of each."""
    log, *_ = world(np.random.default_rng(1))
    people = np.arange(len(log.rewards))
    tenfold = Log.of(*(np.tile(c, 10) for c in (log.rewards, log.propensity, log.target)), np.tile(people, 10))
    one, ten = inverse_propensity(log), inverse_propensity(tenfold)
    assert (ten.low, ten.high) == (pytest.approx(one.low), pytest.approx(one.high))


def test_few_decisions_that_weigh_much_carry_a_warning():
    random = np.random.default_rng(3)
    taken = random.random(2_000) < 0.02
    log = Log.of(random.random(2_000), np.where(taken, 0.02, 0.98), taken.astype(float))
    found = self_normalised(log)
    assert found.effective < 60 and "range may be too narrow" in found.warning
    assert self_normalised(world(random)[0]).warning == ""


def test_what_was_never_done_is_refused_in_a_sentence():
    with pytest.raises(TenureError, match="never did what this policy would do"):
        inverse_propensity(Log.of([1, 2], [0.5, 0.5], [0, 0]))
    with pytest.raises(TenureError, match="`gift`: it was never done"):
        Log.by_action([1, 2], [0.9, 0.9], ["mail", "mail"], ["mail", "gift"], [[1, 0], [0, 1]])
    half = np.tile([1.0, 0.0], 500)  # for every second customer it would do what they could never get
    with pytest.raises(TenureError, match="tells of only 50%"):
        self_normalised(Log.of(half, np.ones(1_000), half))


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (([1], [0.5], [0.5, 0.5]), "differ in length"), (([], [], []), "is empty"),
        (([float("nan")], [0.5], [0.5]), "no number"), (([1], [0.0], [0.5]), "not above 0"),
        (([1], [0.5], [1.5]), "not between 0 and 1"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_be_is_refused(columns, says):
    with pytest.raises(TenureError, match=says):
        Log.of(*columns)


def test_a_policy_of_another_shape_or_a_model_of_another_length_is_refused():
    with pytest.raises(TenureError, match="one row per decision"):
        Log.by_action([1, 2], [0.9, 0.9], ["mail", "mail"], ["mail"], [[1]])
    with pytest.raises(TenureError, match="differ in length"):
        doubly_robust(Log.of([1], [0.5], [0.5]), [1, 2], [1, 2])


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_the_shops_own_policy_brings_what_it_brought(n, seed):
    random = np.random.default_rng(seed)
    reward, chance = random.normal(size=n), random.uniform(0.1, 1.0, n)
    for found in (inverse_propensity(Log.of(reward, chance, chance)), self_normalised(Log.of(reward, chance, chance))):
        assert found.value == pytest.approx(reward.mean()) and found.effective == pytest.approx(n)


def test_the_order_of_decisions_is_nothing():
    log, _, done, target = world(np.random.default_rng(9), 300)
    turned = Log.of(log.rewards[::-1], log.propensity[::-1], log.target[::-1])
    for one, other in ((self_normalised(log), self_normalised(turned)),
                       (doubly_robust(log, done, target),
                        doubly_robust(turned, done[::-1], target[::-1]))):  # fmt: skip
        assert (one.value, one.low) == (pytest.approx(other.value), pytest.approx(other.low))


@pytest.mark.skipif(not HILLSTROM.is_file(), reason="the records of Hillstrom's e-mail test are not on this machine")
def test_hillstroms_policies_come_out_as_published():
    """Spend per customer: 0.65 without a mail, 1.42 with the men's, 1.08 with the women's; thirds by lot."""
    import pyarrow.parquet as pq

    columns = pq.read_table(HILLSTROM, columns=["segment", "spend", "mens"]).to_pydict()
    actions, spend, names = columns["segment"], columns["spend"], ["No E-Mail", "Mens E-Mail", "Womens E-Mail"]
    third = [1 / 3] * len(spend)
    for place, published in enumerate((0.6528, 1.4226, 1.0772)):
        policy = np.zeros((len(spend), 3))
        policy[:, place] = 1.0
        log = Log.by_action(spend, third, actions, names, policy)
        assert self_normalised(log).value == pytest.approx(published, abs=5e-5)
        assert inverse_propensity(log).value == pytest.approx(published, rel=0.01)
    mens = np.asarray(columns["mens"], dtype=bool)
    by_taste = np.column_stack([np.zeros(len(spend)), mens, ~mens])
    chosen = self_normalised(Log.by_action(spend, third, actions, names, by_taste))
    rows = np.asarray(actions) == np.where(mens, "Mens E-Mail", "Womens E-Mail")
    assert chosen.value == pytest.approx(np.asarray(spend)[rows].mean())
    assert chosen.low < 1.4226 < chosen.high, "no telling apart from the men's mail to all"
