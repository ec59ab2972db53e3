"""The sentence behind each no, with the customer's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.decisions import phrases
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.decision import RULES, Rule
from tenure.domain.moments import AsOf
from tenure.domain.segment import columns_of


@dataclass(frozen=True, slots=True)
class Case:
    """One campaign before one customer.

    Attributes:
        profile: the customer's profile, published form.
        row: the customer's candidate row for this campaign (`warehouse/candidates.py`).
        money: the parts of the worth by name (`decisions/worth.py`), in units.
        winner: campaign and worth of what was chosen instead, if anything.
    """

    campaign: Campaign
    profile: Mapping[str, Any]
    row: Mapping[str, Any]
    money: Mapping[str, float]
    business: Business
    as_of: AsOf
    winner: tuple[str, float] | None = None


def reason(rule: Rule, case: Case) -> str:
    """Why the rule says no here: a sentence without its final stop."""
    return _SENTENCES[rule](case)


def rhythm(profile: Mapping[str, Any], as_of: AsOf) -> str:
    """When the customer last ordered and how often they usually do."""
    last, gap = profile.get("last_order_at"), profile.get("gap_expected_days")
    if last is None:
        return "no order yet"
    said = f"last order {phrases.ago(last, as_of)}"
    return f"{said}, usually every {phrases.days(gap)}" if gap else said


def sum_of(case: Case) -> str:
    """The worth as a sum that can be checked by hand."""
    goal, currency, m = case.campaign.goal, case.business.currency, case.money
    parts = [
        f"the chance of {_named(goal.event)} within {phrases.days(goal.within_days)} rises from "
        f"{phrases.percent(m['p0'])} to {phrases.percent(m['p0'] + m['lift'])}, which at "
        f"{phrases.percent(m['margin'])} margin on {phrases.money(m['goal_value'], currency)} brings "
        f"{phrases.money(m['gain'], currency)}"
    ]
    if m["discount"]:
        parts.append(
            f"less {phrases.money(m['discount'], currency)} for the offer, which those who come anyway take too"
        )
    parts.append(f"less {phrases.money(m['contact_cost'], currency)} for the contact")
    if m["wear"]:
        parts.append(f"less {phrases.money(m['wear'], currency)} for wearing the customer's patience")
    return ", ".join(parts) + f": {phrases.money(m['worth'], currency)}"


def _stage(case: Case) -> str:
    stages = phrases.listed([stage.replace("_", "-") for stage in case.campaign.stages], "or")
    stage = str(case.profile.get("stage") or "of no stage").replace("_", "-")
    return f"it is for {stages} customers; this one is {stage}: {rhythm(case.profile, case.as_of)}"


def _audience(case: Case) -> str:
    said = []
    for index, (words, tree) in enumerate(case.campaign.audience.terms):
        if not case.row.get(f"term_{index}", True):
            found = [f"{name} is {phrases.value(case.profile.get(name), case.as_of)}" for name in
                     sorted(columns_of(tree))]  # fmt: skip
            said.append(f"`{words}` does not hold: {phrases.listed(found)}")
    return "; ".join(said) or RULES["audience"]


def _occasion(case: Case) -> str:
    occasion = case.campaign.occasion
    if occasion.event is not None:
        return _event(case, occasion.event)
    if occasion.date is None:
        return f"it speaks once for {phrases.moment(occasion.key)}, which is not known"
    due = case.profile.get(occasion.date)
    if due is None:
        return f"it speaks around {phrases.moment(occasion.date)}, which is not known"
    span = phrases.days(occasion.within_days)
    if case.profile.get(occasion.key) is None:
        return f"it speaks once for {phrases.moment(occasion.key)}, which is not known"
    verb = "was" if phrases.since(due, case.as_of) >= 0 else "is"
    around = f"from {span} before {phrases.moment(occasion.date)} to {span} after it"
    return f"it speaks {around}, and that {verb} {phrases.ago(due, case.as_of)}"


def _event(case: Case, event: str) -> str:
    occasion, happened = case.campaign.occasion, case.row.get("happened_at")
    span = phrases.days(occasion.within_days)
    if happened is None:
        return f"it follows {_named(event)}, and there has been none"
    when = phrases.ago(int(happened), case.as_of)
    if phrases.since(int(happened), case.as_of) > occasion.within_days:
        return f"it follows {_named(event)} of the last {span}, and the latest was {when}"
    unmet = f" and meet `{occasion.where.text}`" if occasion.where else ""
    return f"{_named(event)} was {when}, but an occasion must have its {occasion.key}{unmet}"


def _repeated(case: Case) -> str:
    occasion, at = case.campaign.occasion, case.row.get("occasion_at")
    when = f" {phrases.ago(int(at), case.as_of)}" if at is not None else f" {case.row.get('occasion_key')}"
    what = _named(occasion.event) if occasion.event else phrases.moment(occasion.date or occasion.key)
    return f"it speaks once for each occasion, and {what}{when} was already used"


def _goal_reached(case: Case) -> str:
    return f"its goal, {_named(case.campaign.goal.event)}, was reached after the occasion"


def _holdout(case: Case) -> str:
    share = phrases.percent(float(case.business.holdout))
    return f"this customer is one of the {share} whom all campaigns leave alone, so that their effect can be measured"


def _consent(case: Case) -> str:
    wanted = phrases.listed(list(case.campaign.channels), "or")
    if all(case.business.channel(name) is None for name in case.campaign.channels):
        return f"it speaks on {wanted}, and the business has set up none of these channels"
    if case.campaign.purpose == "service":
        return f"there is no address for {wanted}, or the customer refused service messages there"
    allowed = list(case.profile.get("channels") or [])
    return f"it speaks on {wanted}, and there is consent and an address for {phrases.listed(allowed)}"


def _complaint(case: Case) -> str:
    when = phrases.ago(int(case.row["complaint_at"]), case.as_of)
    return f"the customer complained {when}, and we are silent for {phrases.days(case.business.contact.complaint_days)}"


def _quiet_after(case: Case) -> str:
    for index, (word, span) in enumerate(case.campaign.quiet_after):
        at = case.row.get(f"quiet_{index}")
        if at is not None and phrases.since(int(at), case.as_of) < span:
            happened = _HAPPENED.get(word, f"`{word}` happened")
            kept = phrases.days(span)
            return f"{happened} {phrases.ago(int(at), case.as_of)}, and it keeps silent for {kept} after that"
    return RULES["quiet_after"]


def _cap(case: Case) -> str:
    rules = case.business.contact
    week, month = int(case.row["pressure_7d"]), int(case.row["pressure_30d"])
    return (
        f"the customer heard from us {phrases.times(week)} in 7 days, where {rules.per_7_days} is the most, and "
        f"{phrases.times(month)} in 30 days, where {rules.per_30_days} is the most"
    )


def _worth(case: Case) -> str:
    return f"it would cost more than it brings: {sum_of(case)}"


def _choice(case: Case) -> str:
    if case.winner is None:
        return RULES["choice"]
    name, worth = case.winner
    currency = case.business.currency
    by = phrases.money(worth - case.money["worth"], currency)
    return f"`{name}` is worth more, by {by} ({phrases.money(case.money['worth'], currency)} for this one)"


def _control(case: Case) -> str:
    share = phrases.percent(case.campaign.control)
    return (
        f"it would have been the best contact, but this customer is one of the {share} left alone to learn what "
        "the campaign changes"
    )


def _named(event: str) -> str:
    return "an order" if event == "Order Completed" else f"`{event}`"


_HAPPENED = {"contact": "we last wrote", "order": "the last order was", "complaint": "the customer complained"}
_SENTENCES = {
    "stage": _stage, "audience": _audience, "occasion": _occasion, "repeated": _repeated,
    "goal_reached": _goal_reached, "holdout": _holdout, "consent": _consent, "complaint": _complaint,
    "quiet_after": _quiet_after, "cap": _cap, "worth": _worth, "choice": _choice, "control": _control,
}  # fmt: skip
