"""Revenue by month, gross and net of refunds, and what is left of recurring revenue where customers hold contracts.

Gross revenue retention is what the contracts of the start still bring, each customer counted up to what they paid at
the start; net revenue retention lets growth of the same customers count too, so it may pass 100%.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenure.insights.table import Cell, Column, Report, axis_chart, share_of
from tenure.insights.words import Words

FORMULA = "net = orders + contract payments − refunds made in the month"
SCALE = 6  # the relation `recurring` gives yearly prices times six


@dataclass(frozen=True, slots=True)
class Month:
    """One month's money, in minor units."""

    month_no: int
    orders: int
    order_revenue: int
    contract_revenue: int
    refunds: int

    @property
    def gross(self) -> int:
        """Orders and contract payments."""
        return self.order_revenue + self.contract_revenue

    @property
    def net(self) -> int:
        """Gross less the refunds made in the month."""
        return self.gross - self.refunds


@dataclass(frozen=True, slots=True)
class Recurring:
    """Yearly prices of contracts at two moments, in minor units times `SCALE`."""

    contracts_start: int
    contracts_end: int
    other_periods: int
    start_amount: int
    kept_amount: int
    still_amount: int
    end_amount: int

    @property
    def gross_retention(self) -> float | None:
        """Share of the start's recurring revenue still there, growth left out; between 0 and 1."""
        return share_of(self.kept_amount, self.start_amount)

    @property
    def net_retention(self) -> float | None:
        """The same with the growth of the same customers counted; at least the gross share."""
        return share_of(self.still_amount, self.start_amount)


def revenue_report(
    months: Iterable[Month], recurring: Recurring, as_of: str, last_month: int, last_is_whole: bool, words: Words
) -> Report:
    """The report, a row for each month; the month still running is marked and never compared."""
    filled = _without_gaps(list(months), last_month)
    over = [m for m in filled if last_is_whole or m.month_no < last_month]
    return Report(
        kind="revenue",
        title="Revenue by month",
        as_of=as_of,
        columns=_COLUMNS,
        rows=tuple(_row(m, m in over) for m in filled),
        sentences=tuple(_sentences(filled, over, recurring, words)),
        formula=FORMULA,
        chart=axis_chart(
            "bar", [words.month(m.month_no) for m in filled], {"Net revenue": [m.net for m in filled]}, "money"
        ) if filled else None,
        figures={
            "gross_revenue_retention": recurring.gross_retention, "net_revenue_retention": recurring.net_retention,
            "contracts_start": recurring.contracts_start, "contracts_end": recurring.contracts_end,
        },
        rows_name="months",
        currency=words.currency,
    )  # fmt: skip


def _without_gaps(months: list[Month], last_month: int) -> list[Month]:
    if not months:
        return []
    by_month = {m.month_no: m for m in months}
    return [by_month.get(n, Month(n, 0, 0, 0, 0)) for n in range(min(by_month), max(*by_month, last_month) + 1)]


def _row(month: Month, is_over: bool) -> tuple[Cell, ...]:
    return (
        month.month_no, month.orders, month.order_revenue, month.contract_revenue, month.gross, month.refunds,
        month.net, is_over,
    )  # fmt: skip


def _sentences(filled: list[Month], over: list[Month], recurring: Recurring, words: Words) -> list[str]:
    if not filled:
        return ["No money has come in yet."]
    said = []
    if over:
        last = over[-1]
        said.append(f"{words.month(last.month_no)} brought {words.money(last.net)} net of refunds"
                    + (f", {_change(over[-2].net, last.net, words)}." if len(over) > 1 else "."))  # fmt: skip
    if len(over) < len(filled):
        running = filled[-1]
        said.append(f"{words.month(running.month_no)} is still running: {words.money(running.net)} so far.")
    if recurring.gross_retention is not None:
        said.append(
            f"Of the recurring revenue at the start, {words.share(recurring.gross_retention)} is still there (gross), "
            f"{words.share(recurring.net_retention)} with the growth of the same customers (net)."
        )
    if recurring.other_periods:
        said.append(f"{words.count(recurring.other_periods)} contracts have a period that cannot be made yearly "
                    "and are left out of the recurring figures.")  # fmt: skip
    return said


def _change(before: int, after: int, words: Words) -> str:
    if before <= 0:
        return f"after {words.money(before)} in the month before"
    change = after / before - 1
    return f"{words.share(abs(change))} {'more' if change >= 0 else 'less'} than the month before"


_COLUMNS = (
    Column("month", "Month", "month"), Column("orders", "Orders", "count", "orders that were not cancelled"),
    Column("order_revenue", "From orders", "money"), Column("contract_revenue", "From contracts", "money"),
    Column("gross", "Gross", "money", "orders + contract payments"),
    Column("refunds", "Refunds", "money", "refunds made in the month"), Column("net", "Net", "money", FORMULA),
    Column("whole", "Month over", "flag", "no while the month is still running"),
)  # fmt: skip
