"""BG/NBD: customers buy at their own steady pace and may stop for good after any purchase.

Each buys as a Poisson process with rate λ ~ Gamma(r, alpha) and drops out after each repeat purchase with probability
p ~ Beta(a, b). Source: Fader, Hardie & Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24(2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenure.models.cells import Cells
from tenure.models.histories import Histories
from tenure.models.kernel import Kernel, Parameter
from tenure.models.purchase_model import PurchaseModel
from tenure.models.special import beta_rule, log_beta_ratio, log_poisson_gamma, log_rising, poisson_gamma_tail

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

_ROWS = 16_384  # at a time in the quadrature: 64 points each are 8 MB

GEOMETRIC = (
    Parameter("r", "shape of the spread of purchase rates: the smaller, the more customers differ", 0.005, 200),
    Parameter("alpha", "scale of purchase rates: r ÷ alpha is the mean rate while a customer", 1e-5, 1e4, is_time=True),
    Parameter("a", "with b the spread of drop-out chances: a ÷ (a + b) is the mean chance", 1e-3, 1e3),
    Parameter("b", "the smaller a and b, the more customers differ in how easily they stop", 1e-3, 1e5),
)
GEOMETRIC_STARTS = ((0.5, 0.5, 1.0, 2.0), (2.0, 1.0, 0.3, 5.0), (0.2, 0.1, 1.0, 1.0))


@dataclass(frozen=True, slots=True)
class GeometricDropout:
    """The kernel of BG/NBD and MBG/NBD, which differ in the first purchase: may one stop right after it?"""

    stops_at_first: bool

    def likelihood(self, values: Numbers, found: Cells) -> tuple[Numbers, Numbers]:
        """Equation 6 (A4–A6) of the paper: still a customer, or gone right after the last purchase."""
        from scipy.special import digamma

        r, alpha, a, b = values
        x, recency, age = found.x, found.recency, found.age
        stays, leaves = self._branches(values, found)
        both = np.logaddexp(stays, leaves)
        gone, stay = np.exp(leaves - both), np.exp(stays - both)
        each = both + x.of(lambda x: log_rising(r, x) + log_beta_ratio(a, b, self._chances(x)))
        by_r = -stay * age.of(lambda t: np.log1p(t / alpha)) - gone * recency.of(lambda t: np.log1p(t / alpha))
        by_alpha = stay * age.of(lambda t: t / (alpha + t)) + gone * recency.of(lambda t: t / (alpha + t))
        purchases = x.all()
        gradient = (
            by_r + x.of(lambda x: digamma(r + x) - digamma(r)),
            # r/α − (r + x)/(α + t) = (r·t/(α + t) − x·α/(α + t))/α, without the difference of two large numbers
            ((r + purchases) * by_alpha - purchases) / alpha,
            gone / a + x.of(lambda x: digamma(a + b) - digamma(a + b + self._chances(x))),
            x.of(lambda x: digamma(b + self._chances(x)) - digamma(b) + digamma(a + b)
                 - digamma(a + b + self._chances(x))) - gone * x.of(lambda x: 1 / self._before(b, x)),
        )  # fmt: skip
        return each - purchases * np.log(alpha), np.stack(gradient)

    def p_alive(self, values: Numbers, found: Cells) -> Numbers:
        """The first branch's share of the likelihood."""
        stays, leaves = self._branches(values, found)
        alive: Numbers = np.exp(stays - np.logaddexp(stays, leaves))
        return alive

    def expected(self, values: Numbers, found: Histories, t: Numbers) -> Numbers:
        """The mean of (1 − (1 + p·t/rate)^−shape) ÷ p under p ~ Beta(a, b').

        Given λ and p a customer's purchases in t number (1 − e^(−λpt)) ÷ p; λ is averaged in closed form, p by
        quadrature. The paper's hypergeometric form (equation 10) is the same, but has poles at a = 1 and a + b = 1.
        """
        shape, rate, a, b = self._posterior(values, found)
        expected = np.empty(len(found))
        for rows, doublings in rows_by_rule(b, shape * t / rate):
            tempo = t[rows] / rate[rows]
            points, weights = beta_rule(a, float(b[rows[0]]), doublings)
            risk = np.maximum(points, 1e-300)
            expected[rows] = -np.expm1(-shape[rows, None] * np.log1p(tempo[:, None] * risk)) @ (weights / risk)
        return expected

    def exactly(self, values: Numbers, found: Histories, n: int, t: Numbers) -> Numbers:
        """Equation 8: n purchases and still a customer, or at least n in tempo and stopped at the n-th."""
        shape, rate, a, b = self._posterior(values, found)
        stays = np.exp(log_beta_ratio(a, b, n) + log_poisson_gamma(n, shape, rate, t))
        if n == 0:
            return stays
        stops = np.exp(log_beta_ratio(a, b, n - 1)) * a / (a + b + n - 1)
        return stays + stops * poisson_gamma_tail(n, shape, t / (rate + t))

    def draw(self, values: Numbers, found: Histories, t: Numbers, rng: Generator, draws: int) -> Counts:
        """The posterior of those still alive: λ ~ Gamma(r + x, alpha + T), p ~ Beta(a, b + chances to stop)."""
        shape, rate, a, b = self._posterior(values, found)
        size = (len(found), draws)
        wanted = rng.poisson(np.minimum(rng.gamma(shape[:, None], t[:, None] / rate[:, None], size), 1e15))
        return np.minimum(wanted, draw_stops(rng, a, b, size))

    def _posterior(self, values: Numbers, found: Histories) -> tuple[Numbers, Numbers, float, Numbers]:
        r, alpha, a, b = values
        return r + found.x, alpha + found.age, float(a), b + self._chances(found.x)

    def _branches(self, values: Numbers, found: Cells) -> tuple[Numbers, Numbers]:
        """Logarithms of the two ways to the same history, over what both share."""
        r, alpha, a, b = values
        shape = r + found.x.all()
        stays = -shape * found.age.of(lambda t: np.log1p(t / alpha))
        odds = found.x.of(lambda x: np.where(self._chances(x) > 0, np.log(a / self._before(b, x)), -np.inf))
        return stays, odds - shape * found.recency.of(lambda t: np.log1p(t / alpha))

    def _chances(self, x: Numbers) -> Numbers:
        """After how many purchases the customer might have stopped."""
        return x + 1 if self.stops_at_first else x

    def _before(self, b: float, x: Numbers) -> Numbers:
        """b + chances − 1; 1 where there was no chance, as nothing is made of it."""
        chances = self._chances(x)
        return np.where(chances > 0, b + chances - 1, 1.0)


