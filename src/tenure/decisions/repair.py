"""Turns the choice at the best multipliers into one that keeps every limit, giving up as little as possible.

First the chosen who gain least over price leave what is overfull; then what is left over goes to whoever gains most
from it, in rounds. Nothing here looks at one customer at a time, so a million are repaired in about a second.
"""

from __future__ import annotations

import numpy as np

from tenure.decisions.candidates import ROUNDING, Candidates, Numbers, Whole, best_rows

_ROUNDS = 40
_ENOUGH = 1e-6  # of the value: a round that adds less is the last


def repair(candidates: Candidates, rows: Whole, rates: Numbers, wanted: int) -> Whole:
    """Rows, in order, that keep every limit and the number of contacts per customer.

    Args:
        rows: chosen at `rates`, at most `wanted` per customer, perhaps too many in all.
    """
    whose = candidates.whose
    reduced = candidates.reduced(rates, 0, len(candidates.worth))
    kept = _fitting(candidates, rows, reduced[rows], candidates.limits.amounts)
    value = float(candidates.worth[kept].sum())
    for _ in range(_ROUNDS):
        added = _one_more(candidates, kept, reduced, wanted, whose)
        if not added.size:
            break
        kept = np.concatenate([kept, added])
        gained, value = float(candidates.worth[added].sum()), float(candidates.worth[kept].sum())
        if gained < _ENOUGH * value:
            break
    return np.sort(kept)


def _fitting(candidates: Candidates, rows: Whole, gains: Numbers, left: Numbers) -> Whole:
    """Those of the rows that fit into what is left, the greatest gains first."""
    limits = candidates.limits
    order = np.argsort(-gains, kind="stable")
    rows, fits = rows[order], np.ones(len(rows), dtype=bool)
    for number in range(limits.channels):
        mine = np.flatnonzero(candidates.channel[rows] == number + 1)
        fits[mine[int(left[number]) :]] = False
    rows, gains = rows[fits], gains[order][fits]
    for number in range(limits.channels, len(limits.names)):
        is_budget = limits.has_budget and number == limits.channels
        rows, gains = _affordable(candidates, rows, gains, left[number], None if is_budget else number + 1)
    return rows


def _affordable(
    candidates: Candidates, rows: Whole, gains: Numbers, money: float, campaign: int | None
) -> tuple[Whole, Numbers]:
    """Without the rows that money does not reach for, the greatest gain per cost first."""
    mine = np.ones(len(rows), dtype=bool) if campaign is None else candidates.campaign[rows] == campaign
    paying = np.flatnonzero(mine & (candidates.cost[rows] > 0))
    cost = candidates.cost[rows[paying]]
    order = np.argsort(-gains[paying] / np.maximum(cost, 1e-100), kind="stable")
    is_over = np.cumsum(cost[order]) > money * (1 + ROUNDING) + ROUNDING
    keep = np.ones(len(rows), dtype=bool)
    keep[paying[order[is_over]]] = False
    return rows[keep], gains[keep]


def _one_more(candidates: Candidates, kept: Whole, reduced: Numbers, wanted: int, whose: Whole) -> Whole:
    """The next contact of customers who may have one, as far as what is left reaches."""
    left = candidates.limits.amounts - candidates.usage(kept)
    is_open = candidates.fits(left) & (candidates.worth > 0)
    is_open[kept] = False
    is_open &= (np.bincount(whose[kept], minlength=candidates.customers) < wanted)[whose]
    rows = np.flatnonzero(is_open)
    if not rows.size:
        return rows
    # What is left over is free: who gains most over its price comes first, but nobody has to pay it.
    starts = np.append(np.flatnonzero(np.concatenate([[True], np.diff(whose[rows]) > 0])), len(rows))
    best = rows[best_rows(reduced[rows], starts, 1, floor=-np.inf)]
    return _fitting(candidates, best, reduced[best], left)
