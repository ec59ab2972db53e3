"""How long it is until somebody buys a thing again: days between purchases, each learning from all others.

The logarithm of a gap is normal (Lee et al. and many after them: repeat purchases are log-normal far better than
exponential) around

    product's level + customer's tempo + what is special about this customer and product

Each term is drawn to the one above it by as much as its data are few: a product to its group and a group to all, tempo
and the special part to 0. The gap that still runs is censored: it counts with its expected length, weighed by the
chance that it runs at all, for after each purchase a pair may have ended for good. Left out, long gaps would be missing
just where they are long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.models.pairs import Pairs, Whole

Numbers = NDArray[np.float64]

_FIRM = 20.0  # gaps that a product's own scatter and drop-out must weigh up against its group's
_ENDS = 0.005  # no purchase is surer than this not to be the last, or no silence, however long, could mean an end
_FLOOR = 1e-3  # no variance falls below, or a term could never move again
# Longer gaps or more drop-out explain a silence alike, so rounds go on for ever along a flat ridge; on The Complete
# Journey 12 and 40 give the same dates and chances.
_ROUNDS, _MORE, _PLACING = 12, 6, 6
_SAYS = 0.02  # a product within a fiftieth of its group is not worth a line in the file
_ROOT = np.sqrt(2 / np.pi)
_STILL = 2e-3  # on the logarithm: a fifth of a percent of a gap
_NAMES = (
    "overall", "overall_scatter", "overall_ending", "between_groups", "between_products", "between_customers",
    "between_pairs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Levels:
    """What was learned of products.

    Attributes:
        overall: mean log gap over all; `group_level` and `level`: of each group and product.
        scatter: variance of a product's log gaps within a pair; `ending`: chance that a purchase was a pair's last.
        group_scatter, group_ending: the same of groups; the first of two entries of `overall_*` is for all.
        between_groups, between_products, between_customers, between_pairs: variances of the terms.
    """

    overall: float
    overall_scatter: float
    overall_ending: float
    group_level: Numbers
    group_scatter: Numbers
    group_ending: Numbers
    level: Numbers
    scatter: Numbers
    ending: Numbers
    between_groups: float = 0.2
    between_products: float = 0.2
    between_customers: float = 0.1
    between_pairs: float = 0.15


@dataclass(frozen=True, slots=True)
class Placed:
    """Pairs on the scale of log gaps.

    Attributes:
        centre: mean log gap of each pair; `doubt`: variance of that mean; `scatter`: of a gap around it.
        alive: chance that the pair has not ended, given its silence.
        tempo: per customer number, on the log scale; 0.1 is a tenth slower than others.
    """

    centre: Numbers
    doubt: Numbers
    scatter: Numbers
    alive: Numbers
    tempo: Numbers
    special: Numbers = field(repr=False)

    @property
    def spread(self) -> Numbers:
        """Standard deviation of the next log gap: its scatter and the doubt about its centre."""
        return np.sqrt(self.scatter + self.doubt)


def beginning(pairs: Pairs, group: Whole, groups: int, lifetime: Numbers) -> Levels:
    """Levels that know only the mean of all gaps."""
    count = max(float(pairs.gaps.sum()), 1.0)
    overall = float(pairs.sum_log.sum()) / count if pairs.gaps.sum() else float(np.log(30.0))
    products = len(group)
    flat = np.ones(products)
    start = _prior(np.full(products, overall), lifetime)
    return Levels(
        overall, 0.7, 0.1, np.full(groups, overall), np.full(groups, 0.7), np.full(groups, 0.1), start, 0.7 * flat,
        0.1 * flat,
    )  # fmt: skip


def learn(pairs: Pairs, levels: Levels, group: Whole, lifetime: Numbers, *, warm: bool = False) -> Levels:
    """Better levels, by rounds of posterior means and empirical-Bayes variances until nothing moves.

    Args:
        group: the group of each product; `lifetime`: NaN, or the days a product lasts, which then is its prior.
        warm: whether the levels are those of nearly the same purchases, so that a few rounds will do.
    """
    placed = _unplaced(pairs, levels)
    for _ in range(_MORE if warm else _ROUNDS):
        before = levels.level
        levels, placed = _round(pairs, levels, placed, group, lifetime)
        if np.abs(levels.level - before).max(initial=0.0) < _STILL:
            break
    return levels


def place(pairs: Pairs, levels: Levels) -> Placed:
    """Customers' tempo and pairs' special parts, with what is known of products left as it is."""
    placed = _unplaced(pairs, levels)
    for _ in range(_PLACING):
        number, mean, _ = _with_running(pairs, levels, placed)
        placed = _replaced(pairs, levels, number, mean)
    scatter = levels.scatter[pairs.product]
    survival, ending = _survival(pairs, placed.centre, np.sqrt(scatter + placed.doubt)), levels.ending[pairs.product]
    return replace(placed, alive=(1 - ending) * survival / (ending + (1 - ending) * survival))


def _unplaced(pairs: Pairs, levels: Levels) -> Placed:
    none = np.zeros(len(pairs.gaps))
    return Placed(
        levels.level[pairs.product], none, levels.scatter[pairs.product], none + 1, np.zeros(len(pairs.visits)), none
    )


def _survival(pairs: Pairs, centre: Numbers, spread: Numbers) -> Numbers:
    from scipy.special import ndtr

    return np.asarray(ndtr((centre - pairs.log_elapsed) / spread))


def _with_running(pairs: Pairs, levels: Levels, placed: Placed) -> tuple[Numbers, Numbers, Numbers]:
    """Number, mean and sum of squares of each pair's log gaps, the running one among them as far as it runs.

    A normal cut off at z has mean m + s·λ and variance s²(1 + zλ − λ²), λ = φ(z) ÷ (1 − Φ(z)) (Tobin 1958).
    """
    from scipy.special import erfcx, ndtr

    spread = np.sqrt(levels.scatter[pairs.product])
    z = (pairs.log_elapsed - placed.centre) / spread
    still = (1 - levels.ending[pairs.product]) * ndtr(-z)
    weight = still / (levels.ending[pairs.product] + still)
    ratio = _ROOT / erfcx(z / np.sqrt(2))  # λ, in the one form that neither over- nor underflows
    length = placed.centre + spread * ratio
    square = length * length + spread**2 * np.maximum(1 + z * ratio - ratio * ratio, 0.0)
    number = pairs.gaps + weight
    mean = (pairs.sum_log + weight * length) / np.maximum(number, 1e-9)
    return number, mean, pairs.sum_square + weight * square


def _replaced(pairs: Pairs, levels: Levels, number: Numbers, mean: Numbers) -> Placed:
    scatter, level = levels.scatter[pairs.product], levels.level[pairs.product]
    between = levels.between_pairs
    weight = number / (number * between + scatter)
    heavy = np.bincount(pairs.customer, weight, len(pairs.visits))
    pulled = np.bincount(pairs.customer, weight * (mean - level), len(pairs.visits))
    tempo = pulled / (heavy + 1 / levels.between_customers)
    around = level + tempo[pairs.customer]
    special = number * between / (number * between + scatter) * (mean - around)
    doubt = between * scatter / (number * between + scatter)
    return Placed(around + special, doubt, scatter, np.ones(len(number)), tempo, special)


def _round(pairs: Pairs, levels: Levels, placed: Placed, group: Whole, lifetime: Numbers) -> tuple[Levels, Placed]:
    number, mean, squares = _with_running(pairs, levels, placed)
    levels = _levels(pairs, levels, placed, number, mean, group, lifetime)
    placed = _replaced(pairs, levels, number, mean)
    centre = placed.centre
    lost = squares - 2 * centre * number * mean + number * (centre**2 + placed.doubt)
    return _scatters(pairs, levels, placed, number, np.maximum(lost, 0.0), group), placed


def _levels(
    pairs: Pairs, levels: Levels, placed: Placed, number: Numbers, mean: Numbers, group: Whole, lifetime: Numbers
) -> Levels:
    """New levels of products, groups and all, from pairs with their customers' tempo taken off."""
    products, groups = len(group), len(levels.group_level)
    weight = number / (number * levels.between_pairs + levels.scatter[pairs.product])
    heavy = np.bincount(pairs.product, weight, products)
    raw = np.bincount(pairs.product, weight * (mean - placed.tempo[pairs.customer]), products) / np.maximum(heavy, 1e-9)
    told = np.isnan(lifetime) & (heavy > 0)
    trust = np.where(told, 1 / (levels.between_products + 1 / np.maximum(heavy, 1e-9)), 0.0)
    group_heavy = np.bincount(group, trust, groups)
    group_raw = np.bincount(group, trust * raw, groups) / np.maximum(group_heavy, 1e-9)
    known = group_heavy > 0
    group_trust = np.where(known, 1 / (levels.between_groups + 1 / np.maximum(group_heavy, 1e-9)), 0.0)
    overall = float(group_trust @ group_raw / group_trust.sum()) if known.any() else levels.overall
    precision = group_heavy + 1 / levels.between_groups
    group_level = (group_heavy * group_raw + overall / levels.between_groups) / precision
    prior = _prior(group_level[group], lifetime)
    tight = 1 / levels.between_products
    level = (heavy * raw + tight * prior) / (heavy + tight)
    return replace(
        levels, overall=overall, group_level=group_level, level=level,
        between_groups=_variance((group_level - overall)[known], 1 / precision[known], levels.between_groups),
        between_products=_variance((level - prior)[told], 1 / (heavy[told] + tight), levels.between_products),
    )  # fmt: skip


