"""Retention by the formula every textbook prints: ((end − new) ÷ start), and churn as what is missing to one.

A customer at a moment is someone who ordered within the business's window of days before it, or holds a live contract
at it. `start` counts the customers at the beginning, `end` those at the end, `new` those at the end who were none at
the beginning; so the rate is exactly the share of the beginning's customers who are still there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tenure.domain.errors import UsageError
from tenure.domain.moments import AsOf, month_of
from tenure.insights.table import Cell, Column, Report, axis_chart
from tenure.insights.words import Words

FORMULA = "(end − new) ÷ start"


class ImpossibleCountError(UsageError, ValueError):
    """Counts that no business can have."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Customers kept, won and lost between two moments.

    Attributes:
        first_time: of the new, those who had never bought before.
        returned: of the new, those who had been customers once and came back.
    """

    from_: AsOf
    to: AsOf
    start: int
    end: int
    first_time: int
    returned: int

    @property
    def new(self) -> int:
        """Customers at the end who were none at the start."""
        return self.first_time + self.returned

    @property
    def kept(self) -> int:
        """Customers of the start who are still customers at the end."""
        return self.end - self.new

    @property
    def rate(self) -> float | None:
        """The retention rate, or None when nobody was there to be kept."""
        return retention_rate(self.start, self.new, self.end) if self.start else None

    @property
    def churn(self) -> float | None:
        """What is missing to one, reckoned from the counts so that both printed figures add up."""
        return (self.start - self.kept) / self.start if self.start else None


def retention_rate(start: float, new: float, end: float) -> float:
    """The share of the customers at the start who are still customers at the end.

    Args:
        start: customers at the start of the period; at least 1.
        new: customers at the end who were none at the start.
        end: customers at the end, the new ones among them.

    Returns:
        (end − new) ÷ start, between 0 and 1: 0.6 for 1,000, 200 and 800.

    Raises:
        ImpossibleCountError: a count is negative or no number, nobody was there at the start, more are new than are
            there at the end, or more were kept than were there.
    """
    for name, value in (("start", start), ("new", new), ("end", end)):
        if not math.isfinite(value) or value < 0:
            raise ImpossibleCountError(f"`{name}` is {value} and must be a count of customers")
    if start == 0:
        raise ImpossibleCountError(
            "`start` is 0, and a share of nobody has no value", "Begin when there were customers."
        )
    if new > end:
        raise ImpossibleCountError(f"`new` is {new:g} and `end` is {end:g}, but the new are among those at the end")
    if end - new > start:
        raise ImpossibleCountError(
            f"{end - new:g} were kept of {start:g}, which is more than there were",
            "Count as new everyone at the end who was no customer at the start.",
        )
    return (end - new) / start


def retention_report(
    whole: Retention, months: Sequence[Retention], window_days: int, begins: int | None, words: Words
) -> Report:
    """The report on a period, with a row for each whole month of it or, for a short one, of the year before its end.

    Args:
        begins: day number of the first order; until a window of days after it nobody can be seen to lapse, so such
            months have no row, and such a period says so. None without orders.
    """
    told = [m for m in months if m.start and not _is_too_early(m, window_days, begins)]
    said = sentences(whole, window_days, words)
    if whole.start and _is_too_early(whole, window_days, begins):
        said.insert(
            1, f"The records begin on {words.day(begins)}: nobody who ordered since could be seen to lapse yet."
        )
    return Report(
        kind="retention",
        title=f"Retention from {words.moment(whole.from_)} to {words.moment(whole.to)}",
        as_of=words.when(whole.to),
        columns=_COLUMNS,
        rows=tuple(_row(month, words) for month in told),
        sentences=tuple(said),
        formula=_formula(whole, words),
        chart=axis_chart(
            "line", [_name(m, words) for m in told], {"Retention rate": [m.rate for m in told]}, "share"
        ) if told else None,
        figures=figures(whole, window_days, words),
        rows_name="months",
        currency=words.currency,
    )  # fmt: skip


def figures(retention: Retention, window_days: int, words: Words) -> dict[str, Cell]:
    """The figures by the names machines know."""
    return {
        "from": words.when(retention.from_), "to": words.when(retention.to),
        "start": retention.start, "new": retention.new,
        "first_time": retention.first_time, "returned": retention.returned, "end": retention.end,
        "retention_rate": retention.rate, "churn_rate": retention.churn, "window_days": window_days,
    }  # fmt: skip


def sentences(retention: Retention, window_days: int, words: Words) -> list[str]:
    """What happened between the two moments, in words."""
    rule = (f"A customer is someone who ordered in the {words.count(window_days)} days before the moment, "
            "or holds a live contract.")  # fmt: skip
    if not retention.start:
        return [
            f"There were no customers on {words.moment(retention.from_)}, so nobody could be kept or lost; "
            f"{words.count(retention.end)} are there on {words.moment(retention.to)}.",
            rule,
        ]
    return [
        f"Of {words.count(retention.start)} customers on {words.moment(retention.from_)}, "
        f"{words.count(retention.kept)} were still customers on {words.moment(retention.to)}: "
        f"retention {words.share(retention.rate)}, churn {words.share(retention.churn)}.",
        f"{words.count(retention.new)} new customers came: {words.count(retention.first_time)} for the first time, "
        f"{words.count(retention.returned)} back after a silence; {words.count(retention.end)} at the end.",
        rule,
    ]


def _formula(whole: Retention, words: Words) -> str:
    if not whole.start:
        return FORMULA
    return f"{FORMULA} = ({words.count(whole.end)} − {words.count(whole.new)}) ÷ {words.count(whole.start)}"


def _is_too_early(retention: Retention, window_days: int, begins: int | None) -> bool:
    return begins is not None and retention.to.day - window_days <= begins


def _name(retention: Retention, words: Words) -> str:
    return words.month(month_of(retention.from_.day))


def _row(retention: Retention, words: Words) -> tuple[Cell, ...]:
    return (
        words.when(retention.from_), words.when(retention.to), retention.start, retention.first_time,
        retention.returned, retention.end, retention.rate, retention.churn,
    )  # fmt: skip


_COLUMNS = (
    Column("from", "From"), Column("to", "To"),
    Column("start", "At start", "count", "customers at the beginning of the period"),
    Column("first_time", "First time", "count", "customers at the end who had never been customers before"),
    Column("returned", "Returned", "count", "customers at the end who were none at the start, but once before"),
    Column("end", "At end", "count", "customers at the end of the period"),
    Column("retention_rate", "Retention", "share", FORMULA),
    Column("churn_rate", "Churn", "share", "1 − retention"),
)  # fmt: skip
