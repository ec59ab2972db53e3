"""`tn.arbitrate`: whom to contact with what, so that all of it together is worth most and nothing scarce is overdrawn.

Candidates are rows of customer, campaign, channel, worth and cost; silence is worth 0 and always possible. At most so
many are chosen for each customer, so many in each channel, and so much money is spent. The answer says how far it can
be from the best there is: `gap`, against an upper bound that no choice can pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.decisions.candidates import Candidates, Numbers, Whole
from tenure.decisions.exact import exact
from tenure.decisions.multipliers import search
from tenure.decisions.offers import limits, offers
from tenure.decisions.repair import repair
from tenure.domain.errors import UsageError
from tenure.frames import arrow, picked

_FEW = 20_000  # rows: up to so many, the best choice itself is searched for where the gap is above _WIDE
_WIDE = 5e-4
_NEAR = 1e-4  # a gap that needs no further attempt
_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Arbitrated:
    """What was chosen.

    Attributes:
        chosen: the chosen rows with all their columns, in the order in which they were given, as the kind of frame that
            was given.
        value: sum of their worth.
        bound: what no choice within the limits can be worth more than.
        gap: (bound − value) ÷ bound; 0 where nothing is worth choosing.
        multipliers: for each limit, what one more contact or one more unit of money would be worth: channels by their
            name, `budget`, and `budget of` each campaign that has one.
    """

    chosen: Any
    value: float
    bound: float
    gap: float
    multipliers: dict[str, float]


def arbitrate(
    candidates: Any, per_customer: int = 1, capacity: Mapping[str, float] | None = None, budget: float | None = None,
    campaign_budget: Mapping[str, float] | None = None,
) -> Arbitrated:  # fmt: skip
    """Choose among contacts so that their worth together is greatest within the limits.

    Args:
        candidates: any data frame with `customer_id`, `campaign`, `channel`, `worth` and `cost` (at least 0), one row
            per possible contact; more columns are handed through.
        per_customer: at most so many contacts for each customer.
        capacity: at most so many contacts in each of these channels; the others have no limit.
        budget: at most so much cost in all, in the unit of `cost`.
        campaign_budget: at most so much cost in each of these campaigns.

    Raises:
        TenureError: a column is missing, or holds what cannot be weighed.
        UsageError: a limit is negative or names a channel or campaign that no candidate has.

    The multipliers come from the Lagrangian dual (Zhang, Qi, Zhou et al. 2020, "Solving Billion-Scale Knapsack
    Problems"), the choice from a greedy repair at these multipliers, and up to 20,000 rows from branch and bound where
    repair leaves a gap; that takes at most about two seconds.
    """
    if not isinstance(per_customer, (int, np.integer)) or per_customer < 1:
        raise UsageError(f"`per_customer` is {per_customer!r}", "Give a whole number, 1 or more.")
    table = arrow(candidates)
    rows, order = offers(table, limits(capacity or {}, budget, campaign_budget or {}))
    kept, bound, rates = best(rows, int(per_customer))
    value = float(rows.worth[kept].sum())
    bound = max(bound, value)
    chosen = picked(candidates, table, np.sort(kept if order is None else order[kept]))
    multipliers = dict(zip(rows.limits.names, rates.tolist(), strict=True))
    return Arbitrated(chosen, value, bound, (bound - value) / bound if bound > 0 else 0.0, multipliers)


def best(rows: Candidates, wanted: int) -> tuple[Whole, float, Numbers]:
    """The rows chosen, what no choice can be worth more than, and the multipliers."""
    if not rows.customers:
        return np.empty(0, np.int64), 0.0, np.zeros(len(rows.limits.names))
    found = search(rows, wanted)
    bound, value, kept = found.bound, -1.0, np.empty(0, np.int64)
    for attempt in range(_ATTEMPTS):
        tried = found.likely[repair(found.few, found.mixture(attempt / _ATTEMPTS), found.rates, wanted)]
        if rows.worth[tried].sum() > value:
            value, kept = float(rows.worth[tried].sum()), tried
        if bound - value <= _NEAR * bound:
            break
    if len(rows.worth) <= _FEW and bound - value > _WIDE * bound:
        better, proven = exact(rows, wanted)
        bound = min(bound, proven)
        if rows.worth[better].sum() > value:
            kept = better
    return kept, bound, found.rates
