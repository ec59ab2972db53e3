"""What another policy would have brought, told from what was done: no message need be sent to find out.

Every decision is logged with the chance with which it was taken. What a policy that would have taken it more often
would have brought is told by counting it more often. For decisions i with reward rᵢ, the chance pᵢ of what was done and
the chance qᵢ with which the other policy does the same, wᵢ = qᵢ / pᵢ:

    IPS              V = mean(wᵢ rᵢ)                                       Horvitz & Thompson (1952)
    self-normalised  V = Σ wᵢ rᵢ / Σ wᵢ                                    Swaminathan & Joachims (NIPS 2015)
    doubly robust    V = mean(mᵢ + wᵢ (rᵢ − m̂ᵢ))                           Dudík, Langford & Li (ICML 2011), eq. 4

m̂ᵢ is a model's reward for what was done, mᵢ its mean reward for what the policy would do. IPS is right on average
whatever the rewards; self-normalised gives up a little of that for much less spread; doubly robust is right on average
even if the model is wrong, and the surer the better the model is.

The range is the ordinary one, for one look; decisions about one customer are taken together, for they resemble each
other. Few decisions with large weights tell little, however many there are: (Σw)² / Σw² of them would tell as much if
all weighed the same, and with fewer than `FEWEST` such decisions the value carries a warning.

What the log never did it cannot tell. Weights of a policy that it covers have mean 1; where the mean is clearly lower
the log knows nothing of part of what the policy would do, and the answer is refused rather than guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError

Numbers = NDArray[np.float64]
FEWEST = 100
SURE = 4.0  # standard errors by which the mean weight must miss 1 before the log is said not to cover a policy
TOLERATED = 0.01  # share of a policy that a log may miss without anybody noticing


@dataclass(frozen=True, slots=True)
class Log:
    """Decisions as they were taken, seen by one policy.

    Attributes:
        rewards: what each decision brought.
        propensity: the chance with which it was taken, above 0.
        target: the chance with which the policy takes the same.
        customers: the customer of each, for those who are in it more than once; each decision alone, if not given.
    """

    rewards: Numbers
    propensity: Numbers
    target: Numbers
    customers: NDArray[Any] | None = None

    @classmethod
    def of(
        cls, rewards: ArrayLike, propensity: ArrayLike, target: ArrayLike, customers: ArrayLike | None = None
    ) -> Log:  # fmt: skip
        """A log out of any sequences of equal length.

        Raises:
            TenureError: lengths differ, something is no number, or a chance is none.
        """
        columns = [np.asarray(each, dtype=np.float64) for each in (rewards, propensity, target)]
        known = None if customers is None else np.asarray(customers)
        _check(columns, known)
        return cls(columns[0], columns[1], columns[2], known)

    @classmethod
    def by_action(
        cls, rewards: ArrayLike, propensity: ArrayLike, actions: Sequence[str], names: Sequence[str],
        policy: ArrayLike, customers: ArrayLike | None = None,
    ) -> Log:  # fmt: skip
        """A log for a policy that says its chance of every action.

        Args:
            actions: what was done, one per decision.
            names: the actions that the policy knows, `k` of them.
            policy: chances, one row per decision and one column per name; rows add up to at most 1.

        Raises:
            TenureError: the policy would do what was never done, and all that `of` raises.
        """
        chances = np.asarray(policy, dtype=np.float64)
        if chances.shape != (len(actions), len(names)):
            raise TenureError(f"the policy is a table of {chances.shape} where {(len(actions), len(names))} is needed",
                              "Give one row per decision and one column per action.")  # fmt: skip
        done = set(actions)
        never = [name for place, name in enumerate(names) if name not in done and chances[:, place].any()]
        if never:
            raise TenureError(f"nothing can be said of {', '.join(f'`{name}`' for name in never)}: it was never done",
                              "Let some customers explore it, or value a policy without it.")  # fmt: skip
        column = {name: place for place, name in enumerate(names)}
        target = [chances[row, column[action]] if action in column else 0.0 for row, action in enumerate(actions)]
        return cls.of(rewards, propensity, target, customers)

    @property
    def weights(self) -> Numbers:
        """How much each decision counts."""
        found: Numbers = self.target / self.propensity
        return found


@dataclass(frozen=True, slots=True)
class Value:
    """What a policy brings per decision.

    Attributes:
        low, high: 95% range, for one look.
        decisions: how many are in the log.
        effective: how many of equal weight would tell as much.
        warning: why the range may be too narrow; empty when nothing is wrong.
    """

    value: float
    low: float
    high: float
    decisions: int
    effective: float
    warning: str = ""


def inverse_propensity(log: Log) -> Value:
    """The value by inverse propensities: right on average, of large spread.

    Raises:
        TenureError: the log does not cover the policy.
    """
    _check_overlap(log)
    return _value(log, log.weights * log.rewards)


def self_normalised(log: Log) -> Value:
    """The value by weights that are made to add up to the number of decisions: the one to look at first.

    Raises:
        TenureError: the log does not cover the policy.
    """
    _check_overlap(log)
    weights = log.weights
    value = float(weights @ log.rewards / weights.sum())
    return _value(log, value + weights * (log.rewards - value) / weights.mean())


def doubly_robust(log: Log, expected_done: ArrayLike, expected_target: ArrayLike) -> Value:
    """The value by a model of rewards, put right by what really happened.

    Args:
        expected_done: the model's reward for what was done. The model must not have learned from these decisions.
        expected_target: the model's mean reward for what the policy would do.

    Raises:
        TenureError: the log does not cover the policy, or lengths differ.
    """
    _check_overlap(log)
    done, target = (np.asarray(each, dtype=np.float64) for each in (expected_done, expected_target))
    _check([log.rewards, done, target], None, chances=False)
    return _value(log, target + log.weights * (log.rewards - done))


def _value(log: Log, each: Numbers) -> Value:
    value = float(each.mean())
    half = NormalDist().inv_cdf(0.975) * _error(each - value, log.customers)
    weights = log.weights
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    warning = ""
    if effective < FEWEST:
        warning = (f"only as much is known as {effective:,.0f} decisions of this policy would tell; "
                   f"below {FEWEST} the range may be too narrow")  # fmt: skip
    return Value(value, value - half, value + half, len(each), effective, warning)


def _error(deviations: Numbers, customers: NDArray[Any] | None) -> float:
    """Standard error of a mean of deviations from it, customers taken as wholes."""
    n = len(deviations)
    if customers is not None:
        _, places = np.unique(customers, return_inverse=True)
        deviations = np.bincount(places, weights=deviations).astype(np.float64)
    groups = len(deviations)
    if groups < 2:
        return float("inf")
    return float(np.sqrt((deviations**2).sum() * groups / (groups - 1)) / n)


def _check_overlap(log: Log) -> None:
    weights = log.weights
    if not weights.any():
        raise TenureError("the log never did what this policy would do", "Let some customers explore it first.")
    mean = float(weights.mean())
    error = _error(weights - mean, log.customers)
    if mean + SURE * error < 1.0 - TOLERATED:
        raise TenureError(
            f"the log tells of only {mean:.0%} of what this policy would do",
            "Value it on decisions where all that it would do could have happened, or explore the rest first.",
        )  # fmt: skip


def _check(columns: Sequence[Numbers], customers: NDArray[Any] | None, *, chances: bool = True) -> None:
    lengths = {len(each) for each in columns} | ({len(customers)} if customers is not None else set())
    if len(lengths) != 1 or any(each.ndim != 1 for each in columns):
        raise TenureError("the columns of the log differ in length", "Give one value per decision in each.")
    if lengths == {0}:
        raise TenureError("the log is empty", "Decide and let the days pass first.")
    if not all(np.isfinite(each).all() for each in columns):
        raise TenureError("a value in the log is no number", "Leave decisions without a reward out.")
    if not chances:
        return
    _, propensity, target = columns
    if (propensity <= 0).any() or (propensity > 1).any():
        raise TenureError("a propensity is not above 0 and at most 1", "What was done had some chance to be done.")
    if (target < 0).any() or (target > 1).any():
        raise TenureError("a chance of the policy is not between 0 and 1", "Give probabilities.")
