"""The simple rule that every churn score must beat: whoever has been silent longest will be lost first.

The rule is given its best chance: its ranking is that of the days of silence as they are, and its probabilities are the
shares lost among past customers of about the same silence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.models.cards import Score
from tenure.models.metrics import auc, calibration, calibration_error, log_loss

Numbers = NDArray[np.float64]

BINS = 20  # of about equal count; finer ones begin to fit chance


@dataclass(frozen=True, slots=True)
class RecencyRule:
    """The share lost by days of silence.

    Attributes:
        edges: days of silence that part the bins.
        shares: lost customers ÷ customers in each bin, one more than there are edges.
    """

    edges: Numbers
    shares: Numbers

    @classmethod
    def of(cls, silence: Numbers, churned: Numbers) -> RecencyRule:
        """The rule that past customers teach."""
        known = np.nan_to_num(silence, nan=np.inf)
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
        edges = edges[edges < known.max(initial=-np.inf)]  # above the greatest nobody was seen
        bins = np.searchsorted(edges, known)
        lost = np.bincount(bins, churned, minlength=len(edges) + 1)
        return cls(edges, (lost + 1) / (np.bincount(bins, minlength=len(edges) + 1) + 2))

    def probability(self, silence: Numbers) -> Numbers:
        """The chance of being lost, by days of silence."""
        return np.asarray(self.shares[np.searchsorted(self.edges, np.nan_to_num(silence, nan=np.inf))])


def figures(said: Numbers, churned: Numbers, silence: Numbers, rule: RecencyRule) -> tuple[Score, ...]:
    """How a forecast did on held-out customers, beside the rule; ranking and probability decide."""
    ruled = rule.probability(silence)
    return (
        Score("AUC", auc(said, churned), auc(np.nan_to_num(silence, nan=np.inf), churned), "higher",
              "the days of silence alone"),
        Score("log-loss", log_loss(said, churned), log_loss(ruled, churned), "lower",
              "the share lost among customers of like silence"),
        Score("calibration error", calibration_error(said, churned), calibration_error(ruled, churned), "lower",
              "the share lost among customers of like silence", decides=False),
    )  # fmt: skip


def curve(said: Numbers, churned: Numbers) -> tuple[dict[str, float], ...]:
    """Said against seen, for the card."""
    return tuple(
        {"said": part.said, "seen": part.seen, "count": float(part.count)} for part in calibration(said, churned)
    )
