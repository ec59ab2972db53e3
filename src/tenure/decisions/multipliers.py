"""Finds what each scarce thing is worth at the margin: the multipliers at which demand meets what there is.

For multipliers λ ≥ 0 every customer chooses alone, and

    D(λ) = Σ_i max over i's choices of Σ (worth − price(λ))  +  Σ_j λ_j · limit_j

is an upper bound of what any allowed choice is worth (weak duality; Zhang et al. 2020, "Solving Billion-Scale Knapsack
Problems", eq. 4). It is convex and has one dimension per limit, so cutting planes with a trust region find its lowest
point in a few dozen looks. Most looks are at a sample of customers, for whom limits shrink in proportion; the last few
are at all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.decisions.candidates import Candidates, Numbers, Whole, best_rows

_SAMPLES = (4_000, 60_000)
_LOOKS = (120, 25, 12)  # at each sample and at the likely rows of all
_CLOSE = 2e-5  # relative: between the lowest value seen and what the planes still allow


@dataclass(slots=True)
class Look:
    """What one look at some multipliers showed: the bound, how it changes with each multiplier, and the choice."""

    rates: Numbers
    bound: float
    slope: Numbers
    rows: Whole


def look(candidates: Candidates, rates: Numbers, wanted: int) -> Look:
    """Let every customer choose under given multipliers."""
    chosen, gained = [], 0.0
    for low, high in candidates.blocks():
        first, last = candidates.starts[low], candidates.starts[high]
        reduced = candidates.reduced(rates, first, last)
        rows = best_rows(reduced if wanted == 1 else reduced.copy(), candidates.starts[low : high + 1] - first, wanted)
        gained += float(reduced[rows].sum())
        chosen.append(rows + first)
    rows = np.concatenate(chosen) if chosen else np.empty(0, np.int64)
    limits = candidates.limits.amounts
    return Look(rates, gained + float(rates @ limits), limits - candidates.usage(rows), rows)


def search(candidates: Candidates, wanted: int) -> tuple[float, Numbers, Whole]:
    """About the lowest bound, its multipliers, and the rows, in order, that are worth looking at there.

    Args:
        wanted: contacts per customer.
    """
    samples = [candidates.sample(size) for size in _SAMPLES if size * 2 <= candidates.customers]
    first, rates = samples[0] if samples else candidates, np.zeros(len(candidates.limits.names))
    start = look(first, rates, wanted)
    if samples and (start.slope >= 0).all():
        first, start = candidates, look(candidates, rates, wanted)
    if (start.slope >= 0).all():
        return start.bound, rates, np.sort(start.rows)  # there is enough of everything
    highest = _highest(candidates, start.bound, first.limits.amounts)
    reach = highest
    for sample, looks in zip(samples, _LOOKS[:-1], strict=False):
        rates = _descend(sample, rates, reach, highest, wanted, looks).rates
        reach = np.maximum(rates, highest * 1e-3) * 0.2
    if not samples:
        found = _descend(candidates, rates, reach, highest, wanted, _LOOKS[0])
        return found.bound, found.rates, np.arange(len(candidates.worth))
    likely = candidates.likeliest(rates, wanted)
    rates = _descend(candidates.only(likely), rates, reach, highest, wanted, _LOOKS[-1]).rates
    return look(candidates, rates, wanted).bound, rates, likely


def _highest(candidates: Candidates, bound: float, amounts: Numbers) -> Numbers:
    """Multipliers that the lowest bound lies below.

    Args:
        bound: at multipliers of 0. Where a multiplier times its limit is more than that, the bound there is higher.
    """
    with np.errstate(divide="ignore", over="ignore"):
        highest = bound / amounts
    channels = candidates.limits.channels
    highest[:channels] = np.minimum(highest[:channels], candidates.worth.max())
    if np.isinf(highest).any():  # nothing may be spent: only a price that nobody pays is high enough
        paid = candidates.cost > 0
        ratio = candidates.worth[paid] / np.maximum(candidates.cost[paid], 1e-100)
        highest = np.where(np.isinf(highest), ratio.max(), highest)
    return highest * 1.01


def _descend(candidates: Candidates, rates: Numbers, reach: Numbers, highest: Numbers, wanted: int, looks: int) -> Look:
    """Cutting planes within a box around the best point, which grows after a good step and shrinks after a bad one."""
    best = look(candidates, rates, wanted)
    planes = [best]
    for _ in range(looks):
        low, high = np.maximum(best.rates - reach, 0.0), np.minimum(best.rates + reach, highest)
        following, allowed = _lowest(planes, low, high)
        if best.bound - allowed <= _CLOSE * abs(best.bound):
            if ((following - low > 1e-12) & (high - following > 1e-12) | (low == 0) | (high == highest)).all():
                break
            reach = reach * 2
            continue
        found = look(candidates, following, wanted)
        planes.append(found)
        is_good = best.bound - found.bound >= 0.2 * (best.bound - allowed)
        reach = reach * (1.5 if is_good else 0.6)
        if found.bound < best.bound:
            best = found
    return best


def _lowest(planes: list[Look], low: Numbers, high: Numbers) -> tuple[Numbers, float]:
    """Where the planes allow the lowest bound within a box, and that bound."""
    from scipy.optimize import linprog

    scale = max(abs(planes[0].bound), 1e-12)
    # Minimise h under h ≥ bound_p + slope_p · (λ − λ_p) for each plane p; each λ in units of its box.
    width = np.maximum(high - low, 1e-300)
    slopes = np.array([each.slope for each in planes]) * width / scale
    heights = np.array([each.bound + each.slope @ (low - each.rates) for each in planes]) / scale
    matrix = np.column_stack([slopes, -np.ones(len(planes))])
    aim = np.zeros(len(low) + 1)
    aim[-1] = 1.0
    found = linprog(aim, A_ub=matrix, b_ub=-heights, bounds=[(0.0, 1.0)] * len(low) + [(None, None)], method="highs")
    if found.x is None:
        return planes[-1].rates, -np.inf
    return np.clip(low + found.x[:-1] * width, low, high), float(found.x[-1]) * scale
