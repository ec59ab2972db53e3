"""Pareto/NBD: customers buy at their own steady pace and may stop at any time, seen by nobody.

Each buys as a Poisson process with rate λ ~ Gamma(r, alpha) and lives for an exponential time with rate μ ~ Gamma(s,
beta). Sources: Schmittlein, Morrison & Colombo 1987 (Management Science 33); Fader & Hardie 2005, "A Note on Deriving
the Pareto/NBD Model and Related Expressions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenure.models.cells import Cells, Coded, together
from tenure.models.histories import Histories
from tenure.models.kernel import Kernel, Parameter
from tenure.models.purchase_model import PurchaseModel
from tenure.models.special import line_rule, log_poisson_gamma, log_rising, unit_rule

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

_POINTS = 24  # a side of the quadrature; 49 in all give ten digits
_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class ExponentialLife:
    """The kernel of Pareto/NBD.

    A history ends in one of two ways: the customer stopped before the next purchase came, at some age τ > t_x, or the
    next purchase comes at some τ > T. So the likelihood is a sum of two positive integrals,

        L = Γ(r + x) α^r β^s ÷ Γ(r) · [ s ∫ from t_x (α + τ)^−(r + x) (β + τ)^−(s + 1) dτ
                                        + (r + x) ∫ from T (α + τ)^−(r + x + 1) (β + τ)^−s dτ ],

    each to infinity (the textbook's difference of hypergeometric functions, integrated by parts). Each integral is
    Euler's, which with 1 ÷ (1 + age) = q^(1 ÷ m) becomes a mean over q between 0 and 1, taken by quadrature; the
    hypergeometric series of the textbook overflows for some x above 200. One depends on (x, t_x), the other on (x, T):
    pairs of which there are few, however many customers.
    """

    def likelihood(self, values: Numbers, found: Cells) -> tuple[Numbers, Numbers]:
        """Both ways together, and the gradient."""
        from scipy.special import digamma

        r, alpha, s, beta = values
        stopped, by_stopped = _tail(values, found.x, found.recency, s + 1)
        coming, by_coming = _tail(values, found.x, found.age, s)
        gone = np.log(s) + stopped
        stays = coming + found.x.of(lambda x: np.log(r + x))
        both = np.logaddexp(gone, stays)
        share, rest = np.exp(gone - both), np.exp(stays - both)
        gradient = share * by_stopped + rest * by_coming
        gradient[0] += rest * found.x.of(lambda x: 1 / (r + x))
        gradient[2] += share / s
        gradient[0] += np.log(alpha) + found.x.of(lambda x: digamma(r + x) - digamma(r))
        gradient[1] += r / alpha
        gradient[2] += np.log(beta)
        gradient[3] += s / beta
        each = both + r * np.log(alpha) + s * np.log(beta) + found.x.of(lambda x: log_rising(r, x))
        return each, gradient

    def p_alive(self, values: Numbers, found: Cells) -> Numbers:
        """(α + T)^−(r + x) (β + T)^−s over both ways."""
        r, alpha, s, beta = values
        stopped, _ = _tail(values, found.x, found.recency, s + 1)
        coming, _ = _tail(values, found.x, found.age, s)
        both = np.logaddexp(np.log(s) + stopped, coming + found.x.of(lambda x: np.log(r + x)))
        age = found.age
        alive: Numbers = -(r + found.x.all()) * age.of(lambda t: np.log(alpha + t)) - s * age.of(
            lambda t: np.log(beta + t)
        )
        return np.asarray(np.exp(np.minimum(alive - both, 0.0)))

    def expected(self, values: Numbers, found: Histories, t: Numbers) -> Numbers:
        """(r + x)(β + T) ÷ ((α + T)(s − 1)) · [1 − ((β + T) ÷ (β + T + t))^(s − 1)], finite at s = 1 too."""
        from scipy.special import exprel

        r, alpha, s, beta = values
        longer = np.log1p(t / (beta + found.age))
        lived: Numbers = (beta + found.age) * longer * exprel(-(s - 1) * longer)
        expected: Numbers = (r + found.x) / (alpha + found.age) * lived
        return expected

    def exactly(self, values: Numbers, found: Histories, n: int, t: Numbers) -> Numbers:
        """n purchases in the time that is lived, which ends at t or earlier."""
        r, alpha, s, beta = values
        shape, rate, life = r + found.x, alpha + found.age, beta + found.age
        survives: Numbers = np.exp(-s * np.log1p(t / life))
        chance = survives * np.exp(log_poisson_gamma(n, shape, rate, t))
        for point, weight in zip(*line_rule(64), strict=True):
            # The share of those alive who outlive it, evenly between 1 and those who survive: a moment of stopping.
            lived = np.minimum(life * np.expm1(-np.log(survives + (1 - survives) * point) / s), t)
            chance += (1 - survives) * weight * np.exp(log_poisson_gamma(n, shape, rate, lived))
        return chance

    def draw(self, values: Numbers, found: Histories, t: Numbers, rng: Generator, draws: int) -> Counts:
        """The posterior of those still alive: λ ~ Gamma(r + x, alpha + T), μ ~ Gamma(s, beta + T)."""
        r, alpha, s, beta = values
        size = (len(found), draws)
        rate = rng.gamma((r + found.x)[:, None], 1 / (alpha + found.age)[:, None], size)
        risk = np.maximum(rng.gamma(s, 1 / (beta + found.age)[:, None], size), 1e-300)
        lived = np.minimum(t[:, None], rng.exponential(1.0, size) / risk)
        return rng.poisson(np.minimum(rate * lived, 1e15))


def _tail(values: Numbers, x: Coded, since: Coded, power: float) -> tuple[Numbers, Numbers]:
    """ln ∫ from `since` to infinity (α + τ)^−(m + 1 − power) (β + τ)^−power dτ with m = r + x + s, and its gradient.

    It is (α + t)^−m ÷ m times the mean over q in (0, 1) of ((β + τ) ÷ (α + τ))^−power, where q = ((α + t) ÷ (α + τ))^m.
    `power` is s + 1 or s; the gradient is by r, alpha, s, beta.
    """
    purchases, ages, place = together(x, since)
    log_mean = np.empty(len(purchases))
    slopes = np.empty((4, len(purchases)))
    for at in range(0, len(purchases), _ROWS):
        rows = slice(at, at + _ROWS)
        log_mean[rows], slopes[:, rows] = _pairs(values, purchases[rows], ages[rows], power)
    return log_mean[place], slopes[:, place]


def _pairs(values: Numbers, x: Numbers, t: Numbers, power: float) -> tuple[Numbers, Numbers]:
    r, alpha, s, beta = values
    low, high, weights = unit_rule(_POINTS)
    log_q = np.where(low < 0.5, np.log(low), np.log1p(-np.minimum(high, 0.5)))
    m, difference = (r + x + s)[:, None], alpha - beta
    kept = np.exp(log_q / m)  # (α + t) ÷ (α + τ)
    passed = -np.expm1(log_q / m)  # 1 − kept, without cancellation
    ratio = (beta + t)[:, None] + difference * passed  # (α + t) · (β + τ) ÷ (α + τ)
    logs = np.log(ratio / (alpha + t)[:, None])
    height = np.log(weights) - power * logs
    top = height.max(axis=1, keepdims=True)
    share = np.exp(height - top)
    total = share.sum(axis=1)
    share /= total[:, None]
    mean = np.log(total) + top[:, 0] - m[:, 0] * np.log(alpha + t) - np.log(m[:, 0])
    over = share / ratio
    by_m = -np.log(alpha + t) - 1 / m[:, 0] - power * difference * (over * kept * log_q).sum(axis=1) / m[:, 0] ** 2
    by_alpha = (power - m[:, 0]) / (alpha + t) - power * (over * passed).sum(axis=1)
    by_beta = -power * (over * kept).sum(axis=1)
    return mean, np.stack([by_m, by_alpha, by_m - (share * logs).sum(axis=1), by_beta])


class ParetoNBD(PurchaseModel):
    """Pareto/NBD: how often customers buy, and when they silently stop, where they may stop at any time.

    The classic, and mostly the best forecast of totals; who buys again or not leaves nobody's `p_alive` at 1.
    """

    PARAMETERS: ClassVar = (
        Parameter("r", "shape of the spread of purchase rates: the smaller, the more customers differ", 0.005, 200),
        Parameter("alpha", "scale of purchase rates: r ÷ alpha is the mean rate while a customer", 1e-5, 1e4, True),
        Parameter("s", "shape of the spread of drop-out rates: the smaller, the more customers differ", 0.005, 50),
        Parameter("beta", "scale of drop-out rates: s ÷ beta is the mean rate of stopping", 1e-3, 1e3, True),
    )
    STARTS: ClassVar = ((0.5, 0.5, 0.5, 0.5), (2.0, 1.0, 0.3, 3.0), (0.2, 0.1, 2.0, 5.0))

    def _kernel(self) -> Kernel:
        return ExponentialLife()
