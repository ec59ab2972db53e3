"""Shares learned from counts: of those left alone who came, of offers redeemed, of messages that drove people away.

A share of few is mostly chance, so each is mixed with what is known beforehand as if so many people more had been seen
(the mean of a beta distribution: Gelman et al., "Bayesian Data Analysis", 3rd ed., section 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ALONE = 20  # people of other campaigns with the same goal that a control group counts beside its own
REDEEMERS = 10  # buyers who all redeem their offer: the dearest belief stands until some did not
BUYERS = 20  # buyers of all campaigns that one campaign's buyers count beside its own
MESSAGES = 1_000  # messages that unsubscribed as the settings say


@dataclass(frozen=True, slots=True)
class Count:
    """How many of how many."""

    part: int = 0
    whole: int = 0

    def towards(self, share: float, weight: float) -> float:
        """Part ÷ whole, as if `weight` more had been seen with a share."""
        return (self.part + weight * share) / (self.whole + weight)

    def __add__(self, other: Count) -> Count:
        return Count(self.part + other.part, self.whole + other.whole)


def alone(control: Mapping[str, Count], goals: Mapping[str, str]) -> dict[str, float]:
    """Share of each campaign's control people who reached the goal, drawn to that of all campaigns of the same goal.

    Args:
        control: by campaign, control people whose goal's days are over, and how many of them reached it.
        goals: by campaign, the event that is its goal.
    """
    everyone: dict[str, Count] = {}
    for campaign in sorted(control):
        everyone[goals[campaign]] = everyone.get(goals[campaign], Count()) + control[campaign]
    # Half a person who came of one: a group in which nobody came yet is not sure that nobody will.
    return {
        campaign: count.towards(everyone[goals[campaign]].towards(0.5, 1.0), ALONE)
        for campaign, count in sorted(control.items()) if count.whole
    }  # fmt: skip


def redeemed(buyers: Mapping[str, Count]) -> dict[str, float]:
    """Share of those who bought with each campaign's offer in hand who redeemed it, drawn to that of all campaigns."""
    everyone = Count()
    for count in buyers.values():
        everyone += count
    base = everyone.towards(1.0, REDEEMERS)
    return {name: count.towards(base, BUYERS) for name, count in sorted(buyers.items()) if count.whole}


def unsubscribed(messages: Mapping[str, Count], believed: float) -> dict[str, float]:
    """Chance by channel that one message makes somebody unsubscribe, drawn to what the settings say."""
    return {name: count.towards(believed, MESSAGES) for name, count in sorted(messages.items()) if count.whole}
