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
_GOLDEN = 0.6180339887498949  # its multiples lie evenly between whole numbers, wherever one stops (Weyl 1916)
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


@dataclass(frozen=True, slots=True)
class Search:
    """Where the bound is about lowest, and the choices seen around it.

    Attributes:
        bound: what no choice can be worth more than.
        rates: its multipliers.
        likely: rows, in order, among which to choose.
        few: those rows as candidates.
        looks: at `few`, near `rates`.
        weights: of the looks, in the mixture that takes what there is and is worth what the bound is.
    """

    bound: float
    rates: Numbers
    likely: Whole
    few: Candidates
    looks: list[Look]
    weights: Numbers

    def mixture(self, turn: float) -> Whole:
        """Rows of `few`, in order: each customer follows one of the looks, each look as many as its weight says.

        No one look takes what there is: next to the best multipliers all who are torn between two contacts change at
        once. Other turns, from 0 to 1, give other customers to each look.
        """
        turns = np.empty(self.few.customers)
        turns[self.few.ranking()] = (np.arange(self.few.customers) * _GOLDEN + turn) % 1.0
        shares = np.cumsum(self.weights)
        follows = np.searchsorted(shares[:-1] / shares[-1], turns, side="right")
        whose = self.few.whose
        return np.sort(np.concatenate([each.rows[follows[whose[each.rows]] == n] for n, each in enumerate(self.looks)]))


def search(candidates: Candidates, wanted: int) -> Search:
    """Find the multipliers for at most `wanted` contacts per customer."""
    samples = [candidates.sample(size) for size in _SAMPLES if size * 2 <= candidates.customers]
    first, rates = samples[0] if samples else candidates, np.zeros(len(candidates.limits.names))
    start = look(first, rates, wanted)
    if samples and (start.slope >= 0).all():
        first, start = candidates, look(candidates, rates, wanted)
    if (start.slope >= 0).all():  # there is enough of everything
        chosen, everyone = np.sort(start.rows), np.arange(len(start.rows))
        only = Look(rates, start.bound, start.slope, everyone)
        return Search(start.bound, rates, chosen, candidates.only(chosen), [only], np.ones(1))
    highest = _highest(candidates, start.bound, first.limits.amounts)
    reach = highest
    for sample, most in zip(samples, _LOOKS, strict=False):
        rates = _lowest_seen(_descend(sample, rates, reach, highest, wanted, most)).rates
        reach = np.maximum(rates, highest * 1e-3) * 0.2
    likely = candidates.likeliest(rates, wanted) if samples else np.arange(len(candidates.worth))
    few = candidates.only(likely)
    looks = _descend(few, rates, reach, highest, wanted, _LOOKS[-1] if samples else _LOOKS[0])
    best = _lowest_seen(looks)
    bound = look(candidates, best.rates, wanted).bound if samples else best.bound
    weights = _lowest(looks, np.zeros_like(highest), highest).weights
    return Search(bound, best.rates, likely, few, looks, weights)


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


def _lowest_seen(looks: list[Look]) -> Look:
    return min(looks, key=lambda each: each.bound)


def _descend(
    candidates: Candidates, rates: Numbers, reach: Numbers, highest: Numbers, wanted: int, most: int
) -> list[Look]:
    """Cutting planes within a box around the best point, which grows after a good step and shrinks after a bad one."""
    best = look(candidates, rates, wanted)
    looks = [best]
    for _ in range(most):
        low, high = np.maximum(best.rates - reach, 0.0), np.minimum(best.rates + reach, highest)
        plane = _lowest(looks, low, high)
        if best.bound - plane.bound <= _CLOSE * abs(best.bound):
            if best.bound - _lowest(looks, np.zeros_like(highest), highest).bound <= _CLOSE * abs(best.bound):
                break
            reach = reach * 2  # nothing to be won near by, perhaps farther away
            continue
        found = look(candidates, plane.rates, wanted)
        looks.append(found)
        is_good = best.bound - found.bound >= 0.2 * (best.bound - plane.bound)
        reach = reach * (1.5 if is_good else 0.6)
        if found.bound < best.bound:
            best = found
    return looks


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where the looks allow the lowest bound, that bound, and how much each of them has to say there."""

    rates: Numbers
    bound: float
    weights: Numbers


def _lowest(looks: list[Look], low: Numbers, high: Numbers) -> _Plane:
    """The lowest bound within a box that the looks allow."""
    from scipy.optimize import linprog

    scale = max(abs(looks[0].bound), 1e-300)
    # Minimise h under h ≥ bound_p + slope_p · (λ − λ_p) for each look p; each λ in units of its box.
    width = np.maximum(high - low, 1e-300)
    slopes = np.array([each.slope for each in looks]) * width / scale
    heights = np.array([each.bound + each.slope @ (low - each.rates) for each in looks]) / scale
    matrix = np.column_stack([slopes, -np.ones(len(looks))])
    aim = np.zeros(len(low) + 1)
    aim[-1] = 1.0
    found = linprog(aim, A_ub=matrix, b_ub=-heights, bounds=[(0.0, 1.0)] * len(low) + [(None, None)], method="highs")
    if found.x is None:  # numbers too far apart for HiGHS: stay at the best
        best = _lowest_seen(looks)
        return _Plane(best.rates, best.bound, np.array([float(each is best) for each in looks]))
    rates = np.clip(low + found.x[:-1] * width, low, high)
    return _Plane(rates, float(found.x[-1]) * scale, np.maximum(-found.ineqlin.marginals, 0.0))
