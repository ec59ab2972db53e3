"""The first page in plain values: tiles, charts and tables, made of the overview's reports and ready to be written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tenure.domain.money import minor_per_unit
from tenure.insights.table import Cell, Report, cell
from tenure.insights.words import NOTHING, Words
from tenure.operations.overview import Overview
from tenure.web.drawing import bar, interval, sparkline

_NO_DRAWING = Markup("")
_SPARK = 12  # months in a sparkline
_STEPS = 9  # steps of the heat map


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its change, what it was made of, and how it is reckoned."""

    name: str
    label: str
    value: str
    note: str
    formula: str
    change: str = ""
    mood: str = "flat"  # good, bad or flat
    spark: Markup = _NO_DRAWING


@dataclass(frozen=True, slots=True)
class Square:
    """One cell of the cohort triangle: its text, its shade from 0 to `_STEPS`, and whether its month still runs."""

    text: str
    shade: int
    running: bool


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One cohort: month, customers, and a square for each later month."""

    month: str
    size: str
    squares: tuple[Square, ...]


def tiles(seen: Overview, words: Words) -> list[Tile]:
    """The figures at the top, money first."""
    return [_revenue(seen, words), _retention(seen, words), _customers(seen, words), _repeats(seen, words),
            _expected(seen, words), _fading(seen, words)]  # fmt: skip


def _revenue(seen: Overview, words: Words) -> Tile:
    report = seen.revenue
    names = [c.name for c in report.columns]
    over = [{n: _whole(v) for n, v in zip(names, row, strict=True)} for row in report.rows if row[-1]]
    if not over:
        return Tile("revenue", "Net revenue", NOTHING, "no whole month yet", report.formula)
    last, before = over[-1], over[-2]["net"] if len(over) > 1 else 0
    change = last["net"] / before - 1 if before > 0 else None
    refunded = f", {words.money(last['refunds'])} refunded" if last["refunds"] else ""
    size = words.share(abs(change)) if change is not None else ""
    moved, mood = _change(change, size, "the month before")
    return Tile(
        "revenue", f"Net revenue, {words.month(last['month'])}", words.money(last["net"]),
        f"{words.count(last['orders'])} orders{refunded}", report.formula, moved, mood,
        sparkline([m["net"] for m in over[-_SPARK:]]),
    )  # fmt: skip


def _retention(seen: Overview, words: Words) -> Tile:
    figures = seen.retention.figures
    rate, earlier = _number(figures["retention_rate"]), seen.before.rate
    change = rate - earlier if rate is not None and earlier is not None else None
    column = [c.name for c in seen.retention.columns].index("retention_rate")
    return Tile(
        "retention", f"Retention over {words.count(_whole(figures['window_days']))} days", words.share(rate),
        f"churn {words.share(_number(figures['churn_rate']))}", seen.retention.formula,
        *_change(change, words.points(change) if change is not None else "", "the period before"),
        sparkline([_number(row[column]) for row in seen.retention.rows[-_SPARK:]]),
    )  # fmt: skip


def _customers(seen: Overview, words: Words) -> Tile:
    f = {name: _whole(seen.retention.figures[name]) for name in ("start", "new", "first_time", "returned", "end")}
    lost = f["start"] - (f["end"] - f["new"])
    days = words.count(_whole(seen.retention.figures["window_days"]))
    return Tile(
        "customers", "Customers now", words.count(f["end"]),
        f"{words.count(f['new'])} came ({words.count(f['returned'])} of them back), {words.count(lost)} left",
        f"ordered in the last {days} days, or under contract; came and left count over the same {days} days",
    )  # fmt: skip


def _repeats(seen: Overview, words: Words) -> Tile:
    figures = seen.funnel.figures
    return Tile(
        "repeats", "Repeat rate", words.share(_number(figures["repeat_rate"])),
        f"{words.count(_whole(figures['repeaters']))} of {words.count(_whole(figures['buyers']))} buyers came again",
        seen.funnel.formula,
    )  # fmt: skip


def _expected(seen: Overview, words: Words) -> Tile:
    figures = seen.chosen.figures
    people = _whole(figures["customers"])
    return Tile(
        "expected", "Expected from today's contacts", words.money(_whole(figures["expected_profit_minor"])),
        f"{words.count(people)} customers to be written to" if people else "silence for everyone today",
        seen.chosen.formula,
    )  # fmt: skip


def _fading(seen: Overview, words: Words) -> Tile:
    rows = [row for row in seen.stages.rows if row[0] in ("At risk", "Lapsed")]
    people, profit = sum(_whole(row[1]) for row in rows), sum(_whole(row[4]) for row in rows)
    return Tile(
        "fading", "Brought by those now fading", words.money(profit),
        f"{words.count(people)} customers at risk or lapsed",
        "profit to date of customers whose silence is longer than their own rhythm explains",
    )  # fmt: skip


def _change(change: float | None, size: str, against: str) -> tuple[str, str]:
    """The change in words, and its mood."""
    if change is None:
        return "", "flat"
    if abs(change) < 0.0005:
        return f"as {against}", "flat"
    arrow = "▲" if change > 0 else "▼"
    return f"{arrow} {size.lstrip('+−')} on {against}", "good" if change > 0 else "bad"


def chart(report: Report, words: Words) -> str:
    """The report's chart for the page's script, as JSON: values, labels, and how to write the numbers."""
    option: dict[str, Any] = dict(report.chart or {})
    if report.columns and report.columns[-1].name == "whole":
        option["running"] = [i for i, row in enumerate(report.rows) if not row[-1]]
    option["locale"] = words.locale.replace("_", "-")
    option["currency"] = words.currency
    option["minor"] = minor_per_unit(words.currency)
    return json.dumps(option, ensure_ascii=False)


def table(report: Report, words: Words) -> list[list[str]]:
    """The report's rows as people read them."""
    return [[cell(v, c.unit, words) for v, c in zip(row, report.columns, strict=True)] for row in report.rows]


