"""Reads a data frame of possible contacts, and what is scarce, for the choice among them.

In come a table with a customer, a campaign, a channel, a worth and a cost in each row, in any order, and limits by
name; out come arrays in which each customer's rows stand side by side. What cannot be weighed is refused in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.candidates import Candidates, Limits, Numbers, Whole
from tenure.domain.errors import TenureError, UsageError, nearest
from tenure.frames import columns

if TYPE_CHECKING:
    import pyarrow as pa

_NAMES = ("customer_id", "campaign", "channel")
_MOST = 1e100  # beyond it, sums and ratios of doubles overflow


def limits(capacity: Any, budget: float | None, campaign_budget: Any) -> Limits:
    """What is scarce, by name: channels, then `budget`, then `budget of` a campaign.

    Raises:
        UsageError: a limit is no number of 0 or more, or two have one name.
    """
    channels, campaigns = _amounts("capacity", capacity), _amounts("campaign_budget", campaign_budget)
    whole = {} if budget is None else _amounts("budget", {"budget": budget})
    names = [*channels, *whole, *(f"budget of {name}" for name in campaigns)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two limits are called `{twice}`", "Give the channel another name.")
    contacts = [float(np.floor(amount)) for amount in channels.values()]
    amounts = np.array([*contacts, *whole.values(), *campaigns.values()], dtype=np.float64)
    return Limits(tuple(names), amounts, tuple(channels), tuple(campaigns), budget is not None)


def offers(table: pa.Table, limits: Limits) -> tuple[Candidates, Whole | None]:
    """The rows with each customer's side by side, and the order that brings them there (None: they stand so).

    Raises:
        TenureError: a column is missing, or holds what cannot be weighed.
        UsageError: a limit names a channel or campaign that no candidate has.
    """
    for name in _NAMES:
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    numbers = columns(table, ("worth", "cost"))
    _check(numbers)
    channel = _numbered(table, "channel", limits.channel_names, 1)
    campaign = _numbered(table, "campaign", limits.campaign_names, 1 + limits.channels + int(limits.has_budget))
    order, starts = _by_customer(table)
    worth, cost = numbers["worth"], numbers["cost"]
    if order is not None:
        worth, cost, channel, campaign = worth[order], cost[order], channel[order], campaign[order]
    return Candidates(starts, worth, cost, channel, campaign, limits), order


def _amounts(name: str, given: Any) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise UsageError(f"`{name}` is {given!r}", 'Give a limit for each by name, such as {"email": 10_000}.')
    for key, amount in given.items():
        is_number = isinstance(amount, (int, float, np.number)) and not isinstance(amount, bool)
        if not is_number or not 0 <= amount <= _MOST:
            raise UsageError(f"the limit `{key}` is {amount!r}", "Give a number of 0 or more, or leave it away.")
    return {str(key): float(amount) for key, amount in given.items()}


def _check(numbers: Mapping[str, Numbers]) -> None:
    for name, values in numbers.items():
        if values.size and max(values.max(), -values.min()) > _MOST:
            row = int(np.argmax(np.abs(values))) + 1
            raise TenureError(f"the column `{name}` has {values[row - 1]:g} in row {row}", "Give it in a larger unit.")
    cost = numbers["cost"]
    if cost.size and cost.min() < 0:
        row = int(np.argmax(cost < 0)) + 1
        raise TenureError(
            f"the column `cost` has negative values, the first in row {row}", "A contact costs 0 or more."
        )


def _numbered(table: pa.Table, name: str, known: tuple[str, ...], first: int) -> NDArray[np.int16]:
    """Per row `first` and more for the values that are known, 0 for all others."""
    import pyarrow as pa
    from pyarrow import compute

    if not known or not table.num_rows:
        return np.zeros(table.num_rows, np.int16)
    texts = table.column(name).cast(pa.string())
    places = compute.index_in(texts, pa.array(known, pa.string()))
    numbers: NDArray[np.int16] = compute.fill_null(compute.add(places, first), 0).to_numpy().astype(np.int16)
    counts = np.bincount(numbers, minlength=first + len(known))[first:]
    for value in (value for value, count in zip(known, counts, strict=True) if not count):
        there = [each for each in compute.unique(texts).to_pylist() if each is not None]
        raise UsageError(f"no candidate has the {name} `{value}`", nearest(value, there))
    return numbers


def _by_customer(table: pa.Table) -> tuple[Whole | None, Whole]:
    """An order in which each customer's rows stand side by side (None where they do), and where each begins there."""
    from pyarrow import compute

    ids = _ids(table)
    if not len(ids):
        return None, np.zeros(1, np.int64)
    differs = compute.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy(zero_copy_only=False)
    starts = np.concatenate([[0], np.flatnonzero(differs) + 1])
    if compute.count_distinct(ids.take(starts)).as_py() == len(starts):
        return None, np.append(starts, len(ids))
    codes = compute.dictionary_encode(ids).indices.to_numpy()
    return np.argsort(codes, kind="stable"), np.concatenate([[0], np.cumsum(np.bincount(codes))])


def _ids(table: pa.Table) -> Any:
    """The customers' ids as one array of plain values."""
    import pyarrow as pa
    from pyarrow import compute

    ids = table.column("customer_id")
    if pa.types.is_dictionary(ids.type):
        ids = ids.cast(ids.type.value_type)
    if pa.types.is_nested(ids.type):
        raise TenureError("the column `customer_id` holds lists", "Give one number or text for each customer.")
    if pa.types.is_string(ids.type) or pa.types.is_string_view(ids.type):
        ids = ids.cast(pa.large_string())  # in one piece they may be longer than the 2 GB that `string` can hold
    missing = compute.is_null(ids, nan_is_null=True)
    if compute.any(missing).as_py():
        row = compute.index(missing, True).as_py() + 1
        raise TenureError(f"the column `customer_id` is empty in row {row}", "Leave those rows out, or fill them.")
    found = ids.combine_chunks()
    return found.storage if isinstance(found, pa.ExtensionArray) else found