def _scatters(pairs: Pairs, levels: Levels, placed: Placed, number: Numbers, lost: Numbers, group: Whole) -> Levels:
    """New variances, and new chances that a purchase was the last."""
    ended = 1 - (number - pairs.gaps)
    scatter = _firm(pairs.product, lost, number, group, len(levels.group_level))
    ended = np.maximum(ended, _ENDS * (ended + number))
    ending = _firm(pairs.product, ended, ended + number, group, len(levels.group_level))
    active = np.bincount(pairs.customer, number, len(pairs.visits)) > 0
    heavy = np.bincount(
        pairs.customer, number / (number * levels.between_pairs + placed.scatter), len(pairs.visits)
    )[active]  # fmt: skip
    again = pairs.gaps > 0
    return replace(
        levels, overall_scatter=scatter[0], group_scatter=scatter[1], scatter=scatter[2],
        overall_ending=ending[0], group_ending=ending[1], ending=ending[2],
        between_customers=_variance(
            placed.tempo[active], 1 / (heavy + 1 / levels.between_customers), levels.between_customers
        ),
        between_pairs=_variance(placed.special[again], placed.doubt[again], levels.between_pairs),
    )  # fmt: skip


def _firm(product: Whole, top: Numbers, bottom: Numbers, group: Whole, groups: int) -> tuple[float, Numbers, Numbers]:
    """A ratio for all, for groups drawn to all, and for products drawn to their group."""
    overall = float((top.sum() + 1e-3) / max(bottom.sum() + 1e-2, 1e-9))
    by_product = np.bincount(product, top, len(group)), np.bincount(product, bottom, len(group))
    of_group = [np.bincount(group, each, groups) for each in by_product]
    ratio = (of_group[0] + _FIRM * overall) / (of_group[1] + _FIRM)
    return overall, ratio, (by_product[0] + _FIRM * ratio[group]) / (by_product[1] + _FIRM)


