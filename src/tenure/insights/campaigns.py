"""What each campaign sent and what it changed: treated people against those who were left alone, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from tenure.domain.arms import EVERYTHING
from tenure.domain.money import minor_per_unit
from tenure.insights.table import Cell, Column, Report, share_of
from tenure.insights.words import Words

FORMULA = (
    "effect = share of treated who reached the goal − share of control who did, less what they did before explains; "
    "intervals hold at every look"
)
UNKNOWN = "not told from nothing yet"
_LONG = 520  # weeks


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
    """A campaign's effect as `learn` measured it; shares of people who reached the goal, money in minor units.

    Attributes:
        treated, control: people whose goal's days are over; only they are compared.
        effect, low, high: treated less control, with the interval's ends; None while there is too little to say.
        alarm: what is wrong with the comparison itself, in words; empty when nothing is.
        variance_ratio: what is left of the effect's variance once people's past is taken out.
        believed, learned: the lift that the file states, and what it has become with these results.
        people_needed, weeks_needed: how many more people, and weeks at this pace, the stated lift would need to show.
        profit, profit_low, profit_high: per head, of all marketing against the global holdout.
        discount, wasted, wasted_low, wasted_high: given by the campaign, and what of it went to who came anyway.
    """

    treated: int = 0
    control: int = 0
    treated_rate: float | None = None
    control_rate: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    alarm: str = ""
    variance_ratio: float | None = None
    believed: float | None = None
    learned: float | None = None
    people_needed: int | None = None
    weeks_needed: float | None = None
    profit: int | None = None
    profit_low: int | None = None
    profit_high: int | None = None
    discount: int | None = None
    wasted: int | None = None
    wasted_low: int | None = None
    wasted_high: int | None = None


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
    """One result for each campaign that assigned, sent or measured anything, by name; first that of everything.

    Args:
        arms: (campaign, `treated` or `control`, people).
    """
    people = {(campaign, arm): count for campaign, arm, count in arms}
    names = sorted({campaign for campaign, _, _ in arms} | set(sendings) | set(measured) - {EVERYTHING})
    found = [
        Result(name, people.get((name, "treated"), 0), people.get((name, "control"), 0),
               sendings.get(name, Sendings()), measured.get(name))
        for name in names
    ]  # fmt: skip
    whole = measured.get(EVERYTHING)
    return found if whole is None else [_whole(whole, list(sendings.values())), *found]


def campaigns_report(found: Sequence[Result], as_of: str, words: Words) -> Report:
    """The report, a row for each campaign."""
    own = [result for result in found if result.campaign != EVERYTHING]
    wasted = sum(r.measured.wasted or 0 for r in own if r.measured)
    return Report(
        kind="campaigns",
        title="Campaigns: treated against left alone",
        as_of=as_of,
        columns=_COLUMNS,
        rows=tuple(_row(r) for r in found),
        sentences=tuple(_sentences(found, words)),
        formula=FORMULA,
        figures={"sent": sum(r.sendings.sent for r in own), "opened": sum(r.sendings.opened for r in own),
                 "wasted": wasted / minor_per_unit(words.currency)},
        rows_name="campaigns",
        currency=words.currency,
    )  # fmt: skip


def _whole(measured: Measured, sendings: Sequence[Sendings]) -> Result:
    together = Sendings(*(sum(getattr(one, column.name) for one in sendings) for column in fields(Sendings)))
    return Result(EVERYTHING, measured.treated, measured.control, together, measured)


def _row(result: Result) -> tuple[Cell, ...]:
    sent, m = result.sendings, result.measured or Measured()
    return (
        result.campaign, result.treated, result.control, sent.sent, share_of(sent.opened, sent.sent),
        share_of(sent.clicked, sent.sent), sent.unsubscribed, sent.bounced, sent.complained, round(sent.cost / 1000),
        m.treated, m.control, m.treated + m.control, m.treated_rate, m.control_rate, m.effect, m.low, m.high,
        m.variance_ratio, m.believed, m.learned, m.people_needed, m.weeks_needed, m.profit, m.profit_low,
        m.profit_high, m.discount, m.wasted, m.wasted_low, m.wasted_high, m.alarm or None,
    )  # fmt: skip


def _sentences(found: Sequence[Result], words: Words) -> list[str]:
    if not found:
        return ["No campaign has been decided yet."]
    said = [_whole_said(r, words) if r.campaign == EVERYTHING else _said(r, words) for r in found]
    return said + [f"{r.campaign}: {r.measured.alarm}" for r in found if r.measured and r.measured.alarm]


def _whole_said(result: Result, words: Words) -> str:
    m = result.measured
    assert m is not None
    begin = f"{EVERYTHING}: {words.count(m.treated)} people against {words.count(m.control)} held out"
    if m.profit is None or m.profit_low is None or m.profit_high is None:
        return f"{begin}; what all of it changed is not known yet."
    return (
        f"{begin}; all of it changed profit per head by {words.money(m.profit)} (between {words.money(m.profit_low)} "
        f"and {words.money(m.profit_high)}), {_verdict(m.profit_low, m.profit_high)}."
    )


def _said(result: Result, words: Words) -> str:
    sent, m = result.sendings, result.measured
    begin = f"{result.campaign}: {words.count(sent.sent)} sent"
    if sent.sent:
        begin += f", {words.share(share_of(sent.opened, sent.sent), 0)} opened"
    if m is None or m.effect is None or m.low is None or m.high is None:
        return f"{begin}; the effect is not known yet{_needed(m, words)}."
    verdict = _verdict(m.low, m.high)
    return (
        f"{begin}; the goal was reached by {words.share(m.treated_rate)} of treated and {words.share(m.control_rate)} "
        f"of control: {_past(m)}{words.points(m.effect)} (between {words.points(m.low)} and {words.points(m.high)}), "
        f"{verdict}{_needed(m, words) if verdict == UNKNOWN else ''}.{_wasted(m, words)}"
    )


def _past(m: Measured) -> str:
    """The effect is not simply the difference of the two shares where people's past is taken out of it."""
    return "with their past taken out " if m.variance_ratio is not None and m.variance_ratio < 1 else ""


