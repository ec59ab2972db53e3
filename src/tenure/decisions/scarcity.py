"""What is scarce in a run, and who gets it: channels that carry only so much a day, and money that is only so much.

Without limits everybody simply takes the contact that is worth most. With them the choice is that of `arbitrate`: each
limit gets a price, everybody takes what is worth most over its price, and the whole stays within the limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.candidates import Candidates
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.decision import Usage

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scarcity:
    """What is left for a run.

    Attributes:
        capacity: contacts left today, by channel that has a limit.
        budget: money left for contacts and offers, in units; None without a limit.
        campaign_budget: money left by campaign that has a budget of its own.
        rates: the price of each limit where it is known already (`explain` asks about one customer of a whole run);
            None to find it.
    """

    capacity: Mapping[str, float] = field(default_factory=dict)
    budget: float | None = None
    campaign_budget: Mapping[str, float] = field(default_factory=dict)
    rates: Mapping[str, float] | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything is limited."""
        return bool(self.capacity or self.campaign_budget) or self.budget is not None

    @classmethod
    def at(cls, rates: Mapping[str, float]) -> Scarcity:
        """The limits of a run that is over, at the prices that they had in it."""
        own = {name.removeprefix("budget of "): 0.0 for name in rates if name.startswith("budget of ")}
        capacity = {name: 0.0 for name in rates if not name.startswith("budget")}
        return cls(capacity, 0.0 if "budget" in rates else None, own, rates)


@dataclass(frozen=True, slots=True)
class Contenders:
    """All options that compete for the customers, sorted by customer; one entry each.

    Attributes:
        customer: its key.
        owner: number of its campaign among those judged.
        option: number of the option among its campaign's.
        channel: number in `channels`.
        folder: number in `folders`: a campaign and its steps share one budget.
    """

    customer: Indices
    owner: Indices
    option: Indices
    worth: Numbers
    doubt: Numbers
    cost: Numbers
    channel: NDArray[np.int16]
    folder: NDArray[np.int16]
    channels: tuple[str, ...]
    folders: tuple[str, ...]


def left_over(
    campaigns: Sequence[Campaign], business: Business, usage: Usage, owed: Mapping[str, int]
) -> Scarcity:  # fmt: skip
    """What the settings allow, less what was used before and what is owed to service messages of this run.

    Args:
        usage: what was spent in the last 30 days and said today.
        owed: service messages by channel.
    """
    capacity = {
        channel.name: max(channel.per_day - usage.contacted.get(channel.name, 0) - owed.get(channel.name, 0), 0)
        for channel in business.channels if channel.per_day is not None
    }  # fmt: skip
    budget = business.contact.budget
    own = {c.folder: max(c.budget - usage.spent.get(c.folder, 0.0), 0.0) for c in campaigns if c.budget is not None}
    return Scarcity(
        capacity, None if budget is None else max(budget - sum(usage.spent.values()), 0.0), own
    )  # fmt: skip


def priced(contenders: Contenders, rates: Mapping[str, float]) -> Numbers:
    """What each option takes of what is scarce, at the price of it; in units."""
    by_channel = np.array([rates.get(name, 0.0) for name in contenders.channels])
    by_folder = np.array([rates.get(f"budget of {name}", 0.0) for name in contenders.folders])
    money = by_folder[contenders.folder] + rates.get("budget", 0.0)
    price: Numbers = by_channel[contenders.channel] + money * contenders.cost
    return price


def settle(contenders: Contenders, scarcity: Scarcity) -> tuple[Indices, dict[str, float]]:
    """The options chosen, at most one per customer, and the price of each limit."""
    if not scarcity.is_any or not len(contenders.customer):
        return _most(contenders, contenders.worth), {}
    if scarcity.rates is not None:
        return _most(contenders, contenders.worth - priced(contenders, scarcity.rates)), dict(scarcity.rates)
    from tenure.decisions.arbitrate import best

    used = _within_reach(contenders, scarcity)
    rows, names = _weighed(contenders, used)
    kept, _, rates = best(rows, 1)
    return np.sort(kept), dict(zip(names, rates.tolist(), strict=True))


def _most(contenders: Contenders, gain: Numbers) -> Indices:
    """Each customer's option of the highest gain above 0; of equals the first."""
    order = np.lexsort((contenders.owner, -gain, contenders.customer))
    customer = contenders.customer[order]
    first = order[np.flatnonzero(np.append(True, customer[1:] != customer[:-1]))] if len(order) else order
    return np.sort(first[gain[first] > 0])


def _within_reach(contenders: Contenders, scarcity: Scarcity) -> Scarcity:
    """Without the limits that no option touches: `arbitrate` takes such a name for a misspelling."""
    capacity = {name: amount for name, amount in scarcity.capacity.items() if name in contenders.channels}
    own = {name: amount for name, amount in scarcity.campaign_budget.items() if name in contenders.folders}
    return Scarcity(capacity, scarcity.budget, own)


def _weighed(contenders: Contenders, scarcity: Scarcity) -> tuple[Candidates, tuple[str, ...]]:
    from tenure.decisions.offers import limits

    bounds = limits(scarcity.capacity, scarcity.budget, scarcity.campaign_budget)
    channel = _codes(contenders.channels, bounds.channel_names, 1)[contenders.channel]
    first = 1 + bounds.channels + int(bounds.has_budget)
    folder = _codes(contenders.folders, bounds.campaign_names, first)[contenders.folder]
    customer = contenders.customer
    starts = np.flatnonzero(np.append(True, customer[1:] != customer[:-1]))
    rows = Candidates(np.append(starts, len(customer)), contenders.worth, contenders.cost, channel, folder, bounds)
    return rows, bounds.names


def _codes(names: tuple[str, ...], known: tuple[str, ...], first: int) -> NDArray[np.int16]:
    return np.array([first + known.index(name) if name in known else 0 for name in names], dtype=np.int16)
