"""A report: one table, what it says in sentences, how it is reckoned, and how to draw it.

Rows hold plain values: money in minor units, shares between 0 and 1, months as months since January 1970. Doors decide
how they look (`cell`) and machines get the same values under plain names (`as_json`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tenure.domain.money import minor_per_unit
from tenure.insights.words import NOTHING, Words, month_day

Unit = Literal["text", "count", "share", "points", "money", "number", "month", "flag"]
Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: for machines. `title`: for people. `about`: what hovering over the title explains.
        is_aside: left out where the width of a terminal is all there is.
    """

    name: str
    title: str
    unit: Unit = "text"
    about: str = ""
    is_aside: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        kind: `retention`, `cohorts`, …
        title: what it is about, with its period.
        as_of: the moment as text; nothing later was looked at.
        rows: one tuple per row, as long as `columns`.
        sentences: the figures in words, most important first.
        formula: how the main figure is reckoned, shown beside it.
        chart: an ECharts option as plain values, or None when a table says it better.
        figures: the main figures by name, for machines and for tiles; amounts among them are in units, not minor.
        rows_name: what machines call the list of rows.
    """

    kind: str
    title: str
    as_of: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sentences: tuple[str, ...] = ()
    formula: str = ""
    chart: dict[str, Any] | None = None
    figures: Mapping[str, Cell] = field(default_factory=dict)
    rows_name: str = "rows"
    currency: str = "USD"

    def as_json(self) -> dict[str, Any]:
        """The report for machines: the main figures by name, then the rows, money in units of the currency."""
        return {
            **self.figures,
            "as_of": self.as_of,
            "currency": self.currency,
            "formula": self.formula,
            self.rows_name: [
                {c.name: plain(value, c.unit, self.currency) for c, value in zip(self.columns, row, strict=True)}
                for row in self.rows
            ],
        }


def plain(value: Cell, unit: Unit, currency: str) -> Cell:
    """A value for machines: money in units, a month as 2011-09, everything else as it is."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if unit == "money":
        return value / minor_per_unit(currency)
    if unit == "month":
        return month_day(int(value)).strftime("%Y-%m")
    return value


def cell(value: Cell, unit: Unit, words: Words) -> str:
    """A value as people of the business write it."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    match unit:
        case "share":
            return words.share(float(value))
        case "points":
            return words.points(float(value))
        case "money":
            return words.money(int(value))
        case "month":
            return words.month(int(value))
        case "number":
            return words.number(float(value), 2)
        case "flag":
            return "yes" if value else "no"
        case _:
            return words.count(int(value))


def share_of(part: int, whole: int) -> float | None:
    """part ÷ whole, or None when there is no whole."""
    return part / whole if whole else None


def axis_chart(
    kind: Literal["line", "bar"], labels: Sequence[str], series: Mapping[str, Sequence[float | int | None]], unit: Unit,
    *, stacked: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """An ECharts option for lines or bars over named places; colours and number formats are the page's."""
    return {
        "unit": unit,
        "xAxis": {"type": "category", "data": list(labels)},
        "yAxis": {"type": "value"},
        "series": [
            {"name": name, "type": kind, "data": list(values), **({"stack": "all"} if stacked else {})}
            for name, values in series.items()
        ],
    }
