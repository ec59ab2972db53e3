"""The page of the campaign library, made from the campaign files themselves, so that it says what they say."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from tenure.campaigns.parse import parse, sorted_messages
from tenure.decisions import phrases
from tenure.decisions.occasions import when
from tenure.domain.campaign import Campaign, Offer

# Where in a customer's life each campaign speaks, in the order in which people live it.
CHAPTERS: dict[str, tuple[str, ...]] = {
    "Awareness": ("welcome", "cultural-moments", "whats-new"),
    "Consideration": ("abandoned-cart", "abandoned-browsing", "paywall-preview", "trial-ending", "plan-upgrade",
                      "add-on"),
    "First orders": ("thank-you", "follow-up", "second-order", "discount-to-habit"),
    "Active": ("satisfaction-survey", "cross-sell", "up-sell", "new-product", "sale", "vip-offer", "birthday",
               "anniversary", "season-opening", "replacement-due", "newest-release", "newsletter"),
    "Satisfied": ("review-request", "referral"),
    "Loyal": ("reward-available", "tier-near", "tier-reached", "milestone", "challenge", "donation-impact",
              "membership-invitation"),
    "Under contract": ("renewal-by-date", "renewal-by-use", "check-details", "auto-renewal-notice",
                       "payment-confirmation", "still-using", "payment-failed"),
    "At risk and gone": ("save-before-leaving", "complaint-recovery", "win-back", "exit-survey", "last-goodbye"),
}  # fmt: skip

_QUIET = {"complaint": "a complaint", "order": "an order", "contact": "another contact"}
_STOPS = {"ordered": "an order", "complaint": "a complaint", "opened": "the message being opened",
          "clicked": "a click"}  # fmt: skip
_ALWAYS = ("goal_reached", "unsubscribed")


def library() -> str:
    """Every campaign of the library under the part of life it speaks to."""
    parts: list[str] = []
    for chapter, names in CHAPTERS.items():
        parts += [f"## {chapter}", ""]
        for name in names:
            parts += [*_entry(name), ""]
    return "\n".join(parts)


def _entry(name: str) -> Iterator[str]:
    folder = resources.files("tenure.campaigns").joinpath(name)
    texts = {file.name: file.read_text("utf-8") for file in folder.iterdir() if not file.is_dir()}
    messages, steps = sorted_messages(texts)
    campaign = parse(name, texts["campaign.yaml"], messages, name, step_messages=steps)
    yield f"### {name}"
    yield ""
    stop = "" if campaign.title.endswith(("?", ".", "!")) else "."
    yield f"**{campaign.title}{stop}** {_reason(texts['campaign.yaml'])}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {what} | {said.replace('|', chr(92) + '|')} |" for what, said in _rows(campaign) if said)


def _reason(text: str) -> str:
    """The comment at the head of a campaign file as one paragraph."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def _rows(campaign: Campaign) -> Iterator[tuple[str, str]]:
    yield "who", _who(campaign)
    yield "when", f"{when(campaign.occasion)}; once for each `{campaign.occasion.key}`"
    yield "not within", ", ".join(f"{phrases.days(days)} of {_QUIET.get(word, f'`{word}`')}"
                                  for word, days in campaign.quiet_after)  # fmt: skip
    yield "how", phrases.listed([phrases.by_channel(channel) for channel in campaign.channels], "or")
    yield "offer", _offer(campaign.offer)
    yield "success", _success(campaign)
    ends = [_STOPS.get(word, f"`{word}`") for word in campaign.stop if word not in _ALWAYS]
    yield "ends with", ", ".join(ends)
    for step in campaign.steps:
        yield f"then `{step.step}`", _step(campaign, step)


def _who(campaign: Campaign) -> str:
    stages = phrases.listed([f"`{stage}`" for stage in campaign.stages], "or") if campaign.stages else "every stage"
    return f"{stages}; `{campaign.audience.text}`" if campaign.audience.text else stages


def _offer(offer: Offer | None) -> str:
    if offer is None:
        return ""
    value = f"{offer.value:g}"
    what = {"percent": f"{value}% off", "amount": f"{value} off", "free_shipping": "free shipping",
            "gift": "a gift"}[offer.kind]  # fmt: skip
    whom = f" for those with `{offer.when.text}`" if offer.when else ""
    return f"{what}{whom}{', where it pays' if offer.lift else ''}"


def _success(campaign: Campaign) -> str:
    goal, belief = campaign.goal, campaign.effect
    added = f"; believed to add {belief.lift * 100:g} in 100 ({belief.confidence} confidence)" if belief.lift else ""
    purpose = "; a service message, which nobody is left without" if campaign.purpose == "service" else ""
    return f"`{goal.event}` within {phrases.days(goal.within_days)}{added}{purpose}"


def _step(campaign: Campaign, step: Campaign) -> str:
    after = step.occasion.after or ""
    follows = "the first message" if after == campaign.name else f"`{after.partition('/')[2]}`"
    unless = f", unless it was {phrases.listed(list(step.occasion.unless), 'or')}" if step.occasion.unless else ""
    own = tuple(term for term, _ in step.audience.terms)[len(campaign.audience.terms) :]
    whom = f", to those with `{' AND '.join(own)}`" if own else ""
    offer = f"; {_offer(step.offer)}" if step.offer else ""
    how = phrases.listed([phrases.by_channel(channel) for channel in step.channels], "or")
    return f"{phrases.days(step.occasion.wait_days)} after {follows}{unless}{whom}, {how}{offer}"
