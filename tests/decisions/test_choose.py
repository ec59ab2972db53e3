"""The best contact or silence; both arms hold the same kind of people; a run replaces itself and fails whole."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tenure.domain.campaign import Belief
from tenure.domain.decision import Kept


def rows(world, columns="customer_id, campaign, rank, outcome, rule"):
    return world.warehouse.fetch(f"SELECT {columns} FROM decisions ORDER BY customer_id, rank, campaign")


def five(kit):
    lifts = {"a": 0.01, "b": 0.05, "c": 0.03, "d": 0.02, "e": 0.0}
    return [kit.campaign(name, effect=Belief(lift=lift)) for name, lift in lifts.items()]


def test_the_best_is_chosen_and_the_best_two_losers_are_kept(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    decided = world.decide(*five(kit))
    assert rows(world) == [("ada", "b", 1, "chosen", None), ("ada", "c", 2, "lost", "choice"),
                           ("ada", "d", 3, "lost", "choice")]  # fmt: skip
    assert decided.refused == {"a": {"choice": 1}, "b": {}, "c": {"choice": 1}, "d": {"choice": 1}, "e": {"worth": 1}}


def test_silence_wins_over_what_costs_more_than_it_brings(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.decide(kit.campaign("dear", offer=kit.Offer("percent", 50)), kit.campaign("idle", effect=Belief(lift=0.0)))
    assert rows(world) == [("ada", "idle", 2, "lost", "worth"), ("ada", "dear", 3, "lost", "worth")]
    assert world.warehouse.fetch("SELECT count(*) FROM facts.assignments") == [(0,)]


def test_of_equals_the_first_by_name_wins_whatever_the_order_of_files(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    for order in (("b", "a"), ("a", "b")):
        world.decide(*(kit.campaign(name) for name in order))
        assert rows(world)[0][:2] == ("ada", "a")


def test_the_control_group_holds_those_who_would_have_been_chosen(world, kit):
    for number in range(200):
        world.customer(f"c{number}", channels=["email"] if number % 2 else [])
        world.order(f"c{number}", 3)
    decided = world.decide(kit.campaign("a", control=0.4), kit.campaign("b", effect=Belief(lift=0.001)))
    held = {who for who, name, _, outcome, _ in rows(world) if outcome == "control"}
    reachable = {f"c{number}" for number in range(1, 200, 2)}
    assert held == {who for who in reachable if kit.is_left_alone("pepper", who, 0.4, "a")}
    assert held | world.chosen() == reachable
    assert decided.chosen == {"a": 100 - len(held), "b": 0}, "who is held back hears nothing else either"
    arms = world.warehouse.fetch(
        'SELECT arm, count(*), min(propensity), min("at"), min(goal_until) FROM facts.assignments '
        "GROUP BY arm ORDER BY arm"
    )
    goal_until = world.as_of.at + 14 * 86_400_000_000
    assert arms == [("control", len(held), 0.4, world.as_of.at, goal_until),
                    ("treated", 100 - len(held), 0.6, world.as_of.at, goal_until)]  # fmt: skip


def test_the_same_run_again_changes_nothing(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    first = world.decide(kit.campaign("a", control=0.5), kit.campaign("b"))
    tables = ("decisions", "refusals", "facts.assignments")
    before = [world.warehouse.fetch(f"SELECT * FROM {name} ORDER BY ALL") for name in tables]
    again = world.decide(kit.campaign("a", control=0.5), kit.campaign("b"))
    assert [world.warehouse.fetch(f"SELECT * FROM {name} ORDER BY ALL") for name in tables] == before
    assert again.as_json() == first.as_json()


def test_another_run_of_the_same_moment_assigns_nobody_twice(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.decide(kit.campaign("a"), run_id="one")
    world.decide(kit.campaign("a"), run_id="two")
    assert world.warehouse.fetch("SELECT run_id FROM facts.assignments") == [("one",)]


def test_a_run_that_fails_leaves_nothing(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    decided = world.decide(kit.campaign("a"))
    wrong = pa.table({"run_id": ["two"]})
    kept = Kept(decided.decisions, wrong, wrong, wrong)
    with pytest.raises(Exception, match="as_of"):
        world.decisions.keep("two", kept)
    assert world.warehouse.fetch("SELECT DISTINCT run_id FROM decisions") == [("run-1",)]
    assert world.decisions.latest() == ("run-1", world.as_of.at)


def test_nobody_to_decide_about_is_an_answer(world, kit):
    decided = world.decide(kit.campaign("a"))
    assert (decided.chosen, decided.expected_profit) == ({"a": 0}, 0.0)
    assert decided.decisions.num_rows == 0
    assert world.decide().sentences()[0].startswith("0 contacts chosen")


def test_the_record_adds_up(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    decided = world.decide(kit.campaign("a", offer=kit.Offer("amount", 0.1)))
    (row,) = decided.decisions.to_pylist()
    parts = row["gain"] - row["discount_cost"] - row["contact_cost"] - row["wear"]
    assert row["worth"] == pytest.approx(parts) == pytest.approx(decided.expected_profit)
    assert (row["offer_kind"], row["channel"], row["propensity"], row["occasion_key"]) == (
        "amount",
        "email",
        1.0,
        "ada-3",
    )


def test_a_loser_is_beaten_even_where_the_customer_is_in_its_control_group(world, kit):
    world.customer("ada")
    world.order("ada", 3)
    world.decide(kit.campaign("best"), kit.campaign("loser", control=1.0, effect=Belief(lift=0.01)))
    assert rows(world) == [("ada", "best", 1, "chosen", None), ("ada", "loser", 2, "lost", "choice")]
    assert world.warehouse.fetch("SELECT campaign, arm FROM facts.assignments") == [("best", "treated")]
