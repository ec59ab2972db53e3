"""How many people it takes until a lift would show: so that nobody waits for ever, or stops too soon.

A lift shows when the range that holds at every look lies on one side of 0. With n people, of whom a share c is left
alone, the measured effect has the standard deviation

    s = sqrt( ratio · ( p₁(1 − p₁) / (1 − c)n  +  p₀(1 − p₀) / c n ) ),     p₁ = p₀ + lift

and the lift shows with the chance `POWER` once half the width of the sequence + z · s is no more than it, z the normal
quantile of that chance. The sequence narrows with every person, so the number is found by halving.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from tenure.learning.effects import FEWEST, TIGHTEST_AT, interval

POWER = 0.8
MOST = 10**9  # people; who needs more will never know


def people_needed(alone: float, lift: float, control: float, ratio: float = 1.0, power: float = POWER) -> int | None:
    """People of both arms until a lift would show.

    Args:
        alone: share of control that reaches the goal.
        lift: the added share to be seen, positive or negative.
        control: share of people left alone, between 0 and 1.
        ratio: variance left when what people did before is taken out.

    Returns:
        None where it would take more than `MOST` people, nobody is left alone, or there is no lift to see.
    """
    if lift == 0 or not 0 < control < 1:
        return None
    spread = ratio * (_spread(alone + lift) / (1 - control) + _spread(alone) / control)
    sure = NormalDist().inv_cdf(power)

    def shows(people: int) -> bool:
        variance = spread / people
        return interval(variance, people, TIGHTEST_AT) + sure * math.sqrt(variance) <= abs(lift)

    low, high = 1, MOST
    if not shows(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle + 1, high)
    return max(low, math.ceil(FEWEST / min(control, 1 - control)))


def _spread(share: float) -> float:
    """Variance of one person's goal; never quite 0, for no share is known to be exactly 0 or 1."""
    kept = min(max(share, 0.001), 0.999)
    return kept * (1 - kept)
