"""What each campaign sent and what it changed: treated people against those who were left alone, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenure.insights.table import Cell, Column, Report, share_of
from tenure.insights.words import Words

FORMULA = "effect = share of treated who reached the goal − share of control who did; intervals hold at every look"


@dataclass(frozen=True, slots=True)
class Sendings:
    """What a campaign sent and what came back, in messages; `cost` in thousandths of a minor unit."""

    sent: int = 0
    people: int = 0
    cost: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A campaign's effect as `learn` measured it; shares of people who reached the goal.

    Attributes:
        treated, control: people whose goal's days are over; only they are compared.
        effect, low, high: treated less control, with the interval's ends; None while there is too little to say.
        alarm: what is wrong with the comparison itself, in words; empty when nothing is.
    """

    treated: int = 0
    control: int = 0
    treated_rate: float | None = None
    control_rate: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    alarm: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """Everything known of one campaign's results."""

    campaign: str
    treated: int = 0
    control: int = 0
    sendings: Sendings = field(default_factory=Sendings)
    measured: Measured | None = None


def results(
    arms: Sequence[tuple[str, str, int]], sendings: Mapping[str, Sendings], measured: Mapping[str, Measured]
) -> list[Result]:
    """One result for each campaign that assigned, sent or measured anything, by name.

    Args:
        arms: (campaign, `treated` or `control`, people).
    """
    people = {(campaign, arm): count for campaign, arm, count in arms}
    names = sorted({campaign for campaign, _, _ in arms} | set(sendings) | set(measured))
    return [
        Result(name, people.get((name, "treated"), 0), people.get((name, "control"), 0),
               sendings.get(name, Sendings()), measured.get(name))
        for name in names
    ]  # fmt: skip


def campaigns_report(found: Sequence[Result], as_of: str, words: Words) -> Report:
    """The report, a row for each campaign."""
    return Report(
        kind="campaigns",
        title="Campaigns: treated against left alone",
        as_of=as_of,
        columns=_COLUMNS,
        rows=tuple(_row(r) for r in found),
        sentences=tuple(_sentences(found, words)),
        formula=FORMULA,
        figures={"sent": sum(r.sendings.sent for r in found), "opened": sum(r.sendings.opened for r in found)},
        rows_name="campaigns",
        currency=words.currency,
    )


def _row(result: Result) -> tuple[Cell, ...]:
    sent, m = result.sendings, result.measured or Measured()
    return (
        result.campaign, result.treated, result.control, sent.sent, share_of(sent.opened, sent.sent),
        share_of(sent.clicked, sent.sent), sent.unsubscribed, sent.bounced, sent.complained, round(sent.cost / 1000),
        m.treated, m.control, m.treated_rate, m.control_rate, m.effect, m.low, m.high, m.alarm or None,
    )  # fmt: skip


def _sentences(found: Sequence[Result], words: Words) -> list[str]:
    if not found:
        return ["No campaign has been decided yet."]
    return [_said(result, words) for result in found] + [
        f"{r.campaign}: {r.measured.alarm}" for r in found if r.measured and r.measured.alarm
    ]


def _said(result: Result, words: Words) -> str:
    sent, m = result.sendings, result.measured
    begin = f"{result.campaign}: {words.count(sent.sent)} sent"
    if sent.sent:
        begin += f", {words.share(share_of(sent.opened, sent.sent), 0)} opened"
    if m is None or m.effect is None or m.low is None or m.high is None:
        return f"{begin}; the effect is not known yet."
    verdict = "it works" if m.low > 0 else "it harms" if m.high < 0 else "not told from nothing yet"
    return (
        f"{begin}; the goal was reached by {words.share(m.treated_rate)} of treated and {words.share(m.control_rate)} "
        f"of control: {words.points(m.effect)} (between {words.points(m.low)} and {words.points(m.high)}), {verdict}."
    )


_COLUMNS = (
    Column("campaign", "Campaign"), Column("treated", "Treated", "count", "people chosen and not held back"),
    Column("control", "Control", "count", "people chosen and left alone, to learn the effect"),
    Column("sent", "Sent", "count"), Column("opened", "Opened", "share", "messages opened or clicked ÷ sent"),
    Column("clicked", "Clicked", "share"), Column("unsubscribed", "Unsubscribed", "count"),
    Column("bounced", "Bounced", "count"), Column("complained", "Complained", "count"),
    Column("cost", "Cost", "money", "what the contacts cost"),
    Column("treated_over", "Treated, over", "count", "treated people whose goal's days are over"),
    Column("control_over", "Control, over", "count", "people of control whose goal's days are over"),
    Column("treated_rate", "Goal, treated", "share", "share of treated, over, who reached the goal"),
    Column("control_rate", "Goal, control", "share", "share of control, over, who reached the goal"),
    Column("effect", "Effect", "points", FORMULA), Column("low", "From", "points", "low end of the interval"),
    Column("high", "To", "points", "high end of the interval"),
    Column("alarm", "Alarm", "text", "what is wrong with the comparison itself"),
)  # fmt: skip