def _variance(values: Numbers, doubt: Numbers, otherwise: float) -> float:
    """The variance of terms known with doubt (the mean of their second moments)."""
    return max(float(np.mean(values**2 + doubt)), _FLOOR) if values.size else otherwise


def as_json(levels: Levels, products: list[Any], groups: list[Any], group: Whole) -> dict[str, Any]:
    """Plain data; products that say nothing beyond their group are left out."""
    rows = np.column_stack([levels.level, levels.scatter, levels.ending])
    of_groups = np.column_stack([levels.group_level, levels.group_scatter, levels.group_ending])
    moved = np.abs(rows[:, 0] - of_groups[group, 0]) >= _SAYS
    kept = np.round(rows[moved], 4).tolist()
    return {
        **{name: float(getattr(levels, name)) for name in _NAMES},
        "groups": dict(zip(map(str, groups), np.round(of_groups, 4).tolist(), strict=True)),
        "products": dict(zip((str(products[i]) for i in np.flatnonzero(moved)), kept, strict=True)),
    }


def restored(stored: Mapping[str, Any], products: list[Any], groups: list[Any], group: Whole, life: Numbers) -> Levels:
    """The levels of these products, in this order; an unknown product has its group's, an unknown group that of all."""
    overall = [stored[name] for name in _NAMES[:3]]
    of_groups = np.array([stored["groups"].get(str(name), overall) for name in groups]).reshape(-1, 3)
    rows = of_groups[group].reshape(-1, 3)
    rows[:, 0] = _prior(rows[:, 0], life)
    known = stored["products"]
    found = [place_ for place_, name in enumerate(products) if str(name) in known]
    if found:
        rows[found] = [known[str(products[place_])] for place_ in found]
    return Levels(*overall, *of_groups.T.copy(), *rows.T.copy(), **{name: stored[name] for name in _NAMES[3:]})


def _prior(group_level: Numbers, lifetime: Numbers) -> Numbers:
    """The log gap that a product has before its own are seen: its lifetime's where one is said, else its group's."""
    return np.where(np.isnan(lifetime), group_level, np.log(np.where(np.isnan(lifetime), 1.0, lifetime)))