def _verdict(low: float, high: float) -> str:
    return "it works" if low > 0 else "it harms" if high < 0 else UNKNOWN


def _needed(m: Measured | None, words: Words) -> str:
    """How much longer it takes until the stated lift would show; nothing where that is not known."""
    if m is None or m.believed is None or not m.people_needed or m.weeks_needed is None:
        return ""
    weeks = m.weeks_needed
    pace = "more than ten years" if weeks > _LONG else f"about {words.count(max(round(weeks), 1))} weeks"
    return (
        f"; to show the {words.points(m.believed)} that its file states takes about "
        f"{words.count(_rounded(m.people_needed))} more people, {pace} at this pace"
    )


def _rounded(people: int) -> int:
    """Two digits say all that is known of such a number."""
    digits = max(len(str(people)) - 2, 0)
    return round(people, -digits)


def _wasted(m: Measured, words: Words) -> str:
    if not m.discount or m.wasted is None:
        return ""
    between = ""
    if m.wasted_low is not None and m.wasted_high is not None:
        between = f" (between {words.money(m.wasted_low)} and {words.money(m.wasted_high)})"
    return (
        f" About {words.money(m.discount)} was given in discounts, {words.money(m.wasted)}{between} of it to people "
        "who would have come anyway."
    )


_COLUMNS = (
    Column("campaign", "Campaign"),
    Column("treated", "Treated", "count", "people chosen and not held back", is_aside=True),
    Column("control", "Control", "count", "people chosen and left alone, to learn the effect", is_aside=True),
    Column("sent", "Sent", "count", is_aside=True),
    Column("opened", "Opened", "share", "messages opened or clicked ÷ sent", is_aside=True),
    Column("clicked", "Clicked", "share", is_aside=True),
    Column("unsubscribed", "Unsubscribed", "count", is_aside=True),
    Column("bounced", "Bounced", "count", is_aside=True), Column("complained", "Complained", "count", is_aside=True),
    Column("cost", "Cost", "money", "what the contacts cost", is_aside=True),
    Column("treated_over", "Treated, over", "count", "treated people whose goal's days are over", is_aside=True),
    Column("control_over", "Control, over", "count", "people of control whose goal's days are over", is_aside=True),
    Column("people", "People", "count", "people of both arms whose goal's days are over", is_aside=True),
    Column("treated_rate", "Goal, treated", "share", "share of treated, over, who reached the goal", is_aside=True),
    Column("control_rate", "Goal, control", "share", "share of control, over, who reached the goal", is_aside=True),
    Column("effect", "Effect", "points", FORMULA), Column("low", "From", "points", "low end of the interval"),
    Column("high", "To", "points", "high end of the interval"),
    Column("variance_ratio", "Variance", "share", "what is left of it once people's past is taken out"),
    Column("believed", "Believed", "points", "the lift that the campaign file states", is_aside=True),
    Column("learned", "Learned", "points", "what that belief has become with these results", is_aside=True),
    Column("people_needed", "More people", "count", "until the stated lift would show", is_aside=True),
    Column("weeks_needed", "More weeks", "number", "the same at the pace so far", is_aside=True),
    Column("profit", "Profit per head", "money", "treated less held out, since the first contact", is_aside=True),
    Column("profit_low", "Profit, from", "money", is_aside=True),
    Column("profit_high", "Profit, to", "money", is_aside=True),
    Column("discount", "Discount", "money", "given by the campaign beyond what control was given", is_aside=True),
    Column("wasted", "Wasted", "money", "discount that went to people who would have come anyway"),
    Column("wasted_low", "Wasted, from", "money", is_aside=True),
    Column("wasted_high", "Wasted, to", "money", is_aside=True),
    Column("alarm", "Alarm", "text", "what is wrong with the comparison itself", is_aside=True),
)  # fmt: skip
