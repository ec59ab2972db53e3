"""(M)BG/CNBD-k: for customers who buy more regularly than chance, such as those whose shampoo lasts a month.

The gaps between purchases are Erlang-k: of a hidden Poisson process with rate λ ~ Gamma(r, alpha) only every k-th event
is a purchase. Drop-out is that of BG/NBD or MBG/NBD. Source: Platzer & Reutterer 2016, "Ticking Away the Moments",
Marketing Science 35(5); with k = 1 the models are BG/NBD and MBG/NBD themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.models.beta_geo import GEOMETRIC, GEOMETRIC_STARTS, draw_stops, rows_by_rule
from tenure.models.cells import Cells
from tenure.models.histories import Histories
from tenure.models.kernel import Kernel, search
from tenure.models.likelihood import Fit
from tenure.models.purchase_model import PurchaseModel
from tenure.models.special import beta_rule, counted_alive, log_beta_ratio, log_rising, poisson_gamma_tail

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

MOST_REGULAR = 12  # the greatest k that is tried; a gap then varies by 29% around its mean


@dataclass(frozen=True, slots=True)
class RegularPurchases:
    """The kernel: hidden events of which every k-th is a purchase, and drop-out after purchases."""

    k: int
    stops_at_first: bool

    def likelihood(self, values: Numbers, found: Cells) -> tuple[Numbers, Numbers]:
        """Equation 5 of the paper, with the gaps where they are known, else with the density of their sum alone."""
        from scipy.special import digamma

        r, alpha, a, b = values
        k, x, age = self.k, found.x, found.age
        hidden, stays, leaves = self._branches(values, found.x.all(), found.recency.all(), found.age.all())
        still = np.logaddexp.reduce(stays, axis=0)
        both = np.logaddexp(still, leaves)
        gone, in_state = np.exp(leaves - both), np.exp(stays - both)
        shape = r + k * x.all()
        up = digamma(shape + hidden) - digamma(shape)
        rest = age.of(lambda t: alpha + t)
        by_r = (in_state * (up - np.log(rest))).sum(axis=0) - gone * found.recency.of(lambda t: np.log(alpha + t))
        by_alpha = -(in_state * (shape + hidden)).sum(axis=0) / rest - gone * shape / (alpha + found.recency.all())
        chances = self._chances(x.values)[x.place]
        gradient = (
            by_r + np.log(alpha) + x.of(lambda x: digamma(r + k * x) - digamma(r)),
            by_alpha + r / alpha,
            gone / a + digamma(a + b) - digamma(a + b + chances),
            digamma(b + chances) - digamma(b) + digamma(a + b) - digamma(a + b + chances)
            - gone / np.where(chances > 0, b + chances - 1, 1.0),
        )  # fmt: skip
        shared = x.of(lambda x: log_rising(r, k * x) + log_beta_ratio(a, b, self._chances(x)))
        return both + shared + r * np.log(alpha) + self._gaps(found), np.stack(gradient)

    def p_alive(self, values: Numbers, found: Cells) -> Numbers:
        """The share of the histories that have not ended, whatever the hidden state."""
        _, stays, leaves = self._branches(values, found.x.all(), found.recency.all(), found.age.all())
        still = np.logaddexp.reduce(stays, axis=0)
        alive: Numbers = np.exp(still - np.logaddexp(still, leaves))
        return alive

    def expected(self, values: Numbers, found: Histories, t: Numbers) -> Numbers:
        """Exact, as a mean over p and the hidden state; the paper rescales an approximation instead."""
        a, b = float(values[2]), values[3] + self._chances(found.x)
        shape, rate, state = self._posterior(values, found)
        expected = np.empty(len(found))
        for rows, doublings in rows_by_rule(b, shape * t / rate):
            tempo = t[rows] / rate[rows]
            points, weights = beta_rule(a, float(b[rows[0]]), doublings)
            each = counted_alive(self.k, points, shape[rows], tempo, state[:, rows])
            expected[rows] = each @ weights
        return expected

    def exactly(self, values: Numbers, found: Histories, n: int, t: Numbers) -> Numbers:
        """n purchases in tempo and still a customer, or at least n in tempo and stopped at the n-th."""
        a, b = float(values[2]), values[3] + self._chances(found.x)
        shape, rate, state = self._posterior(values, found)
        hidden = np.arange(self.k)[:, None]
        share = t / (rate + t)
        reach = [
            (state * poisson_gamma_tail(self.k * count - hidden, shape + hidden, share)).sum(axis=0)
            for count in (n, n + 1)
        ]
        stays = np.exp(log_beta_ratio(a, b, n)) * (reach[0] - reach[1])
        stops = np.exp(log_beta_ratio(a, b, n - 1)) * a / (a + b + n - 1) * reach[0] if n else 0.0
        chance: Numbers = np.maximum(stays, 0.0) + stops
        return chance

    def draw(self, values: Numbers, found: Histories, t: Numbers, rng: Generator, draws: int) -> Counts:
        """The hidden state of those still alive, then their tempo, their hidden events, and their stop."""
        shape, rate, state = self._posterior(values, found)
        size = (len(found), draws)
        passed = np.cumsum(state, axis=0)[:-1]
        hidden = (rng.random(size)[None, :, :] > passed[:, :, None]).sum(axis=0)
        tempo = rng.gamma(shape[:, None] + hidden, (t / rate)[:, None], size)
        counted: Counts = (hidden + rng.poisson(np.minimum(tempo, 1e15))) // self.k
        stop = draw_stops(rng, float(values[2]), values[3] + self._chances(found.x), size)
        return np.minimum(counted, stop)

    def _posterior(self, values: Numbers, found: Histories) -> tuple[Numbers, Numbers, Numbers]:
        """Of those alive: shape and rate of the tempo without hidden events, and the chance of each number of them."""
        _, stays, _ = self._branches(values, found.x, found.recency, found.age)
        state = np.exp(stays - np.logaddexp.reduce(stays, axis=0))
        return values[0] + self.k * found.x, values[1] + found.age, state

    def _branches(self, values: Numbers, x: Numbers, recency: Numbers, age: Numbers) -> tuple[Counts, Numbers, Numbers]:
        """Hidden events since the last purchase; the way of each to the history; and that of having stopped there."""
        from scipy.special import gammaln, xlogy

        r, alpha, a, b = values
        hidden, shape, silence = np.arange(self.k)[:, None], r + self.k * x, age - recency
        log_rest = np.log(alpha + age)
        ways = gammaln(shape + hidden) - gammaln(shape) - gammaln(hidden + 1)
        stays = ways + xlogy(hidden, silence) - hidden * log_rest - shape * log_rest
        chances = self._chances(x)
        odds = np.where(chances > 0, np.log(a / np.where(chances > 0, b + chances - 1, 1.0)), -np.inf)
        return hidden, stays, odds - shape * np.log(alpha + recency)

    def _gaps(self, found: Cells) -> Numbers:
        """What the gaps themselves say of k, over what they say for k = 1."""
        from scipy.special import gammaln

        x, k = found.x.all(), self.k
        if found.log_gaps is not None:
            each: Numbers = (k - 1) * found.log_gaps / np.maximum(found.weight, 1e-300) - x * gammaln(k)
            return each
        known = x > 0
        purchases, recency = np.where(known, x, 1.0), np.where(known, found.recency.all(), 1.0)
        summed = (k - 1) * purchases * np.log(recency) - gammaln(k * purchases) + gammaln(purchases)
        return np.where(known, summed, 0.0)

    def _chances(self, x: Numbers) -> Numbers:
        return x + 1 if self.stops_at_first else x


class CondensedBetaGeo(PurchaseModel):
    """(M)BG/CNBD-k: (M)BG/NBD for customers who buy regularly, which makes a silence speak louder.

    Args:
        k: regularity, 1 for chance; None tries 1 to 12 and keeps the most likely. The column `log_gaps` of
            `summary(gaps=True)` tells k much better than `recency` alone.
        stops_at_first: whether a customer may stop right after the first purchase (MBG/CNBD-k; else BG/CNBD-k).
    """

    PARAMETERS: ClassVar = GEOMETRIC
    STARTS: ClassVar = GEOMETRIC_STARTS

    k_: int

    def __init__(self, k: int | None = None, stops_at_first: bool = True) -> None:
        self.k, self.stops_at_first = k, stops_at_first

    def _kernel(self) -> Kernel:
        return RegularPurchases(self.k_, self.stops_at_first)

    def _search(self, exact: Cells) -> tuple[Fit, tuple[str, ...]]:
        if self.k is not None and not 1 <= self.k <= MOST_REGULAR:
            raise TenureError(f"`k` is {self.k}", f"Give a whole number from 1 to {MOST_REGULAR}, or None.")
        tried: dict[int, tuple[Fit, tuple[str, ...]]] = {}
        for k in range(1, MOST_REGULAR + 1) if self.k is None else [self.k]:
            kernel = RegularPurchases(k, self.stops_at_first)
            tried[k] = search(kernel, self.PARAMETERS, self.STARTS, exact)
            self.k_ = max(tried, key=lambda each: tried[each][0].log_likelihood)
            # One step for the worse may be a ripple, two are the other side of the hill.
            if k >= self.k_ + 2:
                break
        end, notes = tried[self.k_]
        said = ", ".join(f"k = {k}: {fit.log_likelihood:,.2f}" for k, (fit, _) in tried.items())
        return end, (f"regularity k = {self.k_} (log-likelihoods: {said})", *notes)

    def _learned(self) -> dict[str, Any]:
        return {**super()._learned(), "k": self.k_}

    def _restore(self, learned: Mapping[str, Any]) -> None:
        super()._restore(learned)
        self.k_ = learned["k"]
