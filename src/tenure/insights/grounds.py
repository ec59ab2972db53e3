"""What a business's customers did, made into the evidence from which a chain is fitted: of everybody, and of any group.

A group is a choice of lives: it has its own moves, first states, new customers and cost of winning them. Prices and
what serving costs are the whole business's, for they belong to the state and not to where somebody came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tenure.insights.lives import Counts, Flags, Floats, Ints, Lives, count, spent
from tenure.insights.rates import Evidence, Mean
from tenure.insights.spells import ADDON, TRIAL
from tenure.insights.winning import Won


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of serving in minor units: one entry for each cost of a customer, and sums by the state they stand for."""

    customer: Ints
    at: Ints
    amount: Floats
    booked: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Time:
    """Which time is counted, moments in microseconds.

    Attributes:
        since: months that began before it are not counted.
        recent: new customers by the month are those who began at it or after it …
        months: … in so many months.
    """

    since: int
    recent: int
    months: float


def of_contracts(lives: Lives, costs: Costs, won: Won, margin: float, time: Time) -> Evidence:
    """The evidence of a business with plans; a plan costs what those who hold it pay at the moment."""
    counts = count(lives, time.since)
    plans = [s.partition("+")[0] for s in lives.states]
    priced = tuple(dict.fromkeys(p for p in plans if p not in (TRIAL, ADDON)))
    with_addon = np.array([s == ADDON or s.endswith(f"+{ADDON}") for s in lives.states])
    units = np.array([[float(plan == name) for name in priced] for plan in plans]).reshape(len(plans), len(priced))
    price = tuple(Mean(_price(counts, np.array([p == name for p in plans]))) for name in priced)
    if with_addon.any():
        held = np.where(counts.current[2] > 0, _each(counts.current[2], counts.current[3]),
                        _each(counts.held, counts.months))  # fmt: skip
        more, many = counts.current[1].sum() or counts.more.sum(), counts.current[2].sum() or counts.held.sum()
        units = np.c_[units, np.where(with_addon, held, 0.0)]
        price, priced = (*price, Mean(float(more / many) if many else 0.0)), (*priced, ADDON)
    return Evidence(
        states=lives.states, end=lives.end, counts=counts, priced=priced, units=units, price=price,
        serve=_serve(lives, counts, costs, time), margin=margin, acquisition=winning(won, won.new),
        arrived=int((lives.starts >= time.recent).sum()), months=time.months,
    )  # fmt: skip


def of_orders(lives: Lives, costs: Costs, won: Won, margin: float, time: Time) -> Evidence:
    """The evidence of a shop: a month in a stage brings what it brought on average."""
    counts = count(lives, time.since)
    price = tuple(
        Mean.of(float(a), float(b), float(n))
        for a, b, n in zip(counts.paid, counts.paid_squares, counts.months, strict=True)
    )
    return Evidence(
        states=lives.states, end=lives.end, counts=counts, priced=lives.states, units=np.eye(len(lives.states)),
        price=price, serve=_serve(lives, counts, costs, time), margin=margin, acquisition=winning(won, won.new),
        arrived=int((lives.starts >= time.recent).sum()), months=time.months, bought="spend",
    )  # fmt: skip


def part(whole: Evidence, lives: Lives, won: Won, time: Time, chosen: Flags) -> Evidence:
    """The evidence of some of the lives."""
    group = lives.of(chosen)
    return replace(
        whole, counts=count(group, time.since), acquisition=winning(won, won.new & chosen),
        arrived=int((group.starts >= time.recent).sum()),
    )  # fmt: skip


def winning(won: Won, chosen: Flags) -> Mean:
    """What winning one of some new customers cost on average."""
    costs = won.cost[chosen]
    return Mean.of(float(costs.sum()), float((costs**2).sum()), len(costs))


def _price(counts: Counts, of_plan: Flags) -> float:
    """What a month of a plan costs those who hold it, else what it cost those who did."""
    running = counts.current[3][of_plan].sum()
    if running:
        return float(counts.current[0][of_plan].sum() / running)
    months = counts.months[of_plan].sum()
    return float(counts.paid[of_plan].sum() / months) if months else 0.0


def _serve(lives: Lives, counts: Counts, costs: Costs, time: Time) -> tuple[Mean, ...]:
    """What serving costs in a month of each state; what was booked to a state or plan is spread over its months."""
    each = spent(lives, costs.customer, costs.at, costs.amount)
    size = len(lives.states)
    chosen = (lives.begins >= time.since) & lives.over & (lives.state < size)
    total = np.bincount(lives.state[chosen], each[chosen], minlength=size)
    squares = np.bincount(lives.state[chosen], each[chosen] ** 2, minlength=size)
    # Half of the months that run are over on average, and their costs are booked already.
    exposed = counts.months + counts.current[3] / 2
    more = np.zeros(size)
    for segment, amount in costs.booked.items():
        there = np.array([s == segment or s.partition("+")[0] == segment for s in lives.states])
        if months := float(exposed[there].sum()):
            more[there] += amount / months
    own = [Mean.of(float(t), float(q), float(n)) for t, q, n in zip(total, squares, counts.months, strict=True)]
    return tuple(Mean(m.value + float(b), m.error) for m, b in zip(own, more, strict=True))


def _each(total: Floats, n: Floats | Ints) -> Floats:
    return np.asarray(total / np.maximum(n, 1), np.float64)
