"""The way from being known to being loyal, in counts, and the repeat rate: how many buyers ever came again."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.insights.table import Cell, Column, Report, axis_chart, share_of
from tenure.insights.words import Words

FORMULA = "repeat rate = customers with orders on two or more days ÷ customers with orders"


@dataclass(frozen=True, slots=True)
class Steps:
    """How many customers got how far.

    Attributes:
        known: everyone the business knows of.
        buyers: with an order that was not cancelled.
        repeaters: with orders on two days or more.
        loyal: with orders on as many days as the settings ask of a loyal customer.
    """

    known: int
    buyers: int
    repeaters: int
    loyal: int
    orders: int

    @property
    def repeat_rate(self) -> float | None:
        """Share of buyers who came again; None when nobody bought."""
        return share_of(self.repeaters, self.buyers)


def funnel_report(steps: Steps, loyal_orders: int, as_of: str, words: Words) -> Report:
    """The report, a row for each step."""
    counts: tuple[tuple[str, int], ...] = (
        ("Known", steps.known), ("First order", steps.buyers), ("Second order", steps.repeaters),
        (f"Loyal ({words.count(loyal_orders)} order days or more)", steps.loyal),
    )  # fmt: skip
    if loyal_orders < 2:
        counts = counts[:3]  # a step that everyone takes with the first order is none
    rows: list[tuple[Cell, ...]] = []
    before = steps.known
    for name, count in counts:
        rows.append((name, count, share_of(count, before), share_of(count, steps.known)))
        before = count
    return Report(
        kind="funnel",
        title="From known to loyal",
        as_of=as_of,
        columns=_COLUMNS,
        rows=tuple(rows),
        sentences=tuple(_sentences(steps, words)),
        formula=FORMULA,
        chart=axis_chart("bar", [n for n, _ in counts], {"Customers": [c for _, c in counts]}, "count"),
        figures={"repeat_rate": steps.repeat_rate, "buyers": steps.buyers, "repeaters": steps.repeaters,
                 "orders": steps.orders},
        rows_name="steps",
        currency=words.currency,
    )  # fmt: skip


def _sentences(steps: Steps, words: Words) -> list[str]:
    if not steps.buyers:
        return [f"{words.count(steps.known)} customers are known; nobody has ordered yet."]
    return [
        f"{words.count(steps.repeaters)} of {words.count(steps.buyers)} buyers came again: "
        f"a repeat rate of {words.share(steps.repeat_rate)}.",
        f"{words.count(steps.loyal)} of them are loyal, {words.share(share_of(steps.loyal, steps.buyers))} of buyers.",
    ]


_COLUMNS = (
    Column("step", "Step"), Column("customers", "Customers", "count", "customers who got at least this far"),
    Column("of_previous", "Of the step before", "share"), Column("of_known", "Of all known", "share"),
)  # fmt: skip
