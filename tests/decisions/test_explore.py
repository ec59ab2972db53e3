"""Trying out: the chances are right and logged, the price is known and bounded, and nobody is disturbed for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.decisions.explore import chances_of, lot
from tenure.domain.business import ContactRules
from tenure.domain.campaign import Belief


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=1, max_size=5))
def test_the_chances_are_those_of_drawing_each_worth_and_taking_the_best(options):
    mean, doubt = (np.array(column) for column in zip(*options, strict=True))
    chance = chances_of(mean, doubt)
    draws = np.random.default_rng(1).normal(mean, doubt, (40_000, len(mean)))
    best = np.where(draws.max(axis=1) > 0, draws.argmax(axis=1), len(mean))
    assert chance.sum() == pytest.approx(1)
    assert chance == pytest.approx(np.bincount(best, minlength=len(mean) + 1) / 40_000, abs=0.03)


def test_without_doubt_the_best_is_certain():
    assert chances_of(np.array([1.0, 2.0]), np.zeros(2)) == pytest.approx([0, 1, 0])
    assert chances_of(np.array([-1.0]), np.zeros(1)) == pytest.approx([0, 1])


def test_lots_are_even_and_change_with_the_run():
    lots = np.array([lot("run-1", key, "who") for key in range(2_000)])
    assert np.histogram(lots, 4, (0, 1))[0] == pytest.approx([500] * 4, abs=80)
    assert lot("run-1", 1, "who") != lot("run-2", 1, "who") != lot("run-2", 1, "what")


@pytest.fixture(scope="module")
def crowd(request):
    """Three hundred weekly buyers who all allow e-mail."""
    kit = request.getfixturevalue("kit")
    made = kit.World()
    with made.warehouse.transaction():
        for number in range(300):
            made.customer(f"c{number}")
            made.order(f"c{number}", 3)
    yield made
    made.warehouse.close()


def explored(world, kit, share, budget=None, lift=0.02):
    contact = ContactRules(explore=share, explore_budget=budget)
    world.business = replace(world.business, contact=contact, holdout=0)
    for name in ("decisions", "facts.assignments"):
        world.warehouse.run(f"DELETE FROM {name}")
    campaigns = [kit.campaign("a", effect=Belief(lift)), kit.campaign("b", effect=Belief(0.8 * lift)),
                 kit.campaign("c", effect=Belief(0.0), control=0.2)]  # fmt: skip
    decided = world.decide(*campaigns)
    rows = world.warehouse.fetch("SELECT customer_id, campaign, outcome, propensity, explored FROM decisions "
                                 "WHERE rank = 1 ORDER BY customer_key")  # fmt: skip
    return decided, campaigns, rows


def test_nobody_explores_unless_asked(crowd, kit):
    decided, _, rows = explored(crowd, kit, 0.0)
    assert decided.explored == 0 and {row[1:] for row in rows} == {("a", "chosen", 1.0, False)}


def test_a_share_explores_and_everything_drawn_is_logged_with_its_chance(crowd, kit):
    decided, _, rows = explored(crowd, kit, 0.5)
    drawn = [row for row in rows if row[4]]
    assert decided.explored == len(drawn) == pytest.approx(150, abs=35)
    counts = {name: sum(row[1] == name for row in drawn) for name in ("a", "b", None)}
    chances = {row[1]: row[3] for row in drawn}
    for name, count in counts.items():
        assert count == pytest.approx(chances[name] * len(drawn), abs=25)
    assert sum(chances[name] for name in ("a", "b", None)) == pytest.approx(1, abs=0.02)
    assert 0 < decided.exploration_price < 0.5 * decided.expected_profit
    assert any("drawn, to learn" in sentence for sentence in decided.sentences())


def test_the_price_stays_within_its_budget(crowd, kit):
    whole, _, _ = explored(crowd, kit, 1.0)
    half, _, _ = explored(crowd, kit, 1.0, budget=whole.exploration_price / 2)
    assert 0 < half.exploration_price <= whole.exploration_price / 2
    assert half.explored < whole.explored
    assert explored(crowd, kit, 1.0, budget=0.0)[0].exploration_price == 0


def test_explain_says_that_it_was_drawn(crowd, kit):
    _, campaigns, rows = explored(crowd, kit, 1.0)
    spoken = next(row for row in rows if row[1] == "b" and row[4])
    said = crowd.explain(spoken[0], *campaigns, run_id="run-1")
    assert said.is_as_recorded and "It was drawn, with a chance of" in said.chosen[0]
    assert {v.campaign: v.rule for v in said.verdicts}["a"] == "explore"
    silent = next(row for row in rows if row[2] == "silent")
    hushed = crowd.explain(silent[0], *campaigns, run_id="run-1")
    assert hushed.is_as_recorded and not hushed.chosen
    assert "silence was drawn" in {v.campaign: v.detail for v in hushed.verdicts}["a"]