def triangle(report: Report, words: Words) -> list[CohortRow]:
    """The cohort triangle with its shades: the palest is the smallest share on the page, the darkest the largest."""
    names = [c.name for c in report.columns]
    ages = [i for i, name in enumerate(names) if name.startswith("m") and name[1:].isdigit()]
    whole = names.index("months_whole")
    shares = [float(row[i] or 0) for row in report.rows for i in ages if _is_over(row, i, ages, whole)]
    low, high = min(shares, default=0.0), max(shares, default=1.0)
    rows = []
    for row in report.rows:
        squares = tuple(
            Square(
                words.share(float(row[i] or 0), 0), _shade(float(row[i] or 0), low, high),
                not _is_over(row, i, ages, whole),
            )
            for i in ages if row[i] is not None
        )  # fmt: skip
        rows.append(CohortRow(words.month(_whole(row[0])), words.count(_whole(row[1])), squares))
    return rows


def _is_over(row: Sequence[Cell], column: int, ages: Sequence[int], whole: int) -> bool:
    return row[column] is not None and ages.index(column) + 1 < _whole(row[whole])


def _shade(share: float, low: float, high: float) -> int:
    if high <= low:
        return _STEPS // 2
    return round(_STEPS * min(max((share - low) / (high - low), 0.0), 1.0))


def stage_bars(report: Report, words: Words) -> list[dict[str, Any]]:
    """The stages with two bars each: share of customers and share of profit."""
    most = max((_number(row[2]) or 0.0 for row in report.rows), default=0.0)
    richest = max((abs(_number(row[5]) or 0.0) for row in report.rows), default=0.0)
    return [
        {
            "stage": row[0], "customers": words.count(_whole(row[1])), "share": words.share(_number(row[2])),
            "share_bar": bar((_number(row[2]) or 0.0) / most if most else 0.0, _tone(str(row[0]))),
            "profit": words.money(_whole(row[4])), "each": words.money(_whole(row[6]) if row[6] is not None else None),
            "profit_bar": bar((_number(row[5]) or 0.0) / richest if richest else 0.0, _tone(str(row[0]))),
            "empty": not row[1],
        }
        for row in report.rows
    ]  # fmt: skip


def _tone(stage: str) -> str:
    return {"At risk": "warn", "Lapsed": "fade", "Lost": "fade", "Prospect": "calm"}.get(stage, "live")


def campaign_rows(report: Report, words: Words) -> list[dict[str, Any]]:
    """The campaigns with their intervals drawn on one scale."""
    names = [c.name for c in report.columns]
    rows = [dict(zip(names, row, strict=True)) for row in report.rows]
    reach = max((abs(_number(r[end]) or 0.0) for r in rows for end in ("low", "high")), default=0.0)
    return [
        {
            **{c.name: cell(r[c.name], c.unit, words) for c in report.columns},
            "drawn": interval(_number(r["low"]), _number(r["effect"]), _number(r["high"]), reach),
            "is_known": r["effect"] is not None and r["low"] is not None,
        }
        for r in rows
    ]


def _number(value: Cell) -> float | None:
    return None if value is None else float(value)


def _whole(value: Cell) -> int:
    return int(value or 0)
