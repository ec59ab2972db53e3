"""A fitted model of the line as it is kept: its kind, its moment, what it learned, how it did, whether it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1  # the shape of a kept model; a newer one is passed over, never guessed at


@dataclass(frozen=True, slots=True)
class Fitted:
    """One model that `tenure fit` trained.

    Attributes:
        kind: the file of `models/kinds` that trained it and reads `state`.
        as_of: microseconds since 1970 UTC; it saw nothing at or after that moment.
        state: what it learned, plain JSON data.
        card: its back-test, plain JSON data (`models/cards.py`).
        is_promoted: whether profiles use it from `as_of` on, until a later one takes its place.
        verdict: why it was promoted or not, in a sentence.
    """

    kind: str
    as_of: int
    state: Mapping[str, Any]
    card: Mapping[str, Any]
    is_promoted: bool
    verdict: str

    def as_json(self) -> dict[str, Any]:
        """Plain data, in the order in which a person would read it."""
        return {
            "format": FORMAT, "kind": self.kind, "as_of": self.as_of, "is_promoted": self.is_promoted,
            "verdict": self.verdict, "card": dict(self.card), "state": dict(self.state),
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Fitted:
        """What `as_json` described.

        Raises:
            KeyError: it is not a kept model.
        """
        return cls(
            stored["kind"], stored["as_of"], stored["state"], stored["card"], stored["is_promoted"], stored["verdict"]
        )
