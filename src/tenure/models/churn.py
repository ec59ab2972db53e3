"""The chance that a customer will not come back within the next 90 days, and why, in words.

What goes in are snapshots: what was known of customers on days gone by, and whether they then stayed away (`churned`).
Boosted trees of few splits learn from them (Friedman 2001, "Greedy function approximation: a gradient boosting
machine", algorithm 5). Their log-odds are put right on customers that they had not seen, late snapshots counting most
(Platt 1999), and every forecast is the sum of exact contributions of its columns, from which the reasons are read.
Where the direction of a column is beyond doubt the trees may not learn the other one: a silent customer never gets
safer by staying silent.

The model is held against the plain recency rule on the latest snapshot, having learned nothing from the days after it.
1 − P(alive) of BG/NBD, which is often taken for a churn score, is none: it is 0 for everyone without a repeat order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.moments import MICROS_PER_DAY, from_micros
from tenure.frames import arrow
from tenure.models.base import Estimator, Params, Table
from tenure.models.cards import Card, Score
from tenure.models.growth import grow
from tenure.models.labelled import Labelled, matrix
from tenure.models.platt import straightened
from tenure.models.reasons import tell
from tenure.models.recency_rule import RecencyRule, curve, figures
from tenure.models.trees import Trees

Numbers = NDArray[np.float64]

MOST_ROWS = 200_000  # that trees are grown on; more cost seconds and change the third digit
# How soon older snapshots count half when log-odds are straightened. Shorter follows the trend of a young shop better,
# and is thrown further by the season: 15 days gained 0.0007 nats on one real shop and lost 0.0005 on another.
HALF_LIFE_DAYS = 30
_FOLDS = 3
_SAMPLE = 10_000  # rows from which the importance of columns is read

# Where common sense leaves no doubt: 1 if the risk may only rise with the column, −1 if only fall.
DIRECTIONS = {
    "recency_days": 1, "overdue": 1, "silence_ratio": 1, "slowing": 1, "order_rate": -1, "pace_change": -1,
    "order_days_30d": -1, "order_days_90d": -1, "order_days_180d": -1, "events_30d": -1, "events_90d": -1,
    "engagement_trend": -1, "event_age_days": 1, "csat_last": -1, "nps_last": -1,
}  # fmt: skip


class ChurnRisk(Estimator):
    """The probability of no order within the horizon, from snapshots of customers as of days gone by.

    Args:
        horizon_days: for how long a customer had to stay away to be counted as churned in the snapshots.
        rounds, leaves, learning_rate: how many trees, of how many leaves at most, and how much of each one's advice is
            taken.
        smallest_leaf: training rows in a leaf at least.
        ridge: penalty on the leaves' values.
        column_share: the share of columns that each split may choose from, drawn anew.
        seed: of these draws.

    Attributes:
        params_: `slope` and `intercept` of the correction of the trees' log-odds; a slope of 1 says that the trees
            were neither too sure nor too timid.
        columns_: the columns it reads. card_: how it did on the latest snapshot, beside the recency rule.
        importance_: by how much each column moved the log-odds of a training customer on average.
    """

    def __init__(
        self, *, horizon_days: int = 90, rounds: int = 100, leaves: int = 5, learning_rate: float = 0.06,
        smallest_leaf: int = 50, ridge: float = 10.0, column_share: float = 0.4, seed: int = 0,
    ) -> None:  # fmt: skip
        self.horizon_days, self.rounds, self.leaves, self.learning_rate = horizon_days, rounds, leaves, learning_rate
        self.smallest_leaf, self.ridge, self.column_share, self.seed = smallest_leaf, ridge, column_share, seed

    def fit(self, snapshots: Any) -> Self:
        """Learn who stayed away.

        Args:
            snapshots: any data frame, a row per customer and snapshot: `churned` (0 or 1), columns of numbers, flags
                or nothing (a missing value is welcome and says something), and, as far as there are several snapshots,
                `snapshot` (a date, or days since 1970) and `customer_id` or `customer_key`. The snapshots of
                `tenure.models.snapshots` bring words for their reasons; other columns are spoken of by their names.

        Raises:
            TenureError: no usable column, labels other than 0 and 1, or fewer than 300 rows or 30 of either kind.
        """
        rows = Labelled.of(arrow(snapshots))
        rows.require_enough()
        self.columns_ = rows.names
        early, latest = rows.split(self.horizon_days)
        held_out: tuple[Score, ...] = ()
        said = np.empty(0)
        if early.is_enough and latest.is_mixed:
            self._learn(early)
            said = self._probability(latest.rows)
            held_out = self._figures(said, early, latest)
        self._learn(rows)
        self.card_ = Card(
            "churn", _day(rows.latest + self.horizon_days), _day(rows.latest) if held_out else "", len(rows.churned),
            len(latest.churned) if held_out else 0, held_out, _notes(said, latest) if held_out else (),
            curve(said, latest.churned) if held_out else (),
        )  # fmt: skip
        return self

    def predict(self, frame: Any) -> Numbers:
        """The probability of staying away for the horizon, one per row."""
        return self._probability(self._rows(frame))

    def contributions(self, frame: Any) -> Numbers:
        """How much each of `columns_` moves each row's log-odds away from those of a customer unknown: rows × columns.

        They sum to the log-odds of `predict` less `expected_`.
        """
        return self.params_["slope"] * self._trees.contributions(self._rows(frame))

    @property
    def expected_(self) -> float:
        """The log-odds of a customer of whom nothing is known."""
        return self.params_["intercept"] + self.params_["slope"] * self._trees.expected

    def reasons(self, frame: Any, most: int = 3) -> list[list[str]]:
        """For each row, in a sentence each, what raises the risk above that of a customer unknown, gravest first.

        A list is empty where nothing stands out. Every sentence states values of that very row.
        """
        rows = self._rows(frame)
        moved = self.params_["slope"] * self._trees.contributions(rows)
        return tell(self.columns_, rows, moved, self._typical, most)

    def check(self, snapshots: Any) -> tuple[Score, ...]:
        """The figures of this model on the latest of some snapshots, beside the recency rule of the earlier ones."""
        self._check_fitted()
        early, latest = Labelled.of(arrow(snapshots), self.columns_).split(self.horizon_days)
        if not early.is_enough or not latest.is_mixed:
            return ()
        return self._figures(self._probability(latest.rows), early, latest)

    def summary(self) -> Table:
        """The columns by importance."""
        self._check_fitted()
        ranked = sorted(self.importance_.items(), key=lambda item: -item[1])
        return Table(("column", "moves log-odds by"), ranked, "Churn within the horizon")

    def _figures(self, said: Numbers, early: Labelled, latest: Labelled) -> tuple[Score, ...]:
        rule = RecencyRule.of(early.silence, early.churned)
        return figures(said, latest.churned, latest.silence, rule)

    def _learn(self, labelled: Labelled) -> None:
        """Grow the trees, and straighten their log-odds on customers left out of trees grown for that purpose."""
        rows = labelled.thinned(MOST_ROWS)
        unseen = np.zeros(len(rows.churned))
        for fold in range(_FOLDS):
            out = rows.folds % _FOLDS == fold
            if len(np.unique(rows.churned[~out])) > 1:
                unseen[out] = self._grown(rows.rows[~out], rows.churned[~out]).margin(rows.rows[out])
        self._trees = self._grown(rows.rows, rows.churned)
        weights = 0.5 ** ((rows.latest - rows.snapshot) / HALF_LIFE_DAYS)
        slope, intercept = straightened(unseen, rows.churned, weights)
        self.params_ = Params({"slope": slope, "intercept": intercept})
        self._typical = rows.typical()
        few = self.params_["slope"] * self._trees.contributions(rows.thinned(_SAMPLE).rows)
        self.importance_ = dict(zip(self.columns_, np.abs(few).mean(axis=0).tolist(), strict=True))

    def _grown(self, rows: Numbers, churned: Numbers) -> Trees:
        return grow(
            rows, churned, rounds=self.rounds, leaves=self.leaves, rate=self.learning_rate,
            smallest_leaf=self.smallest_leaf, ridge=self.ridge, column_share=self.column_share, seed=self.seed,
            directions=[DIRECTIONS.get(name, 0) for name in self.columns_],
        )  # fmt: skip

    def _rows(self, frame: Any) -> Numbers:
        self._check_fitted()
        return matrix(arrow(frame), self.columns_)

    def _probability(self, rows: Numbers) -> Numbers:
        log_odds = self.params_["intercept"] + self.params_["slope"] * self._trees.margin(rows)
        return np.asarray(1 / (1 + np.exp(-log_odds)))

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "columns": list(self.columns_), "trees": self._trees.as_json(), "params": self.params_.to_dict(),
            "typical": self._typical, "importance": self.importance_, "card": self.card_.as_json(),
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.columns_ = tuple(learned["columns"])
        self._trees = Trees.from_json(learned["trees"])
        self.params_ = Params(learned["params"])
        self._typical = dict(learned["typical"])
        self.importance_ = dict(learned["importance"])
        self.card_ = Card.from_json(learned["card"])


def _notes(said: Numbers, latest: Labelled) -> tuple[str, ...]:
    """What a reader of the card must know."""
    expected, seen = float(said.mean()), float(latest.churned.mean())
    if abs(expected - seen) <= 0.15 * seen:
        return ()
    return (
        f"On the held-out days {seen:.1%} stayed away where {expected:.1%} were expected:"
        " seasons do that, and the first year of a shop's records.",
    )


def _day(day: float) -> str:
    return from_micros(round(day * MICROS_PER_DAY)).isoformat()
