"""Reports: asks the relations of `insights` for counts and hands them to the engine that makes a report of them.

Every report is as of a moment and looks at nothing later. Retention and recurring revenue are told over a period; all
others stand at the moment itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tenure.domain.business import Business
from tenure.domain.errors import UsageError, nearest
from tenure.domain.moments import AsOf, as_of, date_of, day_number, day_of, from_micros, month_of, start_of_day
from tenure.domain.money import minor_per_unit
from tenure.insights import campaigns, cohorts, economics, funnel, retention, revenue, today
from tenure.insights.campaigns import Measured, Sendings
from tenure.insights.group import Group
from tenure.insights.keeping import Keeping, in_order_of_investment
from tenure.insights.retention import Retention
from tenure.insights.table import Report
from tenure.insights.words import Words, month_day
from tenure.ports import Query

_MONTHS = 12  # rows of the retention report when its period holds fewer than `_FEW` whole months
_FEW = 3
_AMOUNTS = ("profit_effect", "profit_low", "profit_high", "discount", "wasted", "wasted_low", "wasted_high")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: of whom, about which business, over which period, as of when."""

    query: Query
    business: Business
    as_of: AsOf
    from_: AsOf
    to: AsOf

    def rows(self, relation: str, **values: int) -> list[dict[str, Any]]:
        """The rows of a relation as of the moment, or as of an earlier one given as `as_of`."""
        rows: list[dict[str, Any]] = self.query.query(relation, {"as_of": self.as_of.at, **values}).to_pylist()
        return rows

    @property
    def words(self) -> Words:
        """How the business writes numbers."""
        return Words.of(self.business)

    def midnight(self, day: int) -> AsOf:
        """The first instant of a day on the business's calendar."""
        return as_of(start_of_day(date_of(day), self.business.timezone), self.business.timezone)

    @property
    def last_month(self) -> tuple[int, bool]:
        """The latest month that has begun before the moment, and whether it is over."""
        first = _first_day(month_of(self.as_of.day))
        at_start = self.as_of.at <= self.midnight(first).at
        return (month_of(self.as_of.day) - 1, True) if at_start else (month_of(self.as_of.day), False)


def report(
    kind: str, query: Query, business: Business, as_of: AsOf, from_: AsOf | None = None, to: AsOf | None = None
) -> Report:
    """One report as of a moment.

    Args:
        kind: one of `KINDS`.
        query: where the counts come from: the warehouse, or what was last published.
        business: its settings.
        as_of: facts at or after it do not exist.
        from_, to: the period; it ends at `as_of` and is as long as the business's retention window, if not given.

    Raises:
        UsageError: there is no such report, or the period is empty or reaches past `as_of`.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no report `{kind}`", nearest(kind, [*KINDS, "models"]))
    return KINDS[kind](question(query, business, as_of, from_, to))


def question(
    query: Query, business: Business, moment: AsOf, from_: AsOf | None = None, to: AsOf | None = None
) -> Asked:
    """The question with its period made whole."""
    end = to or moment
    if end.at > moment.at:
        raise UsageError(f"the period ends at {end}, after the moment of the report, {moment}", "Give a later --as-of.")
    instant = Asked(query, business, moment, end, end)
    start = from_ or instant.midnight(end.day - business.retention_window_days)
    if start.at >= end.at:
        raise UsageError(f"the period from {start} to {end} is empty", "--from must be before --to.")
    return Asked(query, business, moment, start, end)


def retained(asked: Asked, from_: AsOf, to: AsOf) -> Retention:
    """The customers of two moments, counted."""
    (row,) = asked.rows(
        "retention", as_of=to.at, from_at=from_.at, from_day=from_.day, to_at=to.at, to_day=to.day,
        window_days=asked.business.retention_window_days,
    )  # fmt: skip
    return Retention(from_, to, row["customers_start"], row["customers_end"], row["first_time"], row["returned"])


def _retention(asked: Asked) -> Report:
    whole = retained(asked, asked.from_, asked.to)
    bounds = _month_starts(asked)
    months = [retained(asked, a, b) for a, b in pairwise(bounds)]
    (totals,) = asked.rows("repeats", as_of=asked.to.at, loyal_orders=1)
    first = totals["earliest_at"]
    begins = day_of(from_micros(first), asked.business.timezone) if first is not None else None
    return retention.retention_report(whole, months, asked.business.retention_window_days, begins, asked.words)


def _month_starts(asked: Asked) -> list[AsOf]:
    """First instants of the months whose span lies within the period, or of the year before its end."""
    last = month_of(asked.to.day)
    first = month_of(asked.from_.day)
    if _first_day(first) < asked.from_.day:
        first += 1
    if last - first < _FEW:
        first = last - _MONTHS
    return [asked.midnight(_first_day(n)) for n in range(first, last + 1)]


def _cohorts(asked: Asked) -> Report:
    counts = [(r["cohort_month"], r["month_no"], r["customers"]) for r in asked.rows("cohorts")]
    return cohorts.cohorts_report(
        cohorts.triangle(counts, *asked.last_month), asked.words.when(asked.as_of), asked.words
    )


def _revenue(asked: Asked) -> Report:
    months = [revenue.Month(**r) for r in asked.rows("revenue")]
    (row,) = asked.rows("recurring", as_of=asked.to.at, from_at=asked.from_.at, to_at=asked.to.at)
    return revenue.revenue_report(
        months, revenue.Recurring(**row), asked.words.when(asked.as_of), *asked.last_month, words=asked.words
    )


def _funnel(asked: Asked) -> Report:
    loyal = asked.business.stages.loyal_orders
    (row,) = asked.rows("repeats", loyal_orders=loyal)
    steps = funnel.Steps(row["known"], row["buyers"], row["repeaters"], row["loyal"], row["orders"])
    return funnel.funnel_report(steps, loyal, asked.words.when(asked.as_of), asked.words)


def _stages(asked: Asked) -> Report:
    groups, moment = _groups(asked, "stages", "stage")
    return economics.stages_report(economics.in_order_of_life(groups), moment, asked.words)


def _economics(asked: Asked) -> Report:
    groups, moment = _groups(asked, "stages", "stage")
    tenths, _ = _groups(asked, "value_tenths", "tenth")
    tenths.sort(key=lambda g: int(g.name))
    return economics.economics_report(
        economics.in_order_of_life(groups), tenths, _keeping(asked), moment, asked.words
    )  # fmt: skip


def _keeping(asked: Asked) -> Keeping:
    rules, unit = asked.business.value, minor_per_unit(asked.business.currency)
    lift = Fraction(rules.retention_lift).limit_denominator(10_000)
    rows = asked.rows(
        "investments", minor_per_unit=unit, cost_minor=round(rules.retention_cost * unit), lift_num=lift.numerator,
        lift_den=lift.denominator,
    )  # fmt: skip
    booked = [
        Group(r["segment"], 0, 0, 0, r["amount"], 0, -r["amount"]) for r in asked.rows("segment_costs") if r["amount"]
    ]
    return Keeping(
        in_order_of_investment([_group(r, "investment") for r in rows]), sum(r["leaving_micro"] for r in rows),
        sum(r["acceptable_micro"] for r in rows), sum(r["at_stake"] for r in rows),
        sorted(booked, key=lambda group: -group.cost_to_serve),
    )  # fmt: skip


def _groups(asked: Asked, relation: str, name: str) -> tuple[list[Group], str]:
    """The groups of the published profiles, and the moment of those profiles, which may be before the report's."""
    rows = asked.rows(relation, minor_per_unit=minor_per_unit(asked.business.currency))
    return [_group(r, name) for r in rows], _moment(rows, asked)


