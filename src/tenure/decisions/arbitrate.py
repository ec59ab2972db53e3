"""`tn.arbitrate`: whom to contact with what, so that all of it together is worth most and nothing scarce is overdrawn.

Candidates are rows of customer, campaign, channel, worth and cost; silence is worth 0 and always possible. At most so
many are chosen for each customer, so many in each channel, and so much money is spent. The answer says how far it can
be from the best there is: `gap`, against an upper bound that no choice can pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenure.decisions.candidates import Candidates, Limits, Whole
from tenure.decisions.multipliers import search
from tenure.decisions.repair import repair
from tenure.domain.errors import TenureError, UsageError, nearest
from tenure.frames import arrow, columns, like

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("customer_id", "campaign", "channel", "worth", "cost")


@dataclass(frozen=True, slots=True)
class Arbitrated:
    """What was chosen.

    Attributes:
        chosen: the chosen rows with all their columns, in the order in which they were given, as the kind of frame that
            was given.
        value: sum of their worth.
        bound: what no choice within the limits can be worth more than.
        gap: (bound − value) ÷ bound; 0 where nothing is worth choosing.
        multipliers: for each limit, what one more contact or one more unit of money would be worth.
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
    Problems"), the choice from a greedy repair at these multipliers.
    """
    table = arrow(candidates)
    numbers = columns(table, ("worth", "cost"))
    order, starts = by_customer(table)
    limits, channel, campaign = _limits(table, per_customer, capacity or {}, budget, campaign_budget or {})
    rows = Candidates(
        starts, _taken(numbers["worth"], order), _taken(numbers["cost"], order), _taken(channel, order),
        _taken(campaign, order), limits,
    )  # fmt: skip
    if rows.cost.size and rows.cost.min() < 0:
        raise TenureError("the column `cost` has negative values", "A contact costs 0 or more.")
    if not rows.customers:
        return Arbitrated(candidates, 0.0, 0.0, 0.0, dict.fromkeys(limits.names, 0.0))
    seen, likely = search(rows, per_customer)
    few = rows.only(likely)
    # Where only the likely rows are looked at, what was chosen elsewhere is left to the repair.
    kept = likely[repair(few, np.flatnonzero(np.isin(likely, seen.rows)), seen.rates, per_customer)]
    value = float(rows.worth[kept].sum())
    bound = max(seen.bound, value)
    places = np.sort(kept if order is None else order[kept])
    return Arbitrated(
        like(candidates, table.take(places)), value, bound, (bound - value) / bound if bound > 0 else 0.0,
        dict(zip(limits.names, seen.rates.tolist(), strict=True)),
    )  # fmt: skip


def by_customer(table: pa.Table) -> tuple[Whole | None, Whole]:
    """An order in which each customer's rows stand side by side (None where they do), and where each begins there."""
    from pyarrow import compute

    for name in COLUMNS[:3]:
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    ids = table.column("customer_id").combine_chunks()
    if not len(ids):
        return None, np.zeros(1, np.int64)
    differs = compute.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy(zero_copy_only=False)
    starts = np.concatenate([[0], np.flatnonzero(differs) + 1])
    if compute.count_distinct(ids.take(starts), mode="all").as_py() == len(starts):
        return None, np.append(starts, len(ids))
    codes = compute.dictionary_encode(ids).indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    return order, np.concatenate([[0], np.cumsum(counts)])


def _limits(
    table: pa.Table, per_customer: int, capacity: Mapping[str, float], budget: float | None,
    campaign_budget: Mapping[str, float],
) -> tuple[Limits, Any, Any]:  # fmt: skip
    if per_customer < 1:
        raise UsageError(f"`per_customer` is {per_customer}", "Give 1 or more.")
    whole = {**capacity, **({} if budget is None else {"budget": budget}), **campaign_budget}
    for name, amount in whole.items():
        if not 0 <= amount < np.inf:
            raise UsageError(f"the limit `{name}` is {amount}", "Give a number of 0 or more, or leave it away.")
    names = [*capacity, *(["budget"] if budget is not None else []), *campaign_budget]
    amounts = np.array([*np.floor(list(capacity.values())), *([budget] if budget is not None else []),
                        *campaign_budget.values()], dtype=np.float64)  # fmt: skip
    limits = Limits(tuple(names), amounts, len(capacity), budget is not None)
    first = limits.channels + int(limits.has_budget)
    channel = _numbered(table, "channel", list(capacity), 0)
    return limits, channel, _numbered(table, "campaign", list(campaign_budget), first)


def _numbered(table: pa.Table, name: str, known: list[str], first: int) -> Any:
    """Per row the number of its value among the limited ones, −1 where it is none of them."""
    import pyarrow as pa
    from pyarrow import compute

    found = compute.index_in(table.column(name).cast(pa.string()), pa.array(known, pa.string()))
    numbers = compute.fill_null(compute.add(found, first), -1).to_numpy().astype(np.int16)
    there = set(np.unique(numbers).tolist())
    missing = [value for place, value in enumerate(known) if place + first not in there]
    if missing and len(numbers):
        values = compute.unique(table.column(name).cast(pa.string())).to_pylist()
        raise UsageError(f"no candidate has the {name} `{missing[0]}`", nearest(missing[0], [v for v in values if v]))
    return numbers


def _taken(values: Any, order: Whole | None) -> Any:
    return values if order is None else values[order]
