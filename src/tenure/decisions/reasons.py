"""The sentence behind each no, with the customer's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenure.decisions import phrases
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign, Occasion
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
        drawn: chance of what this customer got, where it was drawn to learn.
        rates: what one more of each limited thing would have brought, by name.
    """

    campaign: Campaign
    profile: Mapping[str, Any]
    row: Mapping[str, Any]
    money: Mapping[str, float]
    business: Business
    as_of: AsOf
    winner: tuple[str, float] | None = None
    drawn: float | None = None
    rates: Mapping[str, float] = field(default_factory=dict)


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


def occasion_of(occasion: Occasion) -> str:
    """The occasion in a few words: an order, the end of the contract, a message of `welcome`."""
    if occasion.event:
        return _named(occasion.event)
    if occasion.after:
        return f"our message `{occasion.after}`"
    if occasion.calendar:
        return f"{'an' if occasion.calendar[0] in 'aeiou' else 'a'} {occasion.calendar} in the calendar"
    if occasion.release:
        return "a new product"
    if occasion.schedule:
        return f"this {occasion.schedule}"
    return phrases.moment(occasion.date or occasion.key)


def _occasion(case: Case) -> str:
    occasion = case.campaign.occasion
    if occasion.event is not None:
        return _event(case, occasion.event)
    if occasion.after:
        return f"it follows {occasion_of(occasion)}, which was not sent to this customer so lately, or led to an answer"
    if occasion.calendar or occasion.release or occasion.schedule:
        return f"it speaks for {occasion_of(occasion)}, and there is none for this customer"
    if occasion.date is None:
        return f"it speaks once for {phrases.moment(occasion.key)}, which is not known"
    return _date(case, occasion.date)


def _date(case: Case, date: str) -> str:
    occasion, due = case.campaign.occasion, case.profile.get(date)
    before, late = phrases.days(occasion.before_days), phrases.days(occasion.late_days)
    around = f"from {before} before {phrases.moment(date)} to {late} after it"
    if occasion.every or date == "birthday":
        return f"it speaks {around}, every year, and that is not now"
    if due is None:
        return f"it speaks around {phrases.moment(date)}, which is not known"
    if case.profile.get(occasion.key) is None:
        return f"it speaks once for {phrases.moment(occasion.key)}, which is not known"
    verb = "was" if phrases.since(due, case.as_of) >= 0 else "is"
    return f"it speaks {around}, and that {verb} {phrases.ago(due, case.as_of)}"


def _event(case: Case, event: str) -> str:
    occasion, happened = case.campaign.occasion, case.row.get("happened_at")
    span = phrases.days(occasion.within_days)
    if happened is None:
        return f"it follows {_named(event)}, and there has been none"
    passed, when = phrases.since(int(happened), case.as_of), phrases.ago(int(happened), case.as_of)
    if passed > occasion.within_days:
        return f"it follows {_named(event)} of the last {span}, and the latest was {when}"
    if passed < occasion.wait_days:
        return f"it waits {phrases.days(occasion.wait_days)} after {_named(event)}, and the latest was {when}"
    unmet = f" and meet `{occasion.where.text}`" if occasion.where else ""
    return f"{_named(event)} was {when}, but an occasion must have its {occasion.key}{unmet}"


def _repeated(case: Case) -> str:
    at = case.row.get("occasion_at")
    when = f" {phrases.ago(int(at), case.as_of)}" if at is not None else f" {case.row.get('occasion_key')}"
    what = occasion_of(case.campaign.occasion)
    return f"it speaks once for each occasion, and {what}{when} was already used"


def _goal_reached(case: Case) -> str:
    return f"its goal, {_named(case.campaign.goal.event)}, was reached after the occasion"


def _stopped(case: Case) -> str:
    words = [word for word in case.campaign.stop if word not in ("goal_reached", "unsubscribed")]
    said = phrases.listed([_STOPS.get(word, f"`{word}`") for word in words], "or")
    return f"it ends with {said}, and that happened after the occasion"


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


def _capacity(case: Case) -> str:
    channel = str(case.row.get("channel") or case.campaign.channels[0])
    more = phrases.money(case.rates.get(channel, 0.0), case.business.currency)
    return (
        f"{phrases.by_channel(channel)} only so many can be reached a day, and this one is worth "
        f"{phrases.money(case.money['worth'], case.business.currency)} where one more would bring {more}"
    )


def _budget(case: Case) -> str:
    own = f"budget of {case.campaign.folder}"
    rate, currency = case.rates.get("budget", 0.0) + case.rates.get(own, 0.0), case.business.currency
    cost = case.money["contact_cost"] + case.money["discount"]
    return (
        f"money is limited, and others gain more from it: this one brings "
        f"{phrases.money(case.money['worth'], currency)} for {phrases.money(cost, currency)}, where one more "
        f"{currency} would bring {phrases.money(rate, currency)}"
    )


def _explore(case: Case) -> str:
    chance = f", with a chance of {phrases.percent(case.drawn)}" if case.drawn is not None else ""
    instead = f"`{case.winner[0]}`" if case.winner else "silence"
    return f"{instead} was drawn for this customer{chance}, to learn whether what is believed is right"


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
_STOPS = {"ordered": "an order", "complaint": "a complaint", "opened": "a message that was opened",
          "clicked": "a click in a message"}  # fmt: skip
_SENTENCES = {
    "stage": _stage, "audience": _audience, "occasion": _occasion, "repeated": _repeated,
    "goal_reached": _goal_reached, "stopped": _stopped, "holdout": _holdout, "consent": _consent,
    "complaint": _complaint, "quiet_after": _quiet_after, "cap": _cap, "worth": _worth,
    "capacity": _capacity, "budget": _budget,
    "choice": _choice, "explore": _explore, "control": _control,
}  # fmt: skip
