"""Cohorts: customers by the month of their first order, and the share of them who ordered in each month after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenure.insights.table import Cell, Column, Report
from tenure.insights.words import Words

FORMULA = "customers of the cohort who ordered in the month ÷ customers of the cohort"
_AGES = (1, 3, 6, 12)
_WHEN = {1: "ordered in the month after", 3: "in the third", 6: "in the sixth", 12: "in the twelfth"}
_SWOLLEN = 3  # a first cohort this many times the next holds people who were customers before the records began


@dataclass(frozen=True, slots=True)
class Cohort:
    """One month's first-time buyers.

    Attributes:
        month_no: the month of their first order.
        size: how many they are.
        active: how many of them ordered in each month since, the first (all of them) included.
        whole: how many of those months were over at the moment of the report; the one still running is not.
    """

    month_no: int
    size: int
    active: tuple[int, ...]
    whole: int

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the cohort that ordered, by months since the first order."""
        return tuple(count / self.size for count in self.active)


def triangle(counts: Iterable[tuple[int, int, int]], last_month: int, last_is_whole: bool) -> list[Cohort]:
    """The cohort triangle.

    Args:
        counts: (cohort month, month, customers who ordered), only where anybody did.
        last_month: the latest month that has begun at the moment of the report.
        last_is_whole: whether that month is over.

    Returns:
        One cohort per month with first-time buyers, oldest first; a month in which nobody ordered counts 0.
    """
    found: dict[int, dict[int, int]] = {}
    for cohort_month, month_no, customers in counts:
        found.setdefault(cohort_month, {})[month_no] = customers
    end = last_month if last_is_whole else last_month - 1
    return [
        Cohort(
            month_no=first,
            size=months[first],
            active=tuple(months.get(m, 0) for m in range(first, last_month + 1)),
            whole=max(0, end - first + 1),
        )
        for first, months in sorted(found.items())
    ]


def average_share(cohorts: Iterable[Cohort], age: int) -> float | None:
    """Share of all cohorts' customers who ordered `age` months after their first, over months that are over."""
    seen = [c for c in cohorts if age < c.whole]
    size = sum(c.size for c in seen)
    return sum(c.active[age] for c in seen) / size if size else None


def cohorts_report(cohorts: list[Cohort], as_of: str, words: Words) -> Report:
    """The triangle as a table: one row per cohort, one column per month of age."""
    ages = max((len(c.active) for c in cohorts), default=0)
    return Report(
        kind="cohorts",
        title="Cohorts by month of first order",
        as_of=as_of,
        columns=(
            Column("cohort", "First order", "month"), Column("customers", "Customers", "count"),
            *(Column(f"m{age}", f"{age}", "share", _about(age)) for age in range(1, ages)),
            Column("months_whole", "Months over", "count", "months that were over, the first included"),
        ),
        rows=tuple(_row(c, ages) for c in cohorts),
        sentences=tuple(_sentences(cohorts, words)),
        formula=FORMULA,
        figures={f"share_m{age}": average_share(_newcomers(cohorts), age) for age in _AGES},
        rows_name="cohorts",
        currency=words.currency,
    )  # fmt: skip


def _about(age: int) -> str:
    return "share that ordered in the month after the first" if age == 1 else f"share that ordered {age} months later"


def _row(cohort: Cohort, ages: int) -> tuple[Cell, ...]:
    later = cohort.shares[1:]
    return (cohort.month_no, cohort.size, *later, *[None] * (ages - 1 - len(later)), cohort.whole)


def _newcomers(cohorts: list[Cohort]) -> list[Cohort]:
    """The cohorts without the first where it holds people who were customers before the records began."""
    is_swollen = len(cohorts) > 1 and cohorts[0].size > _SWOLLEN * cohorts[1].size
    return cohorts[1:] if is_swollen else cohorts


def _sentences(cohorts: list[Cohort], words: Words) -> list[str]:
    if not cohorts:
        return ["Nobody has ordered yet."]
    newcomers = _newcomers(cohorts)
    shares = [(age, average_share(newcomers, age)) for age in _AGES]
    told = [f"{words.share(share)} {_WHEN[age]}" for age, share in shares if share is not None]
    said = [f"Of first-time buyers, {_listed(told)}."] if told else ["No month after a first order is over yet."]
    if newcomers is not cohorts:
        said.append(
            f"{words.month(cohorts[0].month_no)} holds everyone who was a customer before the records begin; "
            "it is left out of these shares."
        )
    if any(c.whole < len(c.active) for c in cohorts):
        said.append("The last month is still running: its shares are marked and can only grow.")
    return said


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
