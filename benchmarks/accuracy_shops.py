"""Value, churn, paths, discounts, replacement and seasons, each against a simple rule in real shops.

Part of `python -m benchmarks.accuracy`. What has a command or a test of its own is asked there, never computed anew.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from tests.models.cycle_figures import BINS
from tests.models.season_figures import GAPS, GROCER, QUARTERS
from tests.models.test_replacement import CUT, category_medians, forecast_of, purchase_days
from tests.models.test_season import clock_before, errors, flat_clock, gift_shop, next_quarter, number
from tests.models.test_season_of_a_grocer import clock_of, losses, some
from tests.models.value_shops import CUTS, cut, fitted, held_apart, mean

from benchmarks import affinity as affinity_figures
from benchmarks import churn as churn_figures
from benchmarks import paths as path_figures
from benchmarks.accuracy_lines import head, line
from tenure.models import metrics
from tenure.models.early_orders import LAST
from tenure.models.path import CLASSES


def value() -> Iterator[str]:
    """How many true totals the 80% intervals hold, on customers who had not taught the correction."""
    yield from head(
        "shop", "held out", "customers", "within the interval", "above", "below", "of those who spent", "rescaled by",
    )  # fmt: skip
    for name, (begins, ends) in CUTS.items():
        holdout = cut(name)
        found = mean(held_apart(fitted(holdout), holdout))
        shares = " | ".join(f"{share:.1%}" for share in (found.all, found.above, found.below, found.spenders))
        yield f"| {name} | {begins} to {ends} | {len(holdout):,} | {shares} | {found.factor:.2f} |"


def churn(backs: Sequence[int] = (0, 60, 120)) -> Iterator[str]:
    """The rows of `python -m benchmarks.churn`, without its seconds, which are another page's matter."""
    for each in churn_figures.HEAD:
        yield _without_seconds(each)
    for name in churn_figures.LOGS:
        for back in backs:
            yield _without_seconds(churn_figures.measured(name, back))


def _without_seconds(row: str) -> str:
    return row.rsplit("|", 3)[0] + "|"


def paths() -> Iterator[str]:
    """What became of new buyers: how well it is ranked on the day of an order, and whether the chances are true."""
    yield from head(
        "shop", "customers taught", "path", "said", "seen", "ECE", "of chance alone", "log-loss",
        "rule: the share seen after as many orders", "AUC after order 1", *(str(place) for place in range(2, LAST + 1)),
    )  # fmt: skip
    for shop in path_figures.SHOPS:
        found = path_figures.check(shop)
        said, seen, place = found.after(0)
        for path in _told(seen):
            forecast, truth = said[:, path], seen == path
            constant = _mean_by(place, truth)
            found_figures = (
                metrics.calibration_error(forecast, truth), path_figures.floor(forecast),
                metrics.log_loss(forecast, truth), metrics.log_loss(constant, truth), *path_figures.ranks(shop, path),
            )  # fmt: skip
            shares = (f"{forecast.mean():.1%}", f"{truth.mean():.1%}")
            yield line([shop, f"{found.trained:,}", CLASSES[path], *shares, *(f"{each:.3f}" for each in found_figures)])


def _mean_by(place: path_figures.Whole, truth: NDArray[np.bool_]) -> path_figures.Numbers:
    """The share of those at the same place, known beforehand: no rule without the customer can do better."""
    counts = np.maximum(np.bincount(place), 1)
    return np.asarray((np.bincount(place, truth) / counts)[place])


def _told(seen: path_figures.Whole) -> list[int]:
    """The paths that occur; of two, one tells of the other."""
    there = np.unique(seen).tolist()
    return there[:1] if len(there) == 2 else there


def discounts() -> Iterator[str]:
    """Who of a grocer's households will buy at a discount, by their first baskets."""
    yield from head(
        "baskets seen", "AUC of a later share above the median", "rule: share of baskets with any discount",
    )  # fmt: skip
    for each in path_figures.rankings():
        yield f"| {each.k} | **{each.median:.3f}** | {each.counted:.3f} |"


def affinity() -> Iterator[str]:
    """What `python -m benchmarks.affinity` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        affinity_figures.main()
    yield from printed.getvalue().splitlines()


def replacement() -> Iterator[str]:
    """When a household buys a category again, and whether within a fortnight."""
    _, found, came = forecast_of(purchase_days(every=1))
    known, again, median = found.pairs, ~np.isnan(came), category_medians(found)
    rules = {
        "*median of the category*": known.last + median,
        "*the household's own mean gap*": known.last + (known.last - known.first) / known.gaps.clip(1),
        "ReplacementCycle": found.due,
    }
    chosen = again & (known.elapsed <= 2 * median)
    gaps = (f"{low}" if low == high else f"{low}–{high}" if high < 99 else f"{low}+" for low, high in BINS)
    yield from head("median error in days of the next purchase, by gaps seen", *gaps)
    for rule, said in rules.items():
        rows = [chosen & (known.gaps >= low) & (known.gaps <= high) for low, high in BINS]
        yield line([rule, *(f"{metrics.median_absolute_error(said[row], came[row]):.1f}" for row in rows)])
    repeated = known.gaps > 0
    soon, chance = (came < CUT + 14)[repeated], found.chance[repeated]
    simple = metrics.auc(-(known.elapsed / median)[repeated], soon)
    yield ""
    yield from head(
        "bought within 14 days", "pairs", "AUC", "rule: silence ÷ median of the category", "said", "seen", "ECE",
    )  # fmt: skip
    error = metrics.calibration_error(chance, soon)
    ranks, shares = (metrics.auc(chance, soon), simple), (chance.mean(), soon.mean())
    yield line([
        "ReplacementCycle", f"{len(soon):,}", *(f"{each:.3f}" for each in ranks), *(f"{each:.1%}" for each in shares),
        f"{error:.3f}",
    ])  # fmt: skip


def seasons() -> Iterator[str]:
    """The calendar (the rule) against the seasonal clock: a gift shop ahead of time, a grocer with hindsight."""
    gifts = gift_shop()
    yield from head(
        "Online Retail II, learned before", "seasonal words: median error in days, calendar", "clock", "other words",
        "clock",
    )  # fmt: skip
    for day in GAPS:
        at = number(day)
        flat, told = (errors(gifts, at, clock, every=1) for clock in (flat_clock(at), clock_before(gifts, at)))
        yield f"| {day} | {flat[0]:.1f} | {told[0]:.1f} | {flat[1]:.1f} | {told[1]:.1f} |"
    yield ""
    yield from head(
        "Online Retail II, next 90 days", "log-loss of an order by BG/NBD, calendar", "clock", "said ÷ seen − 1",
        "clock",
    )  # fmt: skip
    for day in QUARTERS:
        plain, clock = next_quarter(gifts, number(day))
        yield f"| {day} | {plain[0]:.4f} | {clock[0]:.4f} | {plain[1]:+.1%} | {clock[1]:+.1%} |"
    yield ""
    yield from _grocer()


def _grocer() -> Iterator[str]:
    households = purchase_days(every=1)
    clock, odd = clock_of(some(households, 2, 0)), some(households, 2, 1)
    yield from head(
        "The Complete Journey, bought within 28 days", "log-loss, strongly seasonal", "clock", "weakly", "clock", "not",
        "clock",
    )  # fmt: skip
    for day in GROCER:
        cells = " | ".join(f"{each:.4f}" for pair in losses(odd, clock, number(day)) for each in pair)
        yield f"| {day} | {cells} |"
