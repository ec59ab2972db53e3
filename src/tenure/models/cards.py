"""The card of a fitted model: what it was trained on, how it did on days it had not seen, and what a simple rule did.

A model is used only if it beats the naive rule, and the model it would replace, on the same held-out days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Score:
    """One figure of a back-test.

    Attributes:
        name: what was measured, such as `AUC` or `MAE of orders`.
        model, naive: the figure for the model and for the simple rule.
        better: whether `higher` or `lower` is better.
        rule: the simple rule in words.
        decides: whether promotion depends on this figure; the others are for reading.
    """

    name: str
    model: float
    naive: float
    better: Literal["higher", "lower"]
    rule: str
    decides: bool = True

    @property
    def beats_naive(self) -> bool:
        """Whether the model did at least as well as the simple rule and better by more than rounding."""
        gain = self.model - self.naive if self.better == "higher" else self.naive - self.model
        return gain > 1e-9


@dataclass(frozen=True, slots=True)
class Card:
    """The back-test of one fitted model.

    Attributes:
        kind: which model of the line (`purchases`, `churn`, …).
        as_of: the moment it was fitted as of, ISO 8601; it saw nothing later.
        split: the moment that parts training from checking, ISO 8601; empty when there was no room for a back-test.
        customers: how many it learned from; `checked`: how many it was checked on.
        scores: the figures.
        notes: sentences a reader must know: rescaled by 12%, no seasonal category found, …
        curve: said against seen, as `{"said": …, "seen": …, "count": …}` rows, for the chart.
    """

    kind: str
    as_of: str
    split: str
    customers: int
    checked: int
    scores: tuple[Score, ...]
    notes: tuple[str, ...] = ()
    curve: tuple[dict[str, float], ...] = field(default=())

    @property
    def beats_naive(self) -> bool:
        """Whether every deciding figure beats the simple rule; False without a back-test."""
        deciding = [score for score in self.scores if score.decides]
        return bool(deciding) and all(score.beats_naive for score in deciding)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Card:
        """The card that `as_json` described."""
        scores = tuple(Score(**score) for score in stored["scores"])
        rest = {name: stored[name] for name in ("kind", "as_of", "split", "customers", "checked")}
        return cls(**rest, scores=scores, notes=tuple(stored["notes"]), curve=tuple(stored["curve"]))
