"""Boosted trees as plain numbers: our predictions are scikit-learn's, and contributions are exact Shapley values."""

import json
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.models.growth import classifier, exported, grow
from tenure.models.trees import Tree, Trees

SETTINGS = {"rounds": 20, "leaves": 6, "rate": 0.2, "smallest_leaf": 10, "ridge": 1.0}


def labelled(rows: int = 900, columns: int = 5, seed: int = 0):
    """Rows with gaps, of which some are informative by being absent, and labels that need interactions."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(rows, columns)), 2)
    chance = 1 / (1 + np.exp(-(values[:, 0] + values[:, 1] * values[:, 2])))
    labels = (rng.random(rows) < chance).astype(int)
    values[rng.random((rows, columns)) < 0.15] = np.nan
    values[rng.random(rows) < 0.1 + 0.6 * labels, 3] = np.nan
    return values, labels


def stump(threshold: float, left: float, right: float, *, feature: int = 0, missing_left: int = 0) -> Tree:
    return Tree([feature, 0, 0], [threshold, 0, 0], [missing_left, 0, 0], [1, -1, -1], [2, -1, -1], [0, left, right],
                [4, 1, 3])  # fmt: skip


@st.composite
def random_trees(draw, width: int = 4) -> Trees:
    """A few trees of up to six splits, whose paths may ask about one column again and again."""
    return Trees(width, draw(st.floats(-1, 1)), [draw(random_tree(width)) for _ in range(draw(st.integers(1, 3)))])


@st.composite
def random_tree(draw, width: int) -> Tree:
    nodes = [{"count": draw(st.integers(20, 99))}]
    for _ in range(draw(st.integers(0, 6))):
        open_nodes = [n for n, node in enumerate(nodes) if "left" not in node and node["count"] >= 2]
        if not open_nodes:
            break
        node = nodes[draw(st.sampled_from(open_nodes))]
        share = draw(st.integers(1, node["count"] - 1))
        node |= {"left": len(nodes), "right": len(nodes) + 1, "feature": draw(st.integers(0, width - 1)),
                 "threshold": draw(st.sampled_from([-1.0, 0.0, 1.0])), "missing": draw(st.integers(0, 1))}  # fmt: skip
        nodes += [{"count": share}, {"count": node["count"] - share}]
    values = [draw(st.floats(-2, 2)) for _ in nodes]
    return Tree([n.get("feature", 0) for n in nodes], [n.get("threshold", 0.0) for n in nodes],
                [n.get("missing", 0) for n in nodes], [n.get("left", -1) for n in nodes],
                [n.get("right", -1) for n in nodes], values, [n["count"] for n in nodes])  # fmt: skip


def expectation(tree: Tree, row, known, node: int = 0) -> float:
    """What a tree says of a row of which only some columns are known; elsewhere the training rows decide."""
    if tree.left[node] < 0:
        return tree.value[node]
    left, right, asked = tree.left[node], tree.right[node], row[tree.feature[node]]
    if tree.feature[node] in known:
        goes_left = bool(tree.missing_left[node]) if np.isnan(asked) else asked <= tree.threshold[node]
        return expectation(tree, row, known, left if goes_left else right)
    return sum(tree.count[n] / tree.count[node] * expectation(tree, row, known, n) for n in (left, right))


def by_all_orders(trees: Trees, row) -> np.ndarray:
    """Shapley values as defined: what a column adds when it joins, averaged over all orders of joining."""
    found, orders = np.zeros(trees.width), list(permutations(range(trees.width)))
    for order in orders:
        for place, column in enumerate(order):
            for tree in trees.trees:
                with_it = expectation(tree, row, {*order[: place + 1]})
                found[column] += (with_it - expectation(tree, row, {*order[:place]})) / len(orders)
    return found


@pytest.mark.parametrize("directions", [(0, 0, 0, 0, 0), (1, 0, 0, -1, 0)])
def test_our_probability_is_that_of_scikit_learn(directions):
    """What changes in its private arrays is caught here."""
    rows, labels = labelled()
    model = classifier(rows, labels, directions=directions, column_share=0.6, **SETTINGS)
    unseen, _ = labelled(seed=1)
    unseen[:50] = np.nan
    ours = 1 / (1 + np.exp(-exported(model).margin(unseen)))
    assert np.abs(ours - model.predict_proba(unseen)[:, 1]).max() < 1e-9


def test_a_value_missing_only_later_is_handled_as_scikit_learn_does():
    rows, labels = labelled()
    whole = np.nan_to_num(rows)
    model = classifier(whole, labels, directions=[0] * 5, **SETTINGS)
    assert np.abs(1 / (1 + np.exp(-exported(model).margin(rows))) - model.predict_proba(rows)[:, 1]).max() < 1e-9


def test_being_absent_can_be_all_that_counts():
    rows, labels = labelled()
    trees = grow(rows, labels, directions=[0] * 5, **SETTINGS)
    present, absent = np.zeros((1, 5)), np.zeros((1, 5))
    absent[0, 3] = np.nan
    assert trees.margin(absent)[0] > trees.margin(present)[0] + 1


def test_a_column_of_nothing_changes_nothing():
    rows, labels = labelled()
    rows[:, 4] = np.nan
    trees = grow(rows, labels, directions=[0] * 5, **SETTINGS)
    assert not trees.contributions(rows)[:, 4].any()
    assert all(4 not in [tree.feature[node] for node in tree.splits] for tree in trees.trees)


def test_the_same_rows_give_the_same_trees():
    rows, labels = labelled()
    first, again = (grow(rows, labels, directions=[0] * 5, column_share=0.5, **SETTINGS) for _ in range(2))
    assert first.as_json() == again.as_json()


def test_contributions_of_grown_trees_sum_to_the_margin():
    rows, labels = labelled()
    trees = grow(rows, labels, directions=[0] * 5, **SETTINGS)
    assert np.allclose(trees.contributions(rows).sum(axis=1), trees.margin(rows) - trees.expected, atol=1e-9)
    assert np.isclose(trees.expected, trees.margin(rows).mean(), atol=1e-9), "its training rows are what it expects"


@given(random_trees(), st.lists(st.lists(st.sampled_from([-2.0, -1.0, 0.5, 2.0, np.nan]), min_size=4, max_size=4),
                                min_size=1, max_size=5))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_contributions_sum_to_the_margin_less_what_is_expected(trees, listed):
    rows = np.array(listed)
    assert np.allclose(trees.contributions(rows).sum(axis=1), trees.margin(rows) - trees.expected, atol=1e-9)


@given(random_trees(), st.lists(st.sampled_from([-2.0, -1.0, 0.5, 2.0, np.nan]), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_contributions_are_shapley_values_by_brute_force(trees, row):
    assert np.allclose(trees.contributions(np.array([row]))[0], by_all_orders(trees, row), atol=1e-9)


@given(random_trees(), st.lists(st.sampled_from([-2.0, -1.0, 0.5, 2.0, np.nan]), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_margin_is_what_following_the_splits_gives(trees, row):
    walked = trees.baseline + sum(expectation(tree, row, {0, 1, 2, 3}) for tree in trees.trees)
    assert np.isclose(trees.margin(np.array([row]))[0], walked)


def test_a_stump_by_hand():
    """A quarter of the training rows went left: (1 · −1 + 3 · 1) ÷ 4 is expected."""
    trees = Trees(2, 0.5, [stump(10.0, -1.0, 1.0)])
    assert trees.expected == 1.0
    assert trees.margin(np.array([[10.0, 0], [11.0, 0], [np.nan, 0]])).tolist() == [-0.5, 1.5, 1.5]
    assert trees.contributions(np.array([[10.0, 0]])).tolist() == [[-1.5, 0.0]]


def test_trees_survive_json_without_an_infinity():
    rows, labels = labelled()
    trees = grow(rows, labels, directions=[0] * 5, **SETTINGS)
    again = Trees.from_json(json.loads(json.dumps(trees.as_json(), allow_nan=False)))
    assert (again.margin(rows) == trees.margin(rows)).all()
    assert (again.contributions(rows) == trees.contributions(rows)).all()


def test_many_rows_are_worked_on_in_blocks():
    rows, labels = labelled()
    trees = grow(rows, labels, directions=[0] * 5, **SETTINGS)
    many = np.tile(rows, (20, 1))
    assert (trees.margin(many) == np.tile(trees.margin(rows), 20)).all()
    assert (trees.contributions(many)[-900:] == trees.contributions(rows)).all()
    assert trees.margin(rows[:0]).shape == (0,)
    assert trees.contributions(rows[:0]).shape == (0, 5)


def test_rows_of_another_width_are_refused():
    with pytest.raises(TenureError, match="rows of 2 columns"):
        Trees(2, 0.0, [stump(0.0, 0.0, 1.0)]).margin(np.zeros((3, 4)))


def test_trees_too_large_for_tables_are_refused():
    rows, labels = labelled()
    with pytest.raises(TenureError, match="more than 10. Grow trees with fewer leaves"):
        grow(rows, labels, directions=[0] * 5, **{**SETTINGS, "leaves": 20})
