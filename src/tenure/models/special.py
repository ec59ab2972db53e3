"""The few special functions of the purchase models, in forms that neither overflow nor cancel.

Everything is an average of something positive under a known distribution, taken by quadrature; the textbook forms are
hypergeometric functions, which overflow for long histories and have poles where the averages have none.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


_FLAT = 3e-5  # of the reciprocal of a count: below such a risk a count is linear in it to nine digits


@lru_cache(maxsize=4096)
def beta_rule(a: float, b: float, doublings: int) -> tuple[Numbers, Numbers]:
    """Risks p and weights whose weighted mean is an expectation under Beta(a, b), of what depends on p by way of n·p.

    Gauss–Legendre points in the log-odds of p, where neither a narrow nor a broad Beta has a corner; what lies beyond
    them is one point at either end, at its mean. (Gauss–Jacobi points miss the risks near 0 that matter most.)

    Args:
        doublings: at most 2 ** doublings purchases are at stake; risks far below 1 ÷ that are all alike.
    """
    from scipy.special import betainc, betaincinv, betaln, expit

    with np.errstate(divide="ignore"):
        least, rest = np.log(np.nan_to_num(betaincinv((a, b), (b, a), 1e-17)))
    flat = np.log(_FLAT)
    low = max(float(least), flat - doublings * np.log(2))
    high = max(min(-float(rest), -flat), low)
    points, weights = line_rule(56)
    at = low + (high - low) * points
    density = np.exp(-a * np.logaddexp(0, -at) - b * np.logaddexp(0, at) - betaln(a, b))
    below, above = expit(low), expit(-high)
    risks = np.concatenate(([below * a / (a + 1)], expit(at), [1 - above * b / (b + 1)]))
    mass = np.concatenate(([betainc(a, b, below)], (high - low) * weights * density, [betainc(b, a, above)]))
    return risks, mass / mass.sum()


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


def log_beta_ratio(a: float, b: ArrayLike, count: ArrayLike) -> Numbers:
    """ln B(a, b + n) − ln B(a, b): the logarithm of the chance of n trials in a row without the event of Beta(a, b)."""
    from scipy.special import gammaln

    start, n = np.asarray(b, np.float64), np.asarray(count, np.float64)
    found: Numbers = gammaln(start + n) - gammaln(start) + gammaln(a + start) - gammaln(a + start + n)
    return found


def log_rising(start: float, count: Numbers) -> Numbers:
    """ln Γ(start + n) − ln Γ(start), without cancellation where n = 0."""
    from scipy.special import gammaln

    return np.where(count == 0, 0.0, gammaln(start + count) - gammaln(start))


def poisson_gamma_tail(at_least: ArrayLike, shape: Numbers, share: Numbers) -> Numbers:
    """P(N ≥ n) of a Poisson count whose rate is gamma distributed (negative binomial): I_share(n, shape); 1 for n ≤ 0.

    Args:
        share: t ÷ (rate parameter of the gamma + t), between 0 and 1.
    """
    from scipy.special import betainc

    n = np.asarray(at_least, np.float64)
    return np.where(n <= 0, 1.0, betainc(np.maximum(n, 1e-300), shape, share))


def log_poisson_gamma(count: float, shape: Numbers, rate: Numbers, time: Numbers) -> Numbers:
    """ln P(N = n) of a Poisson count over `time` whose rate is Gamma(shape, rate): negative binomial."""
    from scipy.special import gammaln, xlog1py, xlogy

    ways = gammaln(shape + count) - gammaln(shape) - gammaln(count + 1)
    found: Numbers = ways - xlog1py(shape, time / rate) + xlogy(count, time / (rate + time))
    return found


def counted_alive(k: int, risk: Numbers, shape: Numbers, share: Numbers, state: Numbers) -> Numbers:
    """Expected purchases where every k-th event of a gamma-mixed Poisson process is one, and each may be the last.

    With q = 1 − p and j events already passed, (1 − E[q^⌊(j + M)/k⌋]) ÷ p for M events still to come. The power of the
    floor is a sum over the k-th roots of unity ω: with θ = q^(1/k), of d_l (θω^l)^(j + M), d_l = (1 − 1/q) ÷
    (k − k/(θω^l)). So M enters by its generating function (1 + u − uz)^−shape alone, and nothing is summed over
    purchases, of which there may be thousands.

    Args:
        risk: p, one a point. `shape`, `share`: of the tempo, and u = t ÷ its rate, one a customer.
        state: the chance of each j from 0 to k − 1 (rows) for each customer (columns); shape grows by j.

    Returns:
        Customers × points.
    """
    p = np.clip(risk, 1e-300, 1 - 1e-8)
    log_q, u, many = np.log1p(-p), share[:, None], shape[:, None]
    root = np.exp(log_q / k)
    log_z = np.log1p(-u * np.expm1(log_q / k))
    log_y = log_q / k - log_z
    log_first = -log_q * (1 - 1 / k) / 2 + _log_sinhc(log_q / 2) - _log_sinhc(log_q / (2 * k))
    missed = np.zeros_like(log_z)
    for j in range(1, k):
        missed -= state[j][:, None] * np.expm1(j * log_y)
    whole = -np.expm1(log_first - many * log_z) + np.exp(log_first - many * log_z) * missed
    found: Numbers = whole / p
    for at in range(1, k):
        turned = root * np.exp(2j * np.pi * at / k)
        z = 1 + u * (1 - turned)
        y, power = turned / z, np.zeros_like(z)
        for j in range(k - 1, -1, -1):
            power = power * y + state[j][:, None]
        # d_l ÷ p, free of the division of two small numbers: (1 − 1/q) ÷ p is −1/q.
        found = found + np.real(np.exp(-log_q) / (k * (1 - 1 / turned)) * z**-many * power)
    return found


def _log_sinhc(y: Numbers) -> Numbers:
    """ln(sinh y ÷ y), by its series near 0."""
    size = np.maximum(np.abs(y), 1e-9)
    return np.where(size < 0.01, size**2 / 6, size + np.log(-np.expm1(-2 * size) / (2 * size)))
