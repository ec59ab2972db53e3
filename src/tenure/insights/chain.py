"""What a customer is worth who moves from state to state month by month, until they leave for good.

A chain says for each state with which chance a customer stands where a month later, what a month in it brings and
costs, where new customers begin, how many come in a month and what winning one costs. Its value has a closed form:
with Q the chances between states that can still be left, e the first states and m the margin of a month less what
serving costs, one customer spends e (I − Q)⁻¹ months in each state and is worth e (I − γQ)⁻¹ m, where γ discounts a
month (Kemeny & Snell 1960, Finite Markov Chains, ch. 3; Pfeifer & Carraway 2000, Journal of Interactive Marketing 14).

Every array has draws first, so that the doubt about rates is carried through all figures; one draw is a plain answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
LONGEST_PAYBACK = 120  # months; what has not paid for itself in ten years is said never to


@dataclass(frozen=True, slots=True)
class Chain:
    """A business's customers as a Markov chain with money in minor units; D draws, S states, C priced things.

    Attributes:
        states: names of the states that can be left, S of them.
        end: name of the state that is never left.
        priced: names of what a month is paid for, C of them: plans, or the spending of a stage.
        moves: chance of each state a month later, shape (D, S, S + 1), the end last; rows add up to 1.
        entry: share of new customers who begin in each state, (D, S).
        units: how many of each priced thing a month in a state pays for, (S, C).
        price: of each priced thing and month, (D, C).
        serve: what serving costs in a month of each state, (D, S).
        margin: share of revenue that is left after the cost of goods, (D,).
        acquisition: what winning one customer costs, (D,).
        volume: new customers in a month, (D,).
        present: customers in each state at the moment, (S,).
        discount: what money a month from now is worth today, at most 1.
        bought: how prices are called: `price` of a plan, or `spend` of a stage.
    """

    states: tuple[str, ...]
    end: str
    priced: tuple[str, ...]
    moves: Array
    entry: Array
    units: Array
    price: Array
    serve: Array
    margin: Array
    acquisition: Array
    volume: Array
    present: Array
    discount: float = 1.0
    bought: str = "price"

    @property
    def stays(self) -> Array:
        """Chances between states that can be left, (D, S, S)."""
        return self.moves[:, :, :-1]

    @property
    def revenue(self) -> Array:
        """What a month in each state brings, (D, S)."""
        return self.price @ self.units.T

    @property
    def monthly(self) -> Array:
        """Margin of a month in each state less what serving costs, (D, S)."""
        return self.revenue * self.margin[:, None] - self.serve

    def only(self, draw: int) -> Chain:
        """The chain of a single draw."""
        return replace(self, **{name: getattr(self, name)[draw : draw + 1] for name in DRAWN})


DRAWN = ("moves", "entry", "price", "serve", "margin", "acquisition", "volume")


@dataclass(frozen=True, slots=True)
class Worth:
    """What a chain comes to, one figure for each draw, money in minor units.

    Attributes:
        months: expected months until a customer leaves, the trial's included.
        paying: of these, months that are paid for.
        revenue, margin, served: of one customer's whole life, discounted.
        value: lifetime value: margin less what serving costs.
        acquisition: what winning the customer costs.
        profit: value − acquisition.
        payback: the month by whose end the customer has paid for their acquisition, NaN if never.
        steady: profit of a month once as many leave as come, not discounted.
        cohort: profit of one month's new customers over each horizon, (D, H).
        whole: profit of everybody over each horizon, who is there and who comes in each of its months, (D, H).
    """

    months: Array
    paying: Array
    revenue: Array
    margin: Array
    served: Array
    value: Array
    acquisition: Array
    profit: Array
    payback: Array
    steady: Array
    cohort: Array
    whole: Array

    @property
    def ratio(self) -> Array:
        """Lifetime value ÷ acquisition cost; infinite where winning costs nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.acquisition > 0, self.value / self.acquisition, np.inf)

    def items(self) -> dict[str, Array]:
        """Every figure by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"ratio": self.ratio}


def visits(chain: Chain, discount: float) -> Array:
    """Months that a new customer spends in each state, each discounted to their first month, (D, S)."""
    system = np.eye(len(chain.states)) - discount * chain.stays
    return np.asarray(np.linalg.solve(system.transpose(0, 2, 1), chain.entry[:, :, None])[:, :, 0])


def worth(chain: Chain, horizons: Sequence[int] = (12,)) -> Worth:
    """What the chain is worth.

    Args:
        horizons: months that `cohort` and `whole` look ahead, each at least 1.
    """
    lasting, valued = visits(chain, 1.0), visits(chain, chain.discount)
    revenue = (valued * chain.revenue).sum(1)
    served = (valued * chain.serve).sum(1)
    value = (valued * chain.monthly).sum(1)
    gained, everybody, payback = _ahead(chain, horizons)
    return Worth(
        months=lasting.sum(1), paying=(lasting * (chain.revenue.mean(0) > 0)).sum(1), revenue=revenue,
        margin=revenue * chain.margin, served=served, value=value, acquisition=chain.acquisition,
        profit=value - chain.acquisition, payback=payback, steady=steady(chain),
        cohort=(chain.volume * (gained - chain.acquisition)).T, whole=everybody.T,
    )  # fmt: skip


def profit(chain: Chain) -> Array:
    """What one customer brings in their life, discounted, less what winning them costs, (D,)."""
    return np.asarray((visits(chain, chain.discount) * chain.monthly).sum(1) - chain.acquisition)


def steady(chain: Chain) -> Array:
    """Profit of a month once as many leave as come, (D,)."""
    return np.asarray(chain.volume * ((visits(chain, 1.0) * chain.monthly).sum(1) - chain.acquisition))


def _ahead(chain: Chain, horizons: Sequence[int]) -> tuple[Array, Array, Array]:
    """Value of one new customer within each horizon, profit of everybody within it, and the month of pay-back."""
    now, monthly = chain.entry, chain.monthly
    base = np.broadcast_to(chain.present, chain.entry.shape)
    total = everybody = np.zeros(len(now))
    payback = np.where(chain.acquisition <= 0, 0.0, np.nan)
    weight, gained, profits = 1.0, {0: total}, {0: everybody}
    for month in range(1, max(*horizons, LONGEST_PAYBACK) + 1):
        total = total + weight * (now * monthly).sum(1)
        payback = np.where(np.isnan(payback) & (total >= chain.acquisition), month, payback)
        # Who is there has paid for the month that runs; what counts is where they stand a month from now.
        base = _step(base, chain) + chain.volume[:, None] * chain.entry
        everybody = everybody + weight * ((base * monthly).sum(1) - chain.volume * chain.acquisition)
        gained[month], profits[month] = total, everybody
        now, weight = _step(now, chain), weight * chain.discount
    return np.stack([gained[h] for h in horizons]), np.stack([profits[h] for h in horizons]), payback


def _step(where: Array, chain: Chain) -> Array:
    return np.asarray((where[:, None, :] @ chain.stays)[:, 0, :])


def interval(values: Array, level: float = 0.9) -> tuple[float, float]:
    """The middle share of the draws, from its low to its high end; draws without a value count as infinitely high."""
    ranked = np.sort(np.where(np.isnan(values), np.inf, values))
    last = len(ranked) - 1
    edge = (1 - level) / 2
    return float(ranked[round(edge * last)]), float(ranked[round((1 - edge) * last)])


def share(holds: npt.NDArray[Any]) -> float:
    """The share of the draws of which something holds."""
    return float(np.mean(holds))
