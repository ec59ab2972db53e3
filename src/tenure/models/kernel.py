"""What tells one purchase model from another, and the search for its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenure.models.cells import MANY, Cells, coarse
from tenure.models.histories import Histories
from tenure.models.likelihood import Fit, Objective, maximise

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


class Kernel(Protocol):
    """The mathematics of one purchase model; `values` are its parameters in the order of its paper."""

    def likelihood(self, values: Numbers, found: Cells) -> tuple[Numbers, Numbers]:
        """The log-likelihood of each cell, and its gradient: one row a parameter, one column a cell."""

    def p_alive(self, values: Numbers, found: Cells) -> Numbers:
        """The probability of still being a customer at the end of observation."""

    def expected(self, values: Numbers, found: Histories, t: Numbers) -> Numbers:
        """Purchases expected in the next `t` of those who are still customers."""

    def exactly(self, values: Numbers, found: Histories, n: int, t: Numbers) -> Numbers:
        """The probability of exactly `n` purchases in the next `t` for those who are still customers."""

    def draw(self, values: Numbers, found: Histories, t: Numbers, rng: Generator, draws: int) -> Counts:
        """Numbers of purchases in the next `t` of those who are still customers, `draws` for each."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a purchase model.

    Attributes:
        name: as in its paper.
        meaning: in words.
        low, high: beyond these (lengths of time in multiples of the mean T) a weak penalty pulls back, so that a flat
            likelihood ends somewhere. Between them it is exactly 0: no estimate of ordinary data is moved.
        is_time: whether it is a length of time, in the unit of T.
    """

    name: str
    meaning: str
    low: float
    high: float
    is_time: bool = False


def search(
    kernel: Kernel, parameters: Sequence[Parameter], starts: Sequence[Sequence[float]], exact: Cells
) -> tuple[Fit, tuple[str, ...]]:
    """The most likely parameters, in the unit of the cells, and notes on what the data leave open.

    The search runs in multiples of the mean T, so that the unit of time changes nothing but lengths.

    Raises:
        TenureError: the likelihood is finite nowhere.
    """
    unit = float(exact.weight @ exact.age.all() / exact.weight.sum())
    scaled = exact.scaled(unit)
    names = tuple(parameter.name for parameter in parameters)
    roughly = _objective(kernel, coarse(scaled)) if len(exact) > MANY else None
    end = maximise(_objective(kernel, scaled), names, starts, _prior(parameters), roughly)
    lengths = np.where([parameter.is_time for parameter in parameters], unit, 1.0)
    # A density of purchase times: in units `unit` times as long each purchase weighs so much more.
    log_likelihood = end.log_likelihood - float(exact.weight @ exact.x.all()) * np.log(unit)
    in_unit = replace(
        end, values=end.values * lengths, covariance=end.covariance * np.outer(lengths, lengths),
        log_likelihood=float(log_likelihood),
    )  # fmt: skip
    return in_unit, _notes(parameters, end)


def _objective(kernel: Kernel, found: Cells) -> Objective:
    def objective(values: Numbers) -> tuple[float, Numbers]:
        each, gradient = kernel.likelihood(values, found)
        # Not `@`: its threads cost more than they bring on vectors of this size, and much more on a busy machine.
        return float(np.einsum("c,c", found.weight, each)), np.einsum("pc,c->p", gradient, found.weight)

    return objective


def _prior(parameters: Sequence[Parameter]) -> Objective:
    low = np.log([parameter.low for parameter in parameters])
    high = np.log([parameter.high for parameter in parameters])

    def prior(values: Numbers) -> tuple[float, Numbers]:
        logs = np.log(values)
        beyond = logs - np.clip(logs, low, high)
        return -float(beyond @ beyond) / 2, -beyond / values

    return prior


def _notes(parameters: Sequence[Parameter], end: Fit) -> tuple[str, ...]:
    notes = [
        f"{parameter.name} lies at the edge of what is plausible: the data do not tell it"
        for parameter, value in zip(parameters, end.values, strict=True)
        if not parameter.low < value < parameter.high
    ]
    if not end.is_converged:
        notes.append("the search ended before the likelihood was level")
    if not np.isfinite(end.covariance).all():
        notes.append("the data do not tell the parameters apart: there are no standard errors")
    return tuple(notes)
