"""Where each buyer stood month by month: new, active, loyal, at risk, lapsed, or lost.

In: what each customer bought in each month. Out: their lives, an entry for each calendar month from that of the first
order on, judged at its end by the rules of the profile's stage, on the calendar instead of the seasonal clock and with
loyalty by order days alone. What a month brought belongs to the stage at its end: an order makes a month active.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.domain.business import StageRules
from tenure.insights.lives import Floats, Ints, Lives, cut

STAGES = ("new", "active", "loyal", "at_risk", "lapsed")
END = "lost"
_NEW, _ACTIVE, _LOYAL, _AT_RISK, _LAPSED, _LOST = range(6)
_BASE_GAPS = 2  # gaps of the whole base that stand beside a customer's own, as in the profile's rhythm


@dataclass(frozen=True, slots=True)
class Purchases:
    """What customers bought, one entry for each customer and month, by customer and then by month.

    Attributes:
        customer, month: key, and months since January 1970.
        days: days with an order.
        first, last: day numbers of the first and the last of them; anything where `days` is 0.
        net: paid less refunds, in minor units.
    """

    customer: Ints
    month: Ints
    days: Ints
    first: Ints
    last: Ints
    net: Floats

    def where(self, chosen: Ints) -> Purchases:
        """Some of the entries, in the order given."""
        return Purchases(
            self.customer[chosen], self.month[chosen], self.days[chosen], self.first[chosen], self.last[chosen],
            self.net[chosen],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Months:
    """The calendar: `first_day` and `begins` (microseconds) of each month from `earliest` to the one after the last."""

    earliest: int
    first_day: Ints
    begins: Ints

    @property
    def last(self) -> int:
        """The latest month that is over."""
        return self.earliest + len(self.first_day) - 2


def base_gap(bought: Purchases, unknown: float) -> float:
    """Typical days from one order day to the next over everybody; `unknown` where nobody ever came back."""
    spans, repeats = _spans(bought)
    return float(spans.sum() / repeats.sum()) if repeats.sum() else unknown


def _spans(bought: Purchases) -> tuple[Ints, Ints]:
    ordered = bought.where(np.flatnonzero(bought.days > 0))
    edges = np.flatnonzero(np.r_[True, ordered.customer[1:] != ordered.customer[:-1]])
    ends = np.r_[edges[1:], len(ordered.customer)] - 1
    if not len(ordered.customer):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return ordered.last[ends] - ordered.first[edges], np.add.reduceat(ordered.days, edges) - 1


def lives(bought: Purchases, months: Months, rules: StageRules, gap: float) -> Lives:
    """The life of everybody who ordered in a month that is over.

    Args:
        gap: expected days to the next order of somebody of whom nothing is known (`base_gap`).
    """
    bought = bought.where(np.flatnonzero((bought.month <= months.last) & (bought.month >= months.earliest)))
    customers, began, day_one = _beginnings(bought)
    length = months.last + 1 - began
    first = np.r_[0, np.cumsum(length)]
    life = np.searchsorted(customers, bought.customer)
    inside = np.flatnonzero((life < len(customers)) & np.isin(bought.customer, customers))
    inside = inside[bought.month[inside] >= began[life[inside]]]
    spot = first[life[inside]] + bought.month[inside] - began[life[inside]]
    place = np.arange(first[-1]) - np.repeat(first[:-1], length)
    month = np.repeat(began, length) + place
    days, net, latest = np.zeros(first[-1], np.int64), np.zeros(first[-1]), np.zeros(first[-1], np.int64)
    days[spot], net[spot] = bought.days[inside], bought.net[inside]
    latest[spot] = np.where(bought.days[inside] > 0, bought.last[inside], 0)
    # Days only grow along a life, and every life begins with an order, so no life sees the one before it.
    owner = np.repeat(np.arange(len(customers)), length)
    latest = np.maximum.accumulate(latest + owner * _FAR) - owner * _FAR
    so_far = np.cumsum(days)
    so_far -= np.repeat(so_far[first[:-1]] - days[first[:-1]], length)
    end = months.first_day[month + 1 - months.earliest]
    state = _stage(end, np.repeat(day_one, length), latest, so_far, rules, gap)
    state[place == 0] = _NEW  # whoever has just come is new, whatever day of the month it was
    nothing = np.zeros(first[-1])
    seen = sorted(set(np.unique(state).tolist()) - {_LOST})
    number = np.full(len(STAGES) + 1, len(seen), np.int64)
    number[seen] = np.arange(len(seen))
    return cut(Lives(
        customers=customers, first=first, begins=months.begins[month - months.earliest], state=number[state],
        over=np.ones(first[-1], np.bool_), paid=net, more=nothing, held=nothing, present=number[state[first[1:] - 1]],
        states=tuple(STAGES[i] for i in seen), end=END,
    ))  # fmt: skip


_FAR = 1 << 20  # days, later than any


def _beginnings(bought: Purchases) -> tuple[Ints, Ints, Ints]:
    """Customers who ordered, the month of their first order, and its day."""
    ordered = np.flatnonzero(bought.days > 0)
    customers, at = np.unique(bought.customer[ordered], return_index=True)
    return customers, bought.month[ordered[at]], bought.first[ordered[at]]


def _stage(end: Ints, day_one: Ints, latest: Ints, days: Ints, rules: StageRules, gap: float) -> Ints:
    since, expected = end - latest, (latest - day_one + _BASE_GAPS * gap) / (days - 1 + _BASE_GAPS)
    return np.select(
        [end - day_one < rules.new_days, since >= float(rules.lost) * expected,
         since >= float(rules.lapsed) * expected, since >= float(rules.at_risk) * expected,
         days >= rules.loyal_orders],
        [_NEW, _LOST, _LAPSED, _AT_RISK, _LOYAL], _ACTIVE,
    ).astype(np.int64)  # fmt: skip
