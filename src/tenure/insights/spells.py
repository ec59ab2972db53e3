"""Where each customer under contract stood month by month: in trial, in which plan, with an add-on, or gone.

In: the contracts of all customers as parallel arrays. Out: their lives. A customer's months are counted from the end
of their first trial, or from the start without one, so that a trial is one step however long it is; a month is a
twelfth of a year. A state is judged two days after its month begins: calendar months have up to 31 days, and somebody
whose contract ended with one has not stayed for another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from tenure.domain.moments import MICROS_PER_DAY
from tenure.insights.lives import Flags, Floats, Ints, Lives, cut

MONTH = round(365.25 * MICROS_PER_DAY / 12)
GRACE = 2 * MICROS_PER_DAY
TRIAL, END, ADDON, OTHER = "trial", "cancelled", "addon", "other"
FOR_EVER = int(np.iinfo(np.int64).max // 4)
_HARDLY = 0.1
_MOST_HELD = 50  # older contracts of a customer that are looked at
MOST_PLANS = 8  # further plans are put together: their rates would be guesses


@dataclass(frozen=True, slots=True)
class Terms:
    """Contracts, one entry each; moments in microseconds, money in minor units.

    Attributes:
        customer: key of the customer.
        plan: number of the plan among `plans`.
        plans: names, as in paths, each once.
        monthly: price of a month.
        begun, ended: from when to when the contract binds; `FOR_EVER` for one that runs on.
        trial: until when it is a trial, 0 if it never was one.
    """

    customer: Ints
    plan: Ints
    plans: tuple[str, ...]
    monthly: Floats
    begun: Ints
    ended: Ints
    trial: Ints


def name_of(plan: str) -> str:
    """A plan's name as it is written in paths: lower case, with a dash for what is neither letter nor digit."""
    return re.sub(r"[^\w]+", "-", plan.strip().lower()).strip("-") or "plan"


def addons(terms: Terms) -> Flags:
    """Which plans are held beside another one, a truth value for each.

    At least half of their contracts begin while an older one of another plan runs on for at least a month, and hardly
    anybody who ever held one began with it: where customers hold several plans of equal standing, none is an add-on.
    """
    order = np.lexsort((terms.begun, terms.customer))
    who, begun, ended, plan = (getattr(terms, n)[order] for n in ("customer", "begun", "ended", "plan"))
    starts = np.r_[True, who[1:] != who[:-1]]
    place = np.arange(len(who)) - np.maximum.accumulate(np.where(starts, np.arange(len(who)), 0))
    is_beside = np.zeros(len(who), np.bool_)
    for back in range(1, min(int(place.max(initial=0)), _MOST_HELD) + 1):
        new = np.flatnonzero(place >= back)
        old = new - back
        runs = (begun[old] < begun[new]) & (ended[old] >= begun[new] + MONTH) & (plan[old] != plan[new])
        is_beside[new[runs]] = True
    size = len(terms.plans)
    held, contracts = np.bincount(plan[is_beside], minlength=size), np.bincount(plan, minlength=size)
    holders = np.bincount(np.unique(who * size + plan) % size, minlength=size)
    began = np.bincount(plan[starts], minlength=size)
    return np.asarray((held > 0) & (2 * held >= contracts) & (began <= _HARDLY * holders))


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Each life's own months: month 0 begins with the first contract, month k ≥ 1 at `second` + (k − 1) months."""

    starts: Ints
    second: Ints
    months: Ints

    @property
    def first(self) -> Ints:
        return np.asarray(np.r_[0, np.cumsum(self.months)])

    def begins(self) -> Ints:
        first = self.first
        place = np.arange(first[-1]) - np.repeat(first[:-1], self.months)
        later = np.asarray(np.repeat(self.second, self.months) + (place - 1) * MONTH, np.int64)
        later[place == 0] = self.starts
        return np.asarray(later)


def lives(terms: Terms, as_of: int) -> Lives:
    """The life of every customer who began a contract before a moment.

    Args:
        terms: contracts that began before it, in any order; at least one.
        as_of: microseconds; no state is judged at or after it.
    """
    terms = _few(terms)
    beside = addons(terms)[terms.plan]
    customers, life = np.unique(terms.customer, return_inverse=True)
    calendar = _calendar(terms, life, len(customers), as_of)
    contract, spot = _months_of(terms, life, calendar)
    begins = calendar.begins()
    is_first, last = np.zeros(len(begins), np.bool_), np.zeros(len(begins), np.bool_)
    is_first[calendar.first[:-1]], last[calendar.first[1:] - 1] = True, True
    judged = np.where(is_first, begins, begins + GRACE)
    months = _judge(terms, beside, contract, spot, judged)
    running = np.flatnonzero(terms.ended > as_of)
    now = _judge(terms, beside, running, life[running], np.full(len(customers), as_of))
    names, number = _in_order(terms, np.union1d(months.state, now.state))
    return cut(Lives(
        customers=customers, first=calendar.first, begins=begins, state=number[months.state], over=~last,
        paid=months.paid, more=months.more, held=months.held, present=number[now.state], states=names, end=END,
    ))  # fmt: skip


