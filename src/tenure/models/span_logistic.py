"""Logistic regression of what happens in spans of time, without writing a row for each case and span.

Case i is watched in some spans j; in each of these, the log-odds that it happens are

    level_j + x_i · slopes + w_j · x_i · fading + z_ij · season

The Hessian needs x_i only together with weights summed over the spans, so it costs what a regression on the cases
costs: ten times less than on cases × spans with all columns written out. Fitted with a ridge penalty by Newton's
method, as in `logistic`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.models.logistic import chances
from tenure.models.newton import ascend

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spans:
    """Cases in spans of time.

    Attributes:
        known: x, cases × columns.
        wear: w, one per span.
        season: z, cases × spans × columns; of no columns where no season is known.
        watched: 1 where a case is watched in a span without its having happened before, else 0; cases × spans.
        happened: 1 where it happened in a watched span, else 0.
    """

    known: Numbers
    wear: Numbers
    season: Numbers
    watched: Numbers
    happened: Numbers

    def log_odds(self, at: Numbers) -> Numbers:
        """Of every case in every span."""
        levels, slopes, fading, season = self.parts(at)
        linear = (self.known @ slopes)[:, None] + (self.known @ fading)[:, None] * self.wear + levels
        return np.asarray(linear + self.season @ season)

    def parts(self, at: Numbers) -> list[Numbers]:
        """Levels, slopes, fading and season out of one vector of coefficients."""
        spans, columns = len(self.wear), self.known.shape[1]
        return np.split(at, np.cumsum([spans, columns, columns]))

    def value(self, at: Numbers) -> float:
        """The log-likelihood."""
        log_odds = self.log_odds(at)
        return float((self.happened * log_odds - self.watched * np.logaddexp(0.0, log_odds)).sum())

    def slope(self, chance: Numbers) -> Numbers:
        """The gradient of the log-likelihood, given the chances."""
        left = self.happened - self.watched * chance
        return np.concatenate([
            left.sum(axis=0), self.known.T @ left.sum(axis=1), self.known.T @ (left @ self.wear),
            np.einsum("ij,ijk->k", left, self.season),
        ])  # fmt: skip

    def hessian(self, chance: Numbers) -> Numbers:
        """Minus the second derivatives of the log-likelihood, given the chances."""
        weight = self.watched * chance * (1 - chance)
        x, w, z = self.known, self.wear, self.season
        by_case = [weight.sum(axis=1), weight @ w, weight @ w**2]
        level = [np.diag(weight.sum(axis=0)), weight.T @ x, (weight * w).T @ x, np.einsum("ij,ijk->jk", weight, z)]
        slopes = [x.T @ (x * each[:, None]) for each in by_case]
        seasons = [x.T @ np.einsum("ij,ijk->ik", each, z) for each in (weight, weight * w)]
        return np.block([
            level,
            [level[1].T, slopes[0], slopes[1], seasons[0]],
            [level[2].T, slopes[1], slopes[2], seasons[1]],
            [level[3].T, seasons[0].T, seasons[1].T, np.einsum("ij,ijk,ijl->kl", weight, z, z, optimize=True)],
        ])  # fmt: skip


def span_logistic(spans: Spans, penalty: Numbers) -> list[Numbers]:
    """Levels, slopes, fading and season that explain best what happened.

    Args:
        penalty: half the price of each coefficient's square, one per coefficient, in the order of the answer.
    """

    def lessened(at: Numbers) -> float:
        return spans.value(at) - float(penalty @ at**2) / 2

    def shape(at: Numbers) -> tuple[Numbers, Numbers]:
        chance = chances(spans.log_odds(at))
        return spans.slope(chance) - penalty * at, spans.hessian(chance) + np.diag(penalty)

    return spans.parts(ascend(lessened, shape, np.zeros(len(penalty)))[0])
