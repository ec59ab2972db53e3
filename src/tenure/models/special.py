"""The few special functions of the purchase models, in forms that neither overflow nor cancel.

Everything is an average of something positive under a known distribution, taken by quadrature; the textbook forms are
hypergeometric functions, which overflow for long histories and have poles where the averages have none.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@lru_cache(maxsize=4096)
def _beta_rule(a: float, b: float, count: int) -> tuple[Numbers, Numbers]:
    from scipy.linalg import eigh_tridiagonal

    total, n = a + b, np.arange(1, count, dtype=np.float64)
    # Jacobi's recurrence moved from [-1, 1] to [0, 1]. At n = 0 its general form is 0 ÷ 0 where a + b = 2, at n = 1
    # where a + b = 1, so these two are written out.
    diagonal = np.empty(count)
    diagonal[0] = a / total
    diagonal[1:] = 0.5 + (a - b) * (total - 2) / (2 * (2 * n + total - 2) * (2 * n + total))
    squared = np.empty(count - 1)
    squared[0] = a * b / (total**2 * (total + 1))
    m, s = n[1:], 2 * n[1:] + total - 2
    squared[1:] = m * (m + a - 1) * (m + b - 1) * (m + total - 2) / (s**2 * (s + 1) * (s - 1))
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(squared))
    return np.clip(nodes, 0.0, 1.0), vectors[0] ** 2


def beta_rule(a: float, b: float, count: int = 64) -> tuple[Numbers, Numbers]:
    """Points between 0 and 1 and weights whose weighted mean is an expectation under Beta(a, b).

    Gauss–Jacobi quadrature (Golub & Welsch 1969): exact for polynomials of degree 2 · `count` − 1. Kept, as many
    customers share a number of purchases.
    """
    return _beta_rule(float(a), float(b), count)


@lru_cache(maxsize=8)
def unit_rule(half: int = 32, reach: float = 3.2) -> tuple[Numbers, Numbers, Numbers]:
    """Points q between 0 and 1, their complements 1 − q without cancellation, and weights of sum 1.

    Tanh-sinh quadrature (Takahasi & Mori 1974): its points crowd double-exponentially towards both ends, so that
    integrands which are singular there cost no accuracy.
    """
    at = np.linspace(-reach, reach, 2 * half + 1)
    inner = 0.5 * np.pi * np.sinh(at)
    low, high = 1 / (1 + np.exp(-2 * inner)), 1 / (1 + np.exp(2 * inner))
    weights = np.cosh(at) / np.cosh(inner) ** 2
    return low, high, weights / weights.sum()


@lru_cache(maxsize=8)
def line_rule(count: int) -> tuple[Numbers, Numbers]:
    """Gauss–Legendre points and weights on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1) / 2, weights / 2


def log_beta_ratio(a: float, b: float, count: Numbers) -> Numbers:
    """ln B(a, b + n) − ln B(a, b): the chance, on the logarithm, of n trials in a row without the event of Beta(a, b)."""
    from scipy.special import gammaln

    found: Numbers = gammaln(b + count) - gammaln(b) + gammaln(a + b) - gammaln(a + b + count)
    return found


def log_rising(start: float, count: Numbers) -> Numbers:
    """ln Γ(start + n) − ln Γ(start), without cancellation where n = 0."""
    from scipy.special import gammaln

    return np.where(count == 0, 0.0, gammaln(start + count) - gammaln(start))


def poisson_gamma_tail(at_least: Numbers, shape: Numbers, share: Numbers) -> Numbers:
    """P(N ≥ n) of a Poisson count whose rate is gamma distributed (negative binomial): I_share(n, shape); 1 for n ≤ 0.

    Args:
        share: t ÷ (rate parameter of the gamma + t), between 0 and 1.
    """
    from scipy.special import betainc

    found = betainc(np.maximum(at_least, 1e-300), shape, share)
    return np.where(at_least <= 0, 1.0, found)


def log_poisson_gamma(count: Numbers, shape: Numbers, rate: Numbers, time: Numbers) -> Numbers:
    """ln P(N = n) of a Poisson count over `time` whose rate is Gamma(shape, rate): negative binomial."""
    from scipy.special import gammaln, xlog1py, xlogy

    chance: Numbers = gammaln(shape + count) - gammaln(shape) - gammaln(count + 1)
    return chance - xlog1py(shape, time / rate) + xlogy(count, time / (rate + time))