def rows_by_rule(b: Numbers, at_stake: Numbers) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Rows that share a rule of quadrature, in parts that fit into memory, with the doublings that `beta_rule` wants.

    A row's rule depends on nothing but the row, so that no answer depends on who else is asked about.
    """
    doublings = np.ceil(np.log2(np.maximum(at_stake, 1.0)))
    order = np.lexsort((doublings, b))
    is_new = (np.diff(b[order]) != 0) | (np.diff(doublings[order]) != 0)
    for group in np.split(order, np.flatnonzero(is_new) + 1):
        for at in range(0, len(group), _ROWS):
            yield group[at : at + _ROWS], int(doublings[group[0]])


def draw_stops(rng: Generator, a: float, b: Numbers, size: tuple[int, int]) -> Counts:
    """After which of the coming purchases a customer stops, 1 for the next, with p drawn from Beta(a, b)."""
    risk = np.clip(rng.beta(a, b[:, None], size), 1e-15, 1.0)
    return rng.geometric(risk)


class BetaGeo(PurchaseModel):
    """BG/NBD: how often customers buy, and when they silently stop, from how often and how lately they bought.

    The workhorse. Who has not bought again is by construction still a customer (`p_alive` 1), which is why
    `p_active(t, summary)`, the probability of a purchase within t, is the figure to act on.
    """

    PARAMETERS: ClassVar = GEOMETRIC
    STARTS: ClassVar = GEOMETRIC_STARTS

    def _kernel(self) -> Kernel:
        return GeometricDropout(stops_at_first=False)
