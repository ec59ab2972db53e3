"""Chooses mails with the models of scikit-uplift, in an environment that has it: run by benchmarks/hillstrom.py alone.

It imports nothing of this project. It reads what is known of the customers, their arms and outcomes, and for each split
who may be learned from; it writes what each model would send to everybody: 0 for silence, 1 and 2 for the mails.
"""

import importlib
import sys
from typing import Any

import numpy as np


def uplift(model: Any, found: Any, train: Any, goal: str, mail: int) -> Any:
    """What one mail adds to the chance of the goal, for everybody."""
    mine = train & np.isin(found["arm"], (0, mail))
    model.fit(found["features"][mine], found[goal][mine], (found["arm"][mine] == mail).astype(int))
    return model.predict(found["features"])


def main() -> None:
    """All models on all splits."""
    given, came = sys.argv[1:]
    library, linear = importlib.import_module("sklift.models"), importlib.import_module("sklearn.linear_model")
    trees = importlib.import_module("sklearn.ensemble")

    def regression() -> Any:
        return linear.LogisticRegression(max_iter=500)

    def forest() -> Any:
        return trees.HistGradientBoostingClassifier(max_iter=60, max_depth=3, learning_rate=0.05, random_state=0)

    kinds = {
        "two models, logistic": lambda: library.TwoModels(regression(), regression()),
        "two models, boosting": lambda: library.TwoModels(forest(), forest()),
        "one model, boosting": lambda: library.SoloModel(forest()),
        "class transformation, logistic": lambda: library.ClassTransformation(regression()),
    }
    with np.load(given) as stored:
        found = {name: stored[name] for name in stored.files}
    said = {}
    for goal, name in (("visit", "visits"), ("conversion", "orders")):
        for kind, made in kinds.items():
            chosen = []
            for train in found["train"]:
                lifts = [uplift(made(), found, train, goal, mail) for mail in (1, 2)]
                chosen.append(np.column_stack([np.zeros(len(train)), *lifts]).argmax(axis=1))
            said[f"scikit-uplift, {kind}, {name}"] = np.array(chosen)
    np.savez(came, **said)


if __name__ == "__main__":
    main()
