"""Grows boosted trees from labelled rows and hands them over as plain numbers.

scikit-learn's histogram gradient boosting does the growing. This is the only place that knows how it keeps its trees
inside, which it does not promise to leave as it is: `tests/models/test_trees.py` holds our predictions to its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.models.threads import one_thread
from tenure.models.trees import Tree, Trees

Numbers = NDArray[np.float64]

_HIGHEST = float(np.finfo(np.float64).max)  # in place of an infinite threshold, which JSON cannot say


def classifier(
    rows: Numbers, labels: NDArray[Any], *, rounds: int, leaves: int, rate: float, smallest_leaf: int, ridge: float,
    directions: Sequence[int], column_share: float = 1.0, seed: int = 0,
) -> Any:  # fmt: skip
    """A fitted scikit-learn classifier of labels 0 and 1.

    Args:
        rows: rows × columns, NaN where missing.
        rounds: how many trees; `leaves`: of each at most; `rate`: how much of its advice is taken.
        smallest_leaf: training rows in a leaf at least; `ridge`: L2 penalty on leaf values.
        column_share: the share of columns, drawn anew with `seed`, that each split may choose from.
        directions: for each column 1 if the risk may only rise with it, −1 if only fall, 0 if either.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    whole = np.where(np.isnan(rows).all(axis=0), 0.0, rows)  # a column of nothing has no bins and ends in a trace
    model = HistGradientBoostingClassifier(
        max_iter=rounds, max_leaf_nodes=leaves, learning_rate=rate, min_samples_leaf=smallest_leaf,
        l2_regularization=ridge, monotonic_cst=list(directions), early_stopping=False,
        max_features=column_share, random_state=seed,
    )  # fmt: skip
    with one_thread():
        return model.fit(whole, np.asarray(labels))


def exported(model: Any) -> Trees:
    """The trees of a fitted `HistGradientBoostingClassifier` of two classes without categorical columns."""
    trees = [_tree(stage[0].nodes) for stage in model._predictors]
    return Trees(model.n_features_in_, float(model._baseline_prediction.item()), trees)


def grow(
    rows: Numbers, labels: NDArray[Any], *, rounds: int, leaves: int, rate: float, smallest_leaf: int, ridge: float,
    directions: Sequence[int], column_share: float = 1.0, seed: int = 0,
) -> Trees:  # fmt: skip
    """Trees that give the log-odds of label 1; arguments as of `classifier`."""
    return exported(
        classifier(
            rows, labels, rounds=rounds, leaves=leaves, rate=rate, smallest_leaf=smallest_leaf, ridge=ridge,
            directions=directions, column_share=column_share, seed=seed,
        )
    )  # fmt: skip


def _tree(nodes: Any) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=np.where(is_leaf, 0, nodes["feature_idx"]).tolist(),
        threshold=np.where(is_leaf, 0.0, np.minimum(nodes["num_threshold"], _HIGHEST)).tolist(),
        missing_left=np.where(is_leaf, 0, nodes["missing_go_to_left"]).tolist(),
        left=np.where(is_leaf, -1, nodes["left"].astype(np.int64)).tolist(),
        right=np.where(is_leaf, -1, nodes["right"].astype(np.int64)).tolist(),
        value=np.where(is_leaf, nodes["value"], 0.0).tolist(),
        count=nodes["count"].astype(np.int64).tolist(),
    )