def _few(terms: Terms) -> Terms:
    contracts = np.bincount(terms.plan, minlength=len(terms.plans))
    if np.count_nonzero(contracts) <= MOST_PLANS:
        return terms
    kept = np.sort(np.argsort(-contracts, kind="stable")[:MOST_PLANS])
    number = np.full(len(terms.plans), MOST_PLANS)
    number[kept] = np.arange(MOST_PLANS)
    return replace(terms, plan=number[terms.plan], plans=(*(terms.plans[i] for i in kept), OTHER))


def _calendar(terms: Terms, life: Ints, size: int, as_of: int) -> _Calendar:
    starts = np.full(size, FOR_EVER)
    np.minimum.at(starts, life, terms.begun)
    trial = np.zeros(size, np.int64)
    np.maximum.at(trial, life, np.where(terms.begun == starts[life], terms.trial, 0))
    second = np.where(trial > 0, trial, starts + MONTH)
    over = np.zeros(size, np.int64)
    np.maximum.at(over, life, terms.ended)
    # The month in which the last contract's end shows is the last that says anything.
    until = np.minimum(as_of - 1, np.maximum(over, second) + MONTH + GRACE)
    return _Calendar(starts, second, np.maximum((until - GRACE - second) // MONTH + 2, 1))


def _months_of(terms: Terms, life: Ints, calendar: _Calendar) -> tuple[Ints, Ints]:
    """Every contract and month of a life in which it binds when the state is judged, as two parallel arrays."""
    second, months = calendar.second[life], calendar.months[life]

    def reached(moment: Ints) -> Ints:
        """The first month that is judged at a moment or after it."""
        return np.asarray(np.maximum(-((second + GRACE - moment) // MONTH) + 1, 1))

    low = np.where(terms.begun == calendar.starts[life], 0, reached(terms.begun))
    high = np.minimum(reached(terms.ended), months)
    lengths = np.maximum(high - low, 0)
    contract = np.repeat(np.arange(len(life)), lengths)
    within = np.arange(len(contract)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return contract, calendar.first[life[contract]] + low[contract] + within


_GONE, _TRIED, _EXTRA, _PLANS = 0, 1, 2, 3  # numbers of states: then each plan, and each plan with an add-on


@dataclass(frozen=True, slots=True)
class _Judged:
    """Number of the state and money of each spot."""

    state: Ints
    paid: Floats
    more: Floats
    held: Floats


def _judge(terms: Terms, beside: Flags, contract: Ints, spot: Ints, judged: Ints) -> _Judged:
    """The state of each spot by the contracts that bind there: the dearest that is paid for, and add-ons beside it.

    A month of a plan brings what all plans of the customer cost together.
    """
    size = len(judged)
    free = terms.plans.index(TRIAL) if TRIAL in terms.plans else -1
    in_trial = (terms.trial[contract] > judged[spot]) | (terms.plan[contract] == free)
    extra = beside[contract] & ~in_trial
    # Paid goes before trial, a plan before an add-on, dearer before cheaper, later before earlier; the last one stays.
    rank = np.lexsort((terms.begun[contract], terms.monthly[contract], ~extra, ~in_trial))
    best, tried = np.full(size, -1, np.int64), np.zeros(size, np.bool_)
    best[spot[rank]], tried[spot[rank]] = contract[rank], in_trial[rank]
    is_plan = (best >= 0) & ~tried & ~beside[best]
    held = np.bincount(spot[extra], minlength=size).astype(np.float64)
    plain = ~extra & ~in_trial
    paid = np.bincount(spot[plain], terms.monthly[contract[plain]], minlength=size)
    state = np.where(is_plan, _PLANS + 2 * terms.plan[best] + (held > 0), np.where(held > 0, _EXTRA, _GONE))
    return _Judged(
        state=np.where(tried, _TRIED, state), paid=np.where(is_plan, paid, 0.0),
        more=np.bincount(spot[extra], terms.monthly[contract[extra]], minlength=size).astype(np.float64), held=held,
    )  # fmt: skip


def _in_order(terms: Terms, seen: Ints) -> tuple[tuple[str, ...], Ints]:
    """Names of the states that were seen, trial first, then the plans by price, and each number's place among them."""
    of_plan = [terms.monthly[terms.plan == number] for number in range(len(terms.plans))]
    price = [float(np.median(prices)) if len(prices) else 0.0 for prices in of_plan]
    named = {_TRIED: (TRIAL, -1.0), _EXTRA: (ADDON, np.inf)}
    for i, plan in enumerate(terms.plans):
        named[_PLANS + 2 * i], named[_PLANS + 2 * i + 1] = (plan, price[i]), (f"{plan}+{ADDON}", price[i])
    order = sorted((n for n in named if n in seen), key=lambda n: (named[n][1], named[n][0]))
    number = np.full(_PLANS + 2 * len(terms.plans), len(order), np.int64)
    number[order] = np.arange(len(order))
    return tuple(named[n][0] for n in order), number
