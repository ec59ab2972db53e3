"""What-if: asks the relations of `insights` for contracts or orders, costs and origins, and lets the chain answer.

A business with contracts is told by its plans, one without by the stages of its buyers. Nothing at or after the moment
of the question is looked at, and what happened before `since` counts no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf, as_of, date_of, day_number, month_of, start_of_day
from tenure.domain.money import minor_per_unit
from tenure.insights import grounds, spells, stages
from tenure.insights.grounds import Costs, Time
from tenure.insights.lives import Lives
from tenure.insights.rates import Evidence
from tenure.insights.spells import FOR_EVER, MONTH
from tenure.insights.whatif import Answer, Ask, answer
from tenure.insights.winning import UNKNOWN, Arrivals, Won, won
from tenure.insights.words import month_day
from tenure.ports import Query

Of = Literal["contracts", "orders"]
By = Literal["acquisition_channel", "country"]
_RECENT = 12 * MONTH  # new customers by the month are counted over the last year
_STALE = 45 * 86_400_000_000
_GROUPS = 12


@dataclass(frozen=True, slots=True)
class Told:
    """The answer, with what one must know to read it.

    Attributes:
        as_of: the moment of the question.
        of: whether it stands on contracts or on orders.
        lives: how many customers it stands on, and how many of them came back after their end.
        known: new customers whose own cost of acquisition is recorded, of so many.
        is_recorded: whether any cost of acquisition is recorded.
        unread: contracts of a period that is not known, left out.
        homeless: costs booked to segments that are no state, channel or plan, in minor units.
        stale: the latest moment at which anything was recorded, where that is long before the question.
    """

    answer: Answer
    as_of: AsOf
    of: Of
    lives: int
    returned: int
    known: int
    new: int
    is_recorded: bool
    unread: int = 0
    homeless: float = 0.0
    stale: AsOf | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    query: Query
    business: Business
    as_of: AsOf

    def columns(self, relation: str, **values: int) -> dict[str, Any]:
        """Every column of a relation as a numpy array, NULL numbers as NaN."""
        table = self.query.query(relation, {"as_of": self.as_of.at, **values})
        return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}

    def midnight(self, day: int) -> int:
        return as_of(start_of_day(date_of(day), self.business.timezone), self.business.timezone).at


def whatif(
    query: Query, business: Business, moment: AsOf, ask: Ask, *, by: By | None = None, since: AsOf | None = None,
    of: Of | None = None,
) -> Told:  # fmt: skip
    """Answer one question as of a moment.

    Args:
        by: tell the groups of this column too.
        since: months that began before it are not counted; if not given, all are of contracts and, of orders, those
            after the first retention window.
        of: contracts or orders; contracts if there are any.

    Raises:
        TenureError: nothing was recorded, or no month of anybody is over.
        UsageError: a change names no lever, or would make something impossible.
    """
    asked = _Asked(query, business, moment)
    terms = asked.columns("contract_terms") if of != "orders" else {"plan": ()}
    if of != "orders" and len(terms["plan"]):
        return _of_contracts(asked, ask, terms, by, since)
    if of == "contracts":
        raise TenureError(f"there is no contract before {moment}", "Import subscriptions, or leave --of away.")
    return _of_orders(asked, ask, by, since)


def _of_contracts(asked: _Asked, ask: Ask, rows: dict[str, Any], by: By | None, since: AsOf | None) -> Told:
    read = ~np.isnan(rows["yearly"].astype(np.float64))
    if not read.any():
        raise TenureError("no contract has a period that is known", "Write month, year or a duration such as P3M.")
    columns = {name: values[read] for name, values in rows.items()}
    lives = spells.lives(_terms(columns), asked.as_of.at)
    told = _tell(asked, ask, lives, since.at if since else 0, by, "contracts")
    latest = int(columns["written_at"].max())
    stale = latest < asked.as_of.at - _STALE
    at = as_of(AsOf(latest, 0).moment, asked.business.timezone) if stale else None
    return replace(told, unread=int((~read).sum()), stale=at)


def _terms(columns: dict[str, Any]) -> spells.Terms:
    names = {plan: spells.name_of(plan) for plan in set(columns["plan"].tolist())}
    plans = tuple(sorted(set(names.values())))
    number = {plan: plans.index(name) for plan, name in names.items()}
    return spells.Terms(
        customer=columns["customer_key"].astype(np.int64),
        plan=np.array([number[plan] for plan in columns["plan"].tolist()]),
        plans=plans,
        monthly=columns["yearly"].astype(np.float64) / 72,
        begun=columns["begun_at"].astype(np.int64),
        ended=_moments(columns["ended_at"], FOR_EVER),
        trial=_moments(columns["trial_until"], 0),
    )


def _moments(values: Any, missing: int) -> Any:
    """Moments as integers; NULLs make an Arrow column floats, which hold microseconds exactly until the year 2255."""
    numbers = values.astype(np.float64)
    return np.where(np.isnan(numbers), missing, np.nan_to_num(numbers)).astype(np.int64)


def _of_orders(asked: _Asked, ask: Ask, by: By | None, since: AsOf | None) -> Told:
    rows = asked.columns("order_months")
    order = np.lexsort((rows["month_no"], rows["customer_key"]))
    bought = stages.Purchases(
        customer=rows["customer_key"][order].astype(np.int64), month=rows["month_no"][order].astype(np.int64),
        days=rows["order_days"][order].astype(np.int64), first=_moments(rows["first_day"][order], 0),
        last=_moments(rows["last_day"][order], 0), net=rows["net"][order].astype(np.float64),
    )  # fmt: skip
    ordered = bought.month[bought.days > 0]
    last = month_of(asked.as_of.day) - 1
    if not len(ordered) or ordered.min() >= last:
        raise TenureError(
            f"no contract is counted, and fewer than two whole months with orders lie before {asked.as_of}",
            "Import orders or subscriptions, or ask as of a later moment.",
        )
    months = _months(asked, int(ordered.min()), last)
    rules = asked.business.stages
    gap = stages.base_gap(bought, float(asked.business.retention_window_days))
    lives = stages.lives(bought, months, rules, gap)
    # Who orders soon after the records begin may have been a customer long before.
    quiet = int(months.begins[0]) + asked.business.retention_window_days * 86_400_000_000
    later = months.begins[:-1][months.begins[:-1] >= quiet]
    usual = int(later[0]) if len(later) and (lives.starts >= later[0]).any() else int(months.begins[0])
    return _tell(asked, ask, lives, since.at if since else usual, by, "orders")


def _months(asked: _Asked, earliest: int, last: int) -> stages.Months:
    days = [day_number(month_day(number)) for number in range(earliest, last + 2)]
    return stages.Months(earliest, np.array(days), np.array([asked.midnight(day) for day in days]))


def _tell(asked: _Asked, ask: Ask, lives: Lives, since: int, by: By | None, of: Of) -> Told:
    begun = max(since, int(lives.starts.min()))
    recent = max(begun, asked.as_of.at - _RECENT)
    time = Time(since, recent, max((asked.as_of.at - recent) / MONTH, 1.0))
    arrivals = _arrivals(asked)
    paid = won(lives, arrivals, *_winning(asked, since), since)
    costs, homeless = _costs(asked, lives, since)
    make = grounds.of_contracts if of == "contracts" else grounds.of_orders
    whole = make(lives, costs, paid, _margin(asked, of), time)
    if not whole.counts.moves.any():
        raise TenureError(
            f"no month of any customer is over before {asked.as_of}, so nothing is known of what follows",
            "Ask as of a later moment, or count from an earlier one with --from.",
        )
    if not whole.counts.entry.any():
        raise TenureError(
            "nobody became a customer in the time that is counted, so nothing is known of how they begin",
            "Count from an earlier moment with --from.",
        )
    groups = _groups(whole, lives, paid, time, arrivals, by) if by else []
    told = answer(whole, ask, groups)
    return Told(
        told, asked.as_of, of, len(lives.customers), lives.returned, paid.known, int(paid.new.sum()), paid.is_recorded,
        homeless=homeless,
    )  # fmt: skip


def _arrivals(asked: _Asked) -> Arrivals:
    rows = asked.columns("arrivals")
    return Arrivals(
        rows["customer_key"].astype(np.int64), _moments(rows["arrived_at"], 0),
        tuple(c or UNKNOWN for c in rows["acquisition_channel"].tolist()),
        tuple(c or UNKNOWN for c in rows["country"].tolist()), rows["acquisition_cost"].astype(np.float64),
    )  # fmt: skip


def _winning(asked: _Asked, since: int) -> tuple[dict[int, float], dict[str, float]]:
    """Costs of the kind `acquisition`: by customer, and by segment."""
    rows = asked.columns("outlays")
    own: dict[int, float] = {}
    for key, wins, amount in zip(rows["customer_key"].tolist(), rows["wins"].tolist(), rows["amount"].tolist(),
                                 strict=True):  # fmt: skip
        if wins:
            own[key] = own.get(key, 0.0) + amount / 1000
    return own, {segment: amount for segment, kind, amount in _booked(asked, since) if kind == "acquisition"}


def _booked(asked: _Asked, since: int) -> list[tuple[str, str, float]]:
    rows = asked.columns("booked_outlays", from_at=since)
    return list(zip(*(rows[name].tolist() for name in ("segment", "kind", "amount")), strict=True))


def _costs(asked: _Asked, lives: Lives, since: int) -> tuple[Costs, float]:
    """Costs of serving, and what was booked to segments that are no state."""
    rows = asked.columns("outlays")
    serves = rows["wins"] == 0
    plans = {*lives.states, *(s.partition("+")[0] for s in lives.states)}
    booked: dict[str, float] = {}
    homeless = 0.0
    for segment, kind, amount in _booked(asked, since):
        name = spells.name_of(segment)
        if kind == "acquisition":
            continue
        if name in plans:
            booked[name] = booked.get(name, 0.0) + amount
        else:
            homeless += amount
    return Costs(
        rows["customer_key"][serves].astype(np.int64), rows["spent_at"][serves].astype(np.int64),
        rows["amount"][serves].astype(np.float64) / 1000, booked,
    ), homeless  # fmt: skip


def _margin(asked: _Asked, of: Of) -> float:
    """The share of revenue that is margin: of a shop by its profiles if there are some, else as the settings say."""
    if of == "orders":
        rows = asked.columns("stages", minor_per_unit=minor_per_unit(asked.business.currency))
        revenue = float(rows["revenue"].sum()) if len(rows["revenue"]) else 0.0
        if revenue > 0:
            return min(float(rows["margin"].sum()) / revenue, 1.0)
    return float(asked.business.margin)


def _groups(
    whole: Evidence, lives: Lives, paid: Won, time: Time, arrivals: Arrivals, by: By
) -> Sequence[tuple[str, Evidence]]:
    """The groups with the most new customers, largest first."""
    labels = np.array(arrivals.labels(by, lives.customers), dtype=object)
    made: Callable[[str], Evidence] = lambda name: grounds.part(whole, lives, paid, time, labels == name)  # noqa: E731
    found = [(name or "not recorded", made(name)) for name in sorted(set(labels.tolist()))]
    known = [(name, group) for name, group in found if group.counts.entry.sum()]
    return sorted(known, key=lambda pair: (-int(pair[1].counts.entry.sum()), pair[0]))[:_GROUPS]
