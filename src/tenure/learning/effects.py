"""What a campaign changed: people who were written to against like people who were left alone.

Counts and sums come in, an effect with its interval goes out; no row of a customer is ever needed. Everyone counts in
the arm they were put into, whether or not the message reached them (intention to treat).

The interval may be looked at every day. An ordinary 95% interval is right 95 times in 100 if it is looked at once; who
looks daily and stops when it first excludes zero is wrong far more often. So the interval given is a confidence
sequence: with 95% it contains the truth at all looks together. It is the asymptotic one of Waudby-Smith, Arbour, Sinha,
Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences" (Annals of Statistics 52,
2024), Theorem 2.2, for the average treatment effect of section 3:

    effect ± σ · sqrt( 2 (nρ² + 1) / (n²ρ²) · log( sqrt(nρ² + 1) / α ) ),     ρ² = (−2 log α + log(1 − 2 log α)) / n*

n is all people of both arms, σ²/n the variance of the difference, n* the number of people at which the sequence is
tightest, fixed beforehand. The price: about half as wide again as an ordinary interval near n*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

ALPHA = 0.05
TIGHTEST_AT = 2_000  # people; most campaigns of a small business pass through it within weeks
FEWEST = 30  # people in each arm below which no interval is given: the theorem speaks of large numbers
ALARM_BELOW = 0.001


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm's people, how many reached the goal, and the sum and sum of squares of what each spent (units)."""

    people: int = 0
    goals: int = 0
    revenue: float = 0.0
    revenue_squared: float = 0.0


@dataclass(frozen=True, slots=True)
class Stratum:
    """People who were put into an arm with the same chance; a campaign has several if its control share was changed.

    Attributes:
        chance: probability with which each of them was treated.
    """

    chance: float
    treated: Arm
    control: Arm


@dataclass(frozen=True, slots=True)
class Effect:
    """Treated less control, per person.

    Attributes:
        low, high: 95% interval that holds at all looks together; None while there is too little to say.
        once_low, once_high: the ordinary 95% interval, right only for one look planned beforehand.
    """

    effect: float
    low: float | None = None
    high: float | None = None
    once_low: float | None = None
    once_high: float | None = None


def goal_effect(strata: Sequence[Stratum]) -> Effect | None:
    """Difference of the shares that reached the goal, between −1 and 1; None without people in both arms."""
    found = _effect(strata, _goal_moments)
    return found and _within(found, -1.0, 1.0)


def revenue_effect(strata: Sequence[Stratum]) -> Effect | None:
    """Difference of revenue per head in units; None without people in both arms."""
    return _effect(strata, _revenue_moments)


def sample_ratio(strata: Sequence[Stratum]) -> float | None:
    """How likely a split as uneven as this one is, if people were put into the arms as planned.

    Chi-square test with one degree of freedom of the treated against the sum of their chances. Something that removes
    people from one arm only (a broken import, a filter after the draw) makes every effect wrong, however many people
    there are; Fabijan et al., "Diagnosing sample ratio mismatch" (KDD 2019).
    """
    planned = sum(s.chance * (s.treated.people + s.control.people) for s in strata)
    spread = sum(s.chance * (1 - s.chance) * (s.treated.people + s.control.people) for s in strata)
    if spread <= 0:
        return None
    chi_square = (sum(s.treated.people for s in strata) - planned) ** 2 / spread
    return math.erfc(math.sqrt(chi_square / 2))


def alarm(strata: Sequence[Stratum]) -> str:
    """What is wrong with the comparison itself, in words; empty when nothing is."""
    likely = sample_ratio(strata)
    if likely is None or likely >= ALARM_BELOW:
        return ""
    treated = sum(s.treated.people for s in strata)
    people = treated + sum(s.control.people for s in strata)
    planned = round(sum(s.chance * (s.treated.people + s.control.people) for s in strata))
    return (
        f"{treated:,} of {people:,} people were written to where {planned:,} were planned; that is no chance "
        "(p < 0.001), so something removes people from one arm and the effect cannot be trusted"
    )


def interval(variance: float, people: int, tightest_at: int = TIGHTEST_AT, alpha: float = ALPHA) -> float:
    """Half the width of the confidence sequence.

    Args:
        variance: of the difference itself (σ²/n above).
        people: n, of both arms.
    """
    rho_squared = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / tightest_at
    grown = people * rho_squared + 1
    return math.sqrt(variance * people) * math.sqrt(
        2 * grown / (people**2 * rho_squared) * math.log(math.sqrt(grown) / alpha)
    )


Moments = tuple[float, float]  # mean, and variance of one person


def _effect(strata: Sequence[Stratum], moments: Callable[[Arm], Moments]) -> Effect | None:
    """Differences within each stratum, weighted by its people: across strata the arms hold different shares."""
    both = [s for s in strata if s.treated.people and s.control.people]
    people = sum(s.treated.people + s.control.people for s in both)
    effect = variance = 0.0
    for stratum in both:
        weight = (stratum.treated.people + stratum.control.people) / people
        (mean_1, spread_1), (mean_0, spread_0) = moments(stratum.treated), moments(stratum.control)
        effect += weight * (mean_1 - mean_0)
        variance += weight**2 * (spread_1 / stratum.treated.people + spread_0 / stratum.control.people)
    if not both:
        return None
    if min(sum(s.treated.people for s in both), sum(s.control.people for s in both)) < FEWEST:
        return Effect(effect)
    always, once = interval(variance, people), NormalDist().inv_cdf(1 - ALPHA / 2) * math.sqrt(variance)
    return Effect(effect, effect - always, effect + always, effect - once, effect + once)


def _goal_moments(arm: Arm) -> Moments:
    # One success and one failure are added for the spread (Agresti & Caffo 2000): without them an arm in which nobody
    # reached the goal would claim to be certain.
    share = (arm.goals + 1) / (arm.people + 2)
    return arm.goals / arm.people, share * (1 - share)


def _revenue_moments(arm: Arm) -> Moments:
    mean = arm.revenue / arm.people
    spread = max(arm.revenue_squared / arm.people - mean**2, 0.0)
    return mean, spread * arm.people / max(arm.people - 1, 1)


def _within(found: Effect, low: float, high: float) -> Effect:
    def cut(end: float | None) -> float | None:
        return None if end is None else min(max(end, low), high)

    return Effect(found.effect, cut(found.low), cut(found.high), cut(found.once_low), cut(found.once_high))