def _group(row: dict[str, Any], name: str) -> Group:
    return Group(
        str(row[name]), row["customers"], row["revenue"], row["margin"], row["cost_to_serve"], row["contact_cost"],
        row["profit"], row["clv"],
    )  # fmt: skip


def _campaigns(asked: Asked) -> Report:
    arms = [(r["campaign"], r["arm"], r["people"]) for r in asked.rows("arms")]
    sendings = {r.pop("campaign"): Sendings(**r) for r in asked.rows("contacted")}
    measured = {
        r["campaign"]: Measured(
            r["treated"], r["control"], r["treated_rate"], r["control_rate"], r["effect"], r["effect_low"],
            r["effect_high"], r["alarm"] or "", r["variance_ratio"], r["believed"], r["learned"], r["people_needed"],
            r["weeks_needed"], *(_minor(r[name], asked) for name in _AMOUNTS),
        )
        for r in asked.rows("measured")
    }  # fmt: skip
    return campaigns.campaigns_report(
        campaigns.results(arms, sendings, measured), asked.words.when(asked.as_of), asked.words
    )


def _minor(units: float | None, asked: Asked) -> int | None:
    return None if units is None else round(units * minor_per_unit(asked.business.currency))


def chosen(asked: Asked) -> Report:
    """What the latest run chose to say."""
    rows = asked.rows("chosen")
    return today.chosen_report(
        [(r["campaign"], r["customers"], r["worth_micro"]) for r in rows], _moment(rows, asked),
        minor_per_unit(asked.business.currency), asked.words,
    )  # fmt: skip


def refused(asked: Asked) -> Report:
    """Why the latest run kept silent."""
    rows = asked.rows("refused")
    return today.refused_report(
        [(r["campaign"], r["rule"], r["customers"]) for r in rows], _moment(rows, asked), asked.words
    )


def _moment(rows: list[dict[str, Any]], asked: Asked) -> str:
    """The moment at which rows were computed, which may be before the report's."""
    moments: list[datetime] = [r["as_of"] for r in rows]
    if not moments:
        return asked.words.when(asked.as_of)
    return asked.words.when(as_of(max(moments).replace(tzinfo=UTC), asked.business.timezone))


def _first_day(month_no: int) -> int:
    """Day number of the first day of a month."""
    return day_number(month_day(month_no))


KINDS: dict[str, Callable[[Asked], Report]] = {
    "retention": _retention,
    "cohorts": _cohorts,
    "revenue": _revenue,
    "funnel": _funnel,
    "stages": _stages,
    "economics": _economics,
    "campaigns": _campaigns,
}
