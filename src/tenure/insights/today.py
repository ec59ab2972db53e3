"""The latest run in figures: what was chosen and what it should bring, and why the rest is silence."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.domain.decision import RULES
from tenure.insights.table import Cell, Column, Report, share_of
from tenure.insights.words import Words

FORMULA = "expected profit = added chance of the goal × its margin − discount − contact cost − wear"
_MICRO = 1_000_000


def chosen_report(rows: Sequence[tuple[str, int, int]], as_of: str, minor_per_unit: int, words: Words) -> Report:
    """Contacts chosen by the latest run.

    Args:
        rows: (campaign, customers, expected profit in millionths of a unit of the currency).
    """
    table: list[tuple[Cell, ...]] = [
        (campaign, customers, _minor(worth, minor_per_unit), _minor(worth // customers, minor_per_unit))
        for campaign, customers, worth in sorted(rows, key=lambda r: (-r[2], r[0]))
    ]
    people, worth = sum(r[1] for r in rows), _minor(sum(r[2] for r in rows), minor_per_unit)
    return Report(
        kind="chosen",
        title="Contacts chosen by the latest run",
        as_of=as_of,
        columns=_CHOSEN,
        rows=tuple(table),
        sentences=(
            f"{words.count(people)} customers are to be written to; we expect {words.money(worth)} of profit from it.",
        ) if rows else ("The latest run chose to write to nobody.",),
        formula=FORMULA,
        figures={"customers": people, "expected_profit_minor": worth},
        rows_name="campaigns",
        currency=words.currency,
    )  # fmt: skip


def refused_report(rows: Sequence[tuple[str, str, int]], as_of: str, words: Words) -> Report:
    """Why the latest run kept silent: each rule in words, and how many customers each campaign refused by it.

    Args:
        rows: (campaign, rule, customers); a customer counts once for each campaign.
    """
    campaigns = sorted({campaign for campaign, _, _ in rows})
    counts: dict[str, dict[str, int]] = {}
    for campaign, rule, customers in rows:
        counts.setdefault(rule, {})[campaign] = counts.get(rule, {}).get(campaign, 0) + customers
    order = [*RULES, *sorted(set(counts) - set(RULES))]
    table: list[tuple[Cell, ...]] = [
        (sentence(rule), *(counts[rule].get(campaign, 0) for campaign in campaigns))
        for rule in order if rule in counts
    ]  # fmt: skip
    held = {rule: sum(counts.get(rule, {}).values()) for rule in ("control", "holdout")}
    return Report(
        kind="refused",
        title="Why the latest run kept silent",
        as_of=as_of,
        columns=(Column("reason", "Reason"), *(Column(c, c, "count") for c in campaigns)),
        rows=tuple(table),
        sentences=tuple(_refused_sentences(rows, held, words)),
        formula="the first rule that says no is the reason; each customer counts once for each campaign",
        figures=held,
        rows_name="reasons",
        currency=words.currency,
    )


def sentence(rule: str) -> str:
    """A rule's reason as a sentence."""
    text = RULES.get(rule, rule)
    return text[:1].upper() + text[1:]


def _refused_sentences(rows: Sequence[tuple[str, str, int]], held: dict[str, int], words: Words) -> list[str]:
    if not rows:
        return ["There has been no run yet."]
    total = sum(customers for _, _, customers in rows)
    top_rule = max(RULES, key=lambda rule: sum(n for _, r, n in rows if r == rule))
    top = sum(n for _, r, n in rows if r == top_rule)
    said = [f"{words.count(total)} times a campaign passed a customer by; most often "
            f"({words.share(share_of(top, total), 0)}) because {RULES[top_rule]}."]  # fmt: skip
    if any(held.values()):
        said.append(
            f"{words.count(held['control'])} were left alone as a campaign's control group and "
            f"{words.count(held['holdout'])} in the global holdout, so that the effect can be measured."
        )
    return said


def _minor(micro: int, minor_per_unit: int) -> int:
    return round(micro * minor_per_unit / _MICRO)


_CHOSEN = (
    Column("campaign", "Campaign"), Column("customers", "Customers", "count"),
    Column("expected_profit", "Expected profit", "money", FORMULA), Column("each", "Each", "money"),
)  # fmt: skip
