"""What is known of the people of each arm: counts and sums, never a row of a customer.

For each outcome there are its sum, the sum of its squares, and the same of what those people did in a window before
they were put into an arm, with the sum of products of the two: from these five every mean, spread and covariance
follows, in any order of adding up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

Outcome = Literal["goals", "revenue"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm's people, how many reached the goal, and what they spent and were given, in units.

    Attributes:
        goals: people who reached the goal.
        revenue: what they spent within the goal's days (for the whole programme: their profit), over all people.
        goals_before: their orders in the window before; `revenue_before` what those came to.
        goals_both: sum of goal (0 or 1) times orders before; `revenue_both` likewise.
        discount: what their orders within the goal's days were reduced by.
        discount_goals: the part of it that went to people who reached the goal.
    """

    people: int = 0
    goals: int = 0
    revenue: float = 0.0
    revenue_squared: float = 0.0
    goals_before: float = 0.0
    goals_before_squared: float = 0.0
    goals_both: float = 0.0
    revenue_before: float = 0.0
    revenue_before_squared: float = 0.0
    revenue_both: float = 0.0
    discount: float = 0.0
    discount_squared: float = 0.0
    discount_goals: float = 0.0

    @staticmethod
    def total(arms: Iterable[Arm]) -> Arm:
        """All of them as one."""
        found = list(arms)
        return Arm(**{name: sum(getattr(arm, name) for arm in found) for name in SUMS})


SUMS = tuple(column.name for column in fields(Arm))


@dataclass(frozen=True, slots=True)
class Stratum:
    """People who were put into an arm with the same chance; a campaign has several if its control share was changed.

    Attributes:
        chance: probability with which each of them was treated.
    """

    chance: float
    treated: Arm
    control: Arm

    @property
    def people(self) -> int:
        """People of both arms."""
        return self.treated.people + self.control.people

    @property
    def is_comparable(self) -> bool:
        """Whether there is anybody in both arms."""
        return bool(self.treated.people and self.control.people)


@dataclass(frozen=True, slots=True)
class Moments:
    """Of one person of an arm: mean and variance of the outcome and of what came before, and their covariance.

    Attributes:
        safe_variance: the outcome's variance as it enters an interval. For a share one success and one failure are
            added (Agresti & Caffo 2000): without them an arm in which nobody came would claim to be certain.
    """

    people: int
    mean: float
    variance: float
    safe_variance: float
    before: float
    before_variance: float
    covariance: float

    @classmethod
    def of(cls, arm: Arm, outcome: Outcome) -> Moments:
        """The moments of an arm with people in it."""
        n, total, before = arm.people, float(getattr(arm, outcome)), float(getattr(arm, f"{outcome}_before"))
        squared = float(arm.goals) if outcome == "goals" else arm.revenue_squared
        variance = _variance(n, total, total, squared)
        share = (arm.goals + 1) / (n + 2)
        return cls(
            n, total / n, variance, share * (1 - share) if outcome == "goals" else variance, before / n,
            _variance(n, before, before, getattr(arm, f"{outcome}_before_squared")),
            _covariance(n, total, before, getattr(arm, f"{outcome}_both")),
        )  # fmt: skip

    def residual(self, theta: float) -> float:
        """Variance of outcome − θ · before, of one person."""
        left = max(self.variance - 2 * theta * self.covariance + theta**2 * self.before_variance, 0.0)
        # However well the past tells, something is left: as much as one person in the arm could still change.
        return max(self.safe_variance + left - self.variance, left, self.safe_variance / (self.people + 2))


def _variance(n: int, one: float, other: float, products: float) -> float:
    return max(_covariance(n, one, other, products), 0.0)


def _covariance(n: int, one: float, other: float, products: float) -> float:
    return (products - one * other / n) / max(n - 1, 1)
