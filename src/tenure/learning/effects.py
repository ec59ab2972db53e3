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

People differ long before anybody writes to them, and what they did before tells part of what they do after. That part
is taken out (CUPED: Deng, Xu, Kohavi and Walker, "Improving the sensitivity of online controlled experiments by
utilizing pre-experiment data", WSDM 2013, eq. 4–5):

    effect = (Ȳ₁ − Ȳ₀) − θ (X̄₁ − X̄₀),     θ = cov(Y, X) / var(X)

with one θ for both arms, from the spread within arms. Chance alone put people into arms, so X̄₁ − X̄₀ is 0 but for chance
and the effect stays what it was; only its variance falls, by the square of the correlation. Where it would not, θ is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from tenure.learning.arms import Arm, Moments, Outcome, Stratum

ALPHA = 0.05
TIGHTEST_AT = 2_000  # people; most campaigns of a small business pass through it within weeks
FEWEST = 30  # people in each arm below which no interval is given: the theorem speaks of large numbers
ALARM_BELOW = 0.001


@dataclass(frozen=True, slots=True)
class Effect:
    """Treated less control, per person.

    Attributes:
        low, high: 95% interval that holds at all looks together; None while there is too little to say.
        once_low, once_high: the ordinary 95% interval, right only for one look planned beforehand.
        variance_ratio: variance of the effect ÷ what it would be without a look at what people did before.
    """

    effect: float
    low: float | None = None
    high: float | None = None
    once_low: float | None = None
    once_high: float | None = None
    variance_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """Treated less control before any interval: the estimate, its variance, θ, and how much of the variance is left."""

    effect: float
    variance: float
    theta: float = 0.0
    ratio: float = 1.0


def goal_effect(strata: Sequence[Stratum]) -> Effect | None:
    """Difference of the shares that reached the goal, between −1 and 1; None without people in both arms."""
    found = _effect(strata, "goals")
    return found and _within(found, -1.0, 1.0)


def revenue_effect(strata: Sequence[Stratum], tightest_at: int = TIGHTEST_AT) -> Effect | None:
    """Difference of revenue (or profit) per head in units; None without people in both arms."""
    return _effect(strata, "revenue", tightest_at)


def difference(strata: Sequence[Stratum], outcome: Outcome) -> Difference | None:
    """The adjusted difference and its variance; None without people in both arms.

    Differences are taken within each stratum and weighted by its people: across strata the arms hold different shares.
    """
    both = [s for s in strata if s.is_comparable]
    if not both:
        return None
    moments = [(s, Moments.of(s.treated, outcome), Moments.of(s.control, outcome)) for s in both]
    people = sum(s.people for s in both)
    theta = _theta(moments)
    plain, adjusted = (sum((s.people / people) ** 2 * _variance(s, one, other, t) for s, one, other in moments)
                       for t in (0.0, theta))  # fmt: skip
    if adjusted >= plain:
        theta, adjusted = 0.0, plain
    effect = sum(s.people / people * (one.mean - other.mean - theta * (one.before - other.before))
                 for s, one, other in moments)  # fmt: skip
    return Difference(effect, adjusted, theta, adjusted / plain if plain > 0 else 1.0)


def sample_ratio(strata: Sequence[Stratum]) -> float | None:
    """How likely a split as uneven as this one is, if people were put into the arms as planned.

    Chi-square test with one degree of freedom of the treated against the sum of their chances. Something that removes
    people from one arm only (a broken import, a filter after the draw) makes every effect wrong, however many people
    there are; Fabijan et al., "Diagnosing sample ratio mismatch" (KDD 2019).
    """
    planned = sum(s.chance * s.people for s in strata)
    spread = sum(s.chance * (1 - s.chance) * s.people for s in strata)
    if spread <= 0:
        return None
    chi_square = (sum(s.treated.people for s in strata) - planned) ** 2 / spread
    return math.erfc(math.sqrt(chi_square / 2))


def alarm(strata: Sequence[Stratum]) -> str:
    """What is wrong with the comparison itself, in words; empty when nothing is."""
    likely = sample_ratio(strata)
    if likely is None or likely >= ALARM_BELOW:
        return ""
    treated, people = sum(s.treated.people for s in strata), sum(s.people for s in strata)
    planned = round(sum(s.chance * s.people for s in strata))
    return (
        f"{treated:,} of {people:,} people are treated where {planned:,} were planned; that is no chance "
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


def are_enough(strata: Sequence[Stratum]) -> bool:
    """Whether an interval can be given: there are at least `FEWEST` people in each arm."""
    both = [s for s in strata if s.is_comparable]
    return min(sum(s.treated.people for s in both), sum(s.control.people for s in both)) >= FEWEST


Compared = tuple[Stratum, Moments, Moments]


def _effect(strata: Sequence[Stratum], outcome: Outcome, tightest_at: int = TIGHTEST_AT) -> Effect | None:
    found = difference(strata, outcome)
    if found is None:
        return None
    if not are_enough(strata):
        return Effect(found.effect, variance_ratio=found.ratio)
    people = sum(s.people for s in strata if s.is_comparable)
    always = interval(found.variance, people, tightest_at)
    once = NormalDist().inv_cdf(1 - ALPHA / 2) * math.sqrt(found.variance)
    e = found.effect
    return Effect(e, e - always, e + always, e - once, e + once, found.ratio)


def _theta(moments: Sequence[Compared]) -> float:
    """θ within arms and strata, each weighted by its people; 0 where nobody differed before."""
    arms = [(s.treated, one) for s, one, _ in moments] + [(s.control, other) for s, _, other in moments]
    before = sum((arm.people - 1) * m.before_variance for arm, m in arms)
    return sum((arm.people - 1) * m.covariance for arm, m in arms) / before if before > 0 else 0.0


def _variance(stratum: Stratum, one: Moments, other: Moments, theta: float) -> float:
    return one.residual(theta) / stratum.treated.people + other.residual(theta) / stratum.control.people


def _within(found: Effect, low: float, high: float) -> Effect:
    def cut(end: float | None) -> float | None:
        return None if end is None else min(max(end, low), high)

    return replace(
        found, effect=min(max(found.effect, low), high), low=cut(found.low), high=cut(found.high),
        once_low=cut(found.once_low), once_high=cut(found.once_high),
    )  # fmt: skip


__all__ = ["ALPHA", "FEWEST", "TIGHTEST_AT", "Arm", "Difference", "Effect", "Stratum", "alarm", "are_enough",
           "difference", "goal_effect", "interval", "revenue_effect", "sample_ratio"]  # fmt: skip
