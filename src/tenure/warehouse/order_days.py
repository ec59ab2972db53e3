"""How often each customer buys, from the days of their orders, faster than the text of `spans` and `tempo` gives it.

The rows are those of the two relations (tests hold them equal); the trap is theirs too: two orders of one day are one
day. A day must follow from its moment, as import makes it, so that days and moments are in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tenure.warehouse.runs import LARGEST, Ints, Runs, arrow, bits_for, packed

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Gaps:
    """The days between one order day and the next, sorted by customer and day."""

    customer_key: Ints
    day: Ints
    gap: Ints


def gaps(customer_key: Ints, day: Ints) -> Gaps | None:
    """The gaps of each customer.

    Args:
        customer_key, day: of every order that was not cancelled, in any order.

    Returns:
        One row per order day after the first; None when keys and days are too far apart to be packed.
    """
    if not len(day):
        return Gaps(day, day, day)
    low, earliest = int(customer_key.min()), int(day.min())
    bits = bits_for(int(day.max()) - earliest)
    if (int(customer_key.max()) - low + 1) << bits >= LARGEST:
        return None
    key = np.sort(packed(customer_key - low, day - earliest, bits))
    step = np.diff(key)
    who = key >> bits
    follows = np.flatnonzero((who[1:] == who[:-1]) & (step > 0))
    return Gaps(who[follows + 1] + low, (key[follows + 1] & ((1 << bits) - 1)) + earliest, step[follows])


def tempo(found: Gaps, gap_milli: int, at_risk: tuple[int, int]) -> pa.Table | None:
    """The relation `tempo`: quantiles by nearest rank, and where the present run of orders began.

    Args:
        gap_milli: the base's typical gap in thousandths of a day.
        at_risk: the multiple of the expected gap that breaks a run, as numerator and denominator.

    Returns:
        None when the multiple's numbers are so large that the comparison would overflow.
    """
    import pyarrow as pa

    runs = Runs(found.customer_key)
    n, span = runs.counts, runs.sums(found.gap)
    numerator, denominator = at_risk
    longest, most = (int(column.max(initial=1)) for column in (span, n))
    if max(numerator * (1000 * longest + 2 * gap_milli), 1000 * longest * (most + 2) * denominator) >= LARGEST:
        return None
    breaks = 1000 * found.gap * runs.along(n + 2) * denominator >= runs.along(numerator * (1000 * span + 2 * gap_milli))
    run_day = runs.largest(np.where(breaks, found.day, np.iinfo(np.int64).min))
    bits = bits_for(int(found.gap.max(initial=1)))
    ranked = np.sort(packed(runs.along(np.arange(len(runs))), found.gap, bits)) & ((1 << bits) - 1)
    return pa.table({
        "customer_key": arrow(runs.first(found.customer_key)), "repeat_days": arrow(n), "span_days": arrow(span),
        "gap_p10": arrow(runs.nth(ranked, (n + 9) // 10)),
        "gap_p50": arrow(runs.nth(ranked, (n + 1) // 2)),
        "gap_p90": arrow(runs.nth(ranked, (9 * n + 9) // 10)),
        "run_day": arrow(run_day, run_day == np.iinfo(np.int64).min),
    })  # fmt: skip
