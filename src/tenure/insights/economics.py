"""What customers bring and what they cost: by stage of life, by tenths of value, and by what they are worth keeping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenure.domain.money import minor_per_unit
from tenure.domain.profile import STAGES
from tenure.insights.group import Group
from tenure.insights.keeping import ACCEPTABLE, INVESTMENT_NAMES, Keeping, keeping_sentences
from tenure.insights.table import Cell, Column, Report, axis_chart, share_of
from tenure.insights.words import Words

FORMULA = "profit = margin − cost to serve − contact cost; margin = revenue − refunds − cost of goods"
NO_PROFILES = "There are no profiles as of this moment or before it; `tenure profile` makes them."
STAGE_NAMES: dict[str, str] = {
    "prospect": "Prospect", "trial": "Trial", "new": "New", "active": "Active", "loyal": "Loyal",
    "at_risk": "At risk", "lapsed": "Lapsed", "lost": "Lost",
}  # fmt: skip


def in_order_of_life(groups: Iterable[Group]) -> list[Group]:
    """Stages from prospect to lost, an empty one where nobody stands, so that rows never change place."""
    found = {g.name: g for g in groups}
    if not found:
        return []
    known = [found.pop(stage, Group(stage, 0, 0, 0, 0, 0, 0)) for stage in STAGES]
    return known + sorted(found.values(), key=lambda g: g.name)


def stages_report(groups: Sequence[Group], as_of: str, words: Words) -> Report:
    """How many customers stand in each stage and what they have brought."""
    everyone, value = sum(g.customers for g in groups), sum(g.profit for g in groups)
    return Report(
        kind="stages",
        title="Customers by stage",
        as_of=as_of,
        columns=_STAGE_COLUMNS,
        rows=tuple(
            (STAGE_NAMES.get(g.name, g.name), g.customers, share_of(g.customers, everyone), g.revenue, g.profit,
             share_of(g.profit, value), g.profit // g.customers if g.customers else None)
            for g in groups
        ),
        sentences=tuple(_stage_sentences(groups, everyone, words)),
        formula="the stage is judged by each customer's own expected gap between orders",
        chart=axis_chart(
            "bar", [STAGE_NAMES.get(g.name, g.name) for g in groups], {"Customers": [g.customers for g in groups]},
            "count",
        ) if groups else None,
        figures={g.name: g.customers for g in groups},
        rows_name="stages",
        currency=words.currency,
    )  # fmt: skip


def economics_report(
    stages: Sequence[Group], tenths: Sequence[Group], keeping: Keeping, as_of: str, words: Words
) -> Report:
    """Revenue, margin, costs and profit by stage, by tenths of buyers ranked by profit, and by investment."""
    rows = [("stage", STAGE_NAMES.get(g.name, g.name), g) for g in stages if g.customers]
    rows += [("tenth", _tenth(g.name), g) for g in tenths]
    rows += [("investment", INVESTMENT_NAMES.get(g.name, g.name), g) for g in keeping.groups]
    rows += [("segment", g.name, g) for g in keeping.segments]
    unit = minor_per_unit(words.currency)
    return Report(
        kind="economics",
        title="What customers bring and cost",
        as_of=as_of,
        columns=_ECONOMICS_COLUMNS,
        rows=tuple(_economics_row(kind, name, g) for kind, name, g in rows),
        sentences=(*_economics_sentences(stages, tenths, words), *keeping_sentences(keeping, words)),
        formula=f"{FORMULA}; {ACCEPTABLE}" if keeping.groups else FORMULA,
        chart=axis_chart("bar", [_tenth(g.name) for g in tenths], {"Profit": [g.profit for g in tenths]}, "money")
        if tenths else None,
        figures={
            name: sum(getattr(g, name) for g in stages) / unit
            for name in ("revenue", "margin", "cost_to_serve", "contact_cost", "profit")
        } | keeping.figures(unit),
        rows_name="groups",
        currency=words.currency,
    )  # fmt: skip


def _tenth(name: str) -> str:
    return {"1": "Best tenth", "10": "Last tenth"}.get(name, f"Tenth {name}")


def _economics_row(kind: str, name: str, group: Group) -> tuple[Cell, ...]:
    return (
        kind, name, group.customers, group.revenue, group.margin, group.cost_to_serve, group.contact_cost,
        group.profit, group.profit // group.customers if group.customers else None, group.clv,
    )  # fmt: skip


def _stage_sentences(groups: Sequence[Group], everyone: int, words: Words) -> list[str]:
    if not groups:
        return [NO_PROFILES]
    here = {g.name: g for g in groups}
    living = sum(here[s].customers for s in ("new", "active", "loyal") if s in here)
    said = [f"{words.count(living)} of {words.count(everyone)} customers are new, active or loyal "
            f"({words.share(share_of(living, everyone))})."]  # fmt: skip
    fading = [here[s] for s in ("at_risk", "lapsed") if s in here and here[s].customers]
    if fading:
        said.append(f"{words.count(sum(g.customers for g in fading))} are at risk or lapsed; they have brought "
                    f"{words.money(sum(g.profit for g in fading))} of profit so far.")  # fmt: skip
    return said


def _economics_sentences(stages: Sequence[Group], tenths: Sequence[Group], words: Words) -> list[str]:
    if not stages:
        return [NO_PROFILES]
    profit = sum(g.profit for g in stages)
    said = [f"Customers have brought {words.money(sum(g.revenue for g in stages))} of revenue and "
            f"{words.money(profit)} of profit."]  # fmt: skip
    if tenths and profit > 0:
        said.append(f"The best tenth of buyers brought {words.share(tenths[0].profit / profit, 0)} of the profit.")
    losing = [g for g in tenths if g.profit < 0]
    if losing:
        said.append(f"{words.count(sum(g.customers for g in losing))} buyers in the last tenths cost more than they "
                    f"brought: {words.money(sum(g.profit for g in losing))}.")  # fmt: skip
    return said


_STAGE_COLUMNS = (
    Column("stage", "Stage"), Column("customers", "Customers", "count"),
    Column("share", "Share", "share", "of all customers"),
    Column("revenue", "Revenue", "money", "lifetime to date"),
    Column("profit", "Profit", "money", FORMULA),
    Column("profit_share", "Of all profit", "share"),
    Column("profit_each", "Profit each", "money", "profit ÷ customers"),
)  # fmt: skip
_ECONOMICS_COLUMNS = (
    Column("by", "By"), Column("group", "Group"), Column("customers", "Customers", "count"),
    Column("revenue", "Revenue", "money", "lifetime to date"),
    Column("margin", "Margin", "money", "revenue − refunds − cost of goods"),
    Column("cost_to_serve", "Cost to serve", "money", "costs and tickets"),
    Column("contact_cost", "Contact cost", "money", "what our messages cost"),
    Column("profit", "Profit", "money", FORMULA), Column("profit_each", "Profit each", "money", "profit ÷ customers"),
    Column("clv", "Next 365 days", "money", "expected profit, all of them together"),
)  # fmt: skip
