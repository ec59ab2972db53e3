"""Prints the figures of docs/explanation/replacement.md, over all households: python -m tests.models.cycle_figures."""

import time

import numpy as np
from tests.models.test_replacement import CUT, category_medians, forecast_of, purchase_days

from tenure.models import metrics

BINS = ((1, 1), (2, 3), (4, 7), (8, 15), (16, 999))


def main() -> None:
    households = purchase_days(every=1)
    began = time.perf_counter()
    _, found, came = forecast_of(households)
    print(f"{households.num_rows:,} purchase days, fitted and forecast in {time.perf_counter() - began:.1f} s")
    known, again, median = found.pairs, ~np.isnan(came), category_medians(found)
    repeated = known.gaps > 0
    print(f"{repeated.sum():,} pairs with a gap, {(repeated & again).sum():,} of them bought again by the year's end")
    rules = {
        "category median": known.last + median,
        "own mean": known.last + (known.last - known.first) / known.gaps.clip(1),
        "due date": found.due, "next, given the silence": found.next,
    }  # fmt: skip
    for name, chosen in (("silent for at most two category medians", known.elapsed <= 2 * median), ("all", repeated)):
        print(f"\nmedian absolute error in days, {name}; gaps seen: 1, 2-3, 4-7, 8-15, 16+")
        for rule, said in rules.items():
            rows = [again & chosen & (known.gaps >= low) & (known.gaps <= high) for low, high in BINS]
            print(f"  {rule:<24}", *(f"{metrics.median_absolute_error(said[row], came[row]):6.2f}" for row in rows))
    soon = (came < CUT + 14)[repeated]
    print(f"\nwithin 14 days: said {found.chance[repeated].mean():.4f}, seen {soon.mean():.4f}")
    print(f"  AUC {metrics.auc(found.chance[repeated], soon):.4f}, elapsed ÷ category median "
          f"{metrics.auc(-(known.elapsed / median)[repeated], soon):.4f}")  # fmt: skip
    print(f"  calibration error {metrics.calibration_error(found.chance[repeated], soon):.4f}")
    for each in metrics.calibration(found.chance[repeated], soon):
        print(f"    {each.count:6,} pairs: said {each.said:.3f}, seen {each.seen:.3f}")


if __name__ == "__main__":
    main()
