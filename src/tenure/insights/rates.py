"""From counts to a chain: the most likely rates, and draws of what they may truly be.

Chances of a move have a Dirichlet posterior: counts plus half an observation for each place that was ever reached from
there, and for leaving. New customers by the month are Gamma, means of money are normal with the standard error of the
mean. A group's rates begin at the whole business's, with the weight of `BELIEF` months, and move with its own counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tenure.insights.chain import Array, Chain
from tenure.insights.lives import Counts

BELIEF = 20.0
_PRIOR = 0.5  # Jeffreys: in a row of two places it is the prior whose intervals hold what they promise


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of money in minor units, and how sure it is."""

    value: float
    error: float = 0.0

    @classmethod
    def of(cls, total: float, squares: float, n: float) -> Mean:
        """The mean of n amounts, by their sum and the sum of their squares."""
        if n <= 0:
            return cls(0.0)
        mean = total / n
        return cls(mean, math.sqrt(max(squares / n - mean * mean, 0.0) / n))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was counted of a business or a group; S states, C priced things.

    Attributes:
        counts: what was counted of lives.
        priced, units, price: what months are paid for, (C,), (S, C), and C means.
        serve: what serving costs in a month of each state, S means.
        margin: share of revenue left after the cost of goods.
        acquisition: what winning one customer costs.
        arrived: new customers, in so many months.
    """

    states: tuple[str, ...]
    end: str
    counts: Counts
    priced: tuple[str, ...]
    units: Array
    price: tuple[Mean, ...]
    serve: tuple[Mean, ...]
    margin: float
    acquisition: Mean
    arrived: int
    months: float
    bought: str = "price"


def prior_of(evidence: Evidence, whole: Evidence | None = None) -> tuple[Array, Array]:
    """Observations that count beside those that were made: of moves, (S, S + 1), and of first states, (S,)."""
    if whole is not None:
        moves, entry = prior_of(whole)
        all_moves, all_entry = whole.counts.moves + moves, whole.counts.entry + entry
        return (
            BELIEF * all_moves / all_moves.sum(1, keepdims=True), BELIEF * all_entry / all_entry.sum(),
        )  # fmt: skip
    moves = np.where(evidence.counts.moves > 0, _PRIOR, 0.0)
    moves[:, -1] = _PRIOR
    unseen = np.flatnonzero(evidence.counts.moves.sum(1) == 0)
    moves[unseen, unseen] = _PRIOR  # nothing is known of them: as likely to stay as to leave
    return moves, np.where(evidence.counts.entry > 0, _PRIOR, 0.0)


def likely(evidence: Evidence, discount_rate: float, whole: Evidence | None = None) -> Chain:
    """The chain with the mean of every posterior, as one draw.

    Args:
        discount_rate: yearly and continuous.
        whole: the business of which the evidence is a group.
    """
    moves, entry = prior_of(evidence, whole)
    moves, entry = moves + evidence.counts.moves, entry + evidence.counts.entry
    return Chain(
        states=evidence.states, end=evidence.end, priced=evidence.priced,
        moves=(moves / moves.sum(1, keepdims=True))[None], entry=(entry / entry.sum())[None], units=evidence.units,
        price=np.array([[m.value for m in evidence.price]]), serve=np.array([[m.value for m in evidence.serve]]),
        margin=np.array([evidence.margin]), acquisition=np.array([evidence.acquisition.value]),
        volume=np.array([evidence.arrived / evidence.months]),
        present=evidence.counts.present.astype(np.float64), discount=math.exp(-discount_rate / 12),
        bought=evidence.bought,
    )  # fmt: skip


def drawn(
    evidence: Evidence, discount_rate: float, rng: np.random.Generator, draws: int, whole: Evidence | None = None
) -> Chain:
    """Chains that the evidence leaves possible, each as likely as the other."""
    moves, entry = prior_of(evidence, whole)
    chances, first = moves + evidence.counts.moves, entry + evidence.counts.entry
    gammas = rng.standard_gamma(np.broadcast_to(chances, (draws, *chances.shape)))
    starts = rng.standard_gamma(np.broadcast_to(first, (draws, *first.shape)))
    return replace(
        likely(evidence, discount_rate, whole),
        moves=gammas / gammas.sum(2, keepdims=True), entry=starts / starts.sum(1, keepdims=True),
        price=_normal(evidence.price, rng, draws), serve=_normal(evidence.serve, rng, draws),
        margin=np.full(draws, evidence.margin),
        acquisition=np.maximum(_normal((evidence.acquisition,), rng, draws)[:, 0], 0.0),
        volume=rng.standard_gamma(evidence.arrived + _PRIOR, draws) / evidence.months,
    )  # fmt: skip


def _normal(means: tuple[Mean, ...], rng: np.random.Generator, draws: int) -> Array:
    values, errors = np.array([m.value for m in means]), np.array([m.error for m in means])
    return np.asarray(values + errors * rng.standard_normal((draws, len(means))))
