"""Wasted discount: money given to people who would have come anyway, measured against those left alone.

Everybody of the treated who came got the discount, but only some of them came because of it. With shares p₁ of treated
and p₀ of control who reached the goal, and discounts of d₁ and d₀ per head,

    wasted per head = (d₁ − d₀) · min(p₀ / p₁, 1)

(d₁ − d₀) is what the campaign gave away: discounts that run in the shop for everybody are given to control as well and
do not count. p₀ / p₁ is the share of the buyers who would have come if left alone, as if nobody stayed away because of
the message and those moved to come bought with the same discount as the others. Its variance follows by the delta
method (Casella & Berger, "Statistical Inference", 2nd ed., section 5.5.4) from the variances and the covariance of
discount and goal in each arm, and the range is a confidence sequence like that of an effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.learning.arms import Arm, Stratum
from tenure.learning.effects import are_enough, interval


@dataclass(frozen=True, slots=True)
class Waste:
    """Discounts of a campaign in units: what it gave away in all, and how much of that went to who came anyway.

    Attributes:
        low, high: 95% range of `wasted` that holds at all looks together; None while there is too little to say.
    """

    given: float
    wasted: float
    low: float | None = None
    high: float | None = None


def wasted_discount(strata: Sequence[Stratum]) -> Waste | None:
    """What the treated were given for nothing; None without people in both arms."""
    both = [s for s in strata if s.is_comparable]
    if not both:
        return None
    given = wasted = variance = 0.0
    for stratum in both:
        extra, share, spread = _of(stratum)
        treated = stratum.treated.people
        given += treated * extra
        wasted += treated * extra * share
        variance += treated**2 * spread
    # Chance alone makes control be given more; nothing was given away then, and nothing of it wasted.
    most = max(given, 0.0)
    best = min(max(wasted, 0.0), most)
    if not are_enough(both):
        return Waste(most, best)
    half = interval(variance, sum(s.people for s in both))
    low, high = max(wasted - half, 0.0), wasted + half
    return Waste(most, best, min(low, best), max(min(high, _paid(both)), best))


def _of(stratum: Stratum) -> tuple[float, float, float]:
    """Extra discount per head, the share of it that was wasted, and the variance of their product."""
    one, other = stratum.treated, stratum.control
    extra = one.discount / one.people - other.discount / other.people
    came, would = one.goals / one.people, other.goals / other.people
    if not one.goals:
        return extra, 0.0, 0.0
    share = would / came
    return extra, share, _spread(one, share, -extra * share / came) + _spread(other, -share, extra / came)


def _spread(arm: Arm, by_discount: float, by_goal: float) -> float:
    """Variance of by_discount · mean discount + by_goal · share of goals in one arm."""
    # Two who came and two who did not are added for the spread (Agresti & Coull 1998): a small control group of which
    # too few came by chance would otherwise claim to be surer than others just when it is furthest off.
    n, came = arm.people, (arm.goals + 2) / (arm.people + 4)
    discount, goals = arm.discount / n, arm.goals / n
    discounts = max(arm.discount_squared / n - discount**2, 0.0)
    together = arm.discount_goals / n - discount * goals
    spread = by_discount**2 * discounts + by_goal**2 * came * (1 - came) + 2 * by_discount * by_goal * together
    return max(spread, 0.0) / max(n - 1, 1)


def _paid(strata: Sequence[Stratum]) -> float:
    return sum(s.treated.discount for s in strata)
