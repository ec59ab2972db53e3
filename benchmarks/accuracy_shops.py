"""Value, churn, paths, discounts, replacement and seasons, each against a simple rule in real shops.

Part of `python -m benchmarks.accuracy`. What has a command or a test of its own is asked there, never computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from tests.models.cycle_figures import BINS
from tests.models.season_figures import GAPS, GROCER, QUARTERS
from tests.models.test_replacement import CUT, category_medians, forecast_of, purchase_days
from tests.models.test_season import clock_before, errors, flat_clock, gift_shop, next_quarter, number
from tests.models.test_season_of_a_grocer import clock_of, losses, some
from tests.models.value_shops import CUTS, cut, fitted, held_apart, mean

from benchmarks import churn as churn_figures
from benchmarks import paths as path_figures
from tenure.models import metrics
from tenure.models.early_orders import LAST
from tenure.models.path import CLASSES


def value() -> Iterator[str]:
    """How many true totals the 80% intervals hold, on customers who had not taught the correction."""
    yield "| shop | held out | customers | within the interval | above | below | of those who spent | rescaled by |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, (begins, ends) in CUTS.items():
        holdout = cut(name)
        found = mean(held_apart(fitted(holdout), holdout))
        shares = " | ".join(f"{share:.1%}" for share in (found.all, found.above, found.below, found.spenders))
        yield f"| {name} | {begins} to {ends} | {len(holdout):,} | {shares} | {found.factor:.2f} |"


def churn(backs: Sequence[int] = (0, 60, 120)) -> Iterator[str]:
    """The rows of `python -m benchmarks.churn`, without its seconds, which are another page's matter."""
    for line in churn_figures.HEAD:
        yield _without_seconds(line)
    for name in churn_figures.LOGS:
        for back in backs:
            yield _without_seconds(churn_figures.measured(name, back))


def _without_seconds(line: str) -> str:
    return line.rsplit("|", 3)[0] + "|"


def paths() -> Iterator[str]:
    """What became of new buyers: how well it is ranked on the day of an order, and whether the chances are true."""
    orders = " | ".join(str(place) for place in range(1, LAST + 1))
    yield f"| shop | customers taught | path | said | seen | ECE | of chance alone | AUC after order {orders} |"
    yield "|" + "---|" * (7 + LAST)
    for shop in path_figures.SHOPS:
        found = path_figures.check(shop)
        said, seen, _ = found.after(0)
        for path, name in enumerate(CLASSES):
            if not (seen == path).any() or (len(np.unique(seen)) == 2 and path != seen.min()):
                continue  # of two paths, one tells of the other
            forecast, truth = said[:, path], seen == path
            error = metrics.calibration_error(forecast, truth)
            ranks = " | ".join(f"{score:.3f}" for score in path_figures.ranks(shop, path))
            yield (
                f"| {shop} | {found.trained:,} | {name} | {forecast.mean():.1%} | {truth.mean():.1%} | {error:.3f} "
                f"| {path_figures.floor(forecast):.3f} | {ranks} |"
            )


def discounts() -> Iterator[str]:
    """Who of a grocer's households will buy at a discount, by their first baskets."""
    yield "| baskets seen | AUC of a later share above the median | rule: share of baskets with any discount |"
    yield "|---|---|---|"
    for each in path_figures.rankings():
        yield f"| {each.k} | **{each.median:.3f}** | {each.counted:.3f} |"


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
    gaps = " | ".join(f"{low}" if low == high else f"{low}–{high}" if high < 99 else f"{low}+" for low, high in BINS)
    yield f"| median error in days of the next purchase, by gaps seen | {gaps} |"
    yield "|" + "---|" * (1 + len(BINS))
    for rule, said in rules.items():
        rows = [chosen & (known.gaps >= low) & (known.gaps <= high) for low, high in BINS]
        figures = " | ".join(f"{metrics.median_absolute_error(said[row], came[row]):.1f}" for row in rows)
        yield f"| {rule} | {figures} |"
    repeated = known.gaps > 0
    soon, chance = (came < CUT + 14)[repeated], found.chance[repeated]
    simple = metrics.auc(-(known.elapsed / median)[repeated], soon)
    yield ""
    yield "| bought within 14 days | pairs | AUC | rule: silence ÷ median of the category | said | seen | ECE |"
    yield "|---|---|---|---|---|---|---|"
    yield (
        f"| ReplacementCycle | {len(soon):,} | **{metrics.auc(chance, soon):.3f}** | {simple:.3f} | {chance.mean():.1%} "
        f"| {soon.mean():.1%} | {metrics.calibration_error(chance, soon):.3f} |"
    )


def seasons() -> Iterator[str]:
    """The calendar (the rule) against the seasonal clock: a gift shop ahead of time, a grocer with hindsight."""
    gifts = gift_shop()
    yield "| Online Retail II, learned before | seasonal words: median error in days, calendar | clock | other words | clock |"
    yield "|---|---|---|---|---|"
    for day in GAPS:
        at = number(day)
        flat, told = (errors(gifts, at, clock, every=1) for clock in (flat_clock(at), clock_before(gifts, at)))
        yield f"| {day} | {flat[0]:.1f} | {told[0]:.1f} | {flat[1]:.1f} | {told[1]:.1f} |"
    yield ""
    yield "| Online Retail II, next 90 days | log-loss of an order by BG/NBD, calendar | clock | said ÷ seen − 1 | clock |"
    yield "|---|---|---|---|---|"
    for day in QUARTERS:
        plain, clock = next_quarter(gifts, number(day))
        yield f"| {day} | {plain[0]:.4f} | {clock[0]:.4f} | {plain[1]:+.1%} | {clock[1]:+.1%} |"
    yield ""
    yield from _grocer()


def _grocer() -> Iterator[str]:
    households = purchase_days(every=1)
    clock, odd = clock_of(some(households, 2, 0)), some(households, 2, 1)
    yield "| The Complete Journey, bought within 28 days | log-loss, strongly seasonal | clock | weakly | clock | not | clock |"
    yield "|---|---|---|---|---|---|---|"
    for day in GROCER:
        cells = " | ".join(f"{each:.4f}" for pair in losses(odd, clock, number(day)) for each in pair)
        yield f"| {day} | {cells} |"
