"""A preview in words and figures: for people in 80 columns, and as a document for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tenure.domain.campaign import Campaign
from tenure.domain.decision import RULES
from tenure.operations.preview import Foreseen, Narrowing, Preview
from tenure.operations.specimens import Specimen

if TYPE_CHECKING:
    from tenure.operations.shown import Shown

_WIDTH = 80
_LABEL = 66


def summary(preview: Preview, idle: str | None) -> list[str]:
    """What the campaign would do, as sentences."""
    said = [_reached(preview)]
    if idle is not None:
        said.append(f"It is idle here: {idle}.")
    contacts = sum(part.chosen for part in preview.parts)
    if contacts:
        said.append(
            f"Expected: {_money(preview, sum(p.profit for p in preview.parts))} more than silence, after "
            f"{_money(preview, sum(p.contact_cost for p in preview.parts))} for contacts and "
            f"{_money(preview, sum(p.offer_cost for p in preview.parts))} for offers."
        )
        said.append("By itself: what other campaigns would say to the same customers is left out.")
    return said + list(in_the_way(preview))


def in_the_way(preview: Preview) -> list[str]:
    """What holds the campaign back besides its own rules, as sentences."""
    said = []
    currency = preview.business.currency
    for name, (amount, rate) in preview.limits.items():
        if rate > 0:
            what = f"{amount:,.2f} {currency}" if name.startswith("budget") else f"{amount:,.0f} contacts"
            one = f"one more {currency}" if name.startswith("budget") else "one more contact"
            said.append(f"Limit in the way: {what} left ({name}); {one} would bring {rate:,.2f} {currency}.")
        elif amount <= 0:
            said.append(f"Limit in the way: nothing is left of {name}.")
    for channel in dict.fromkeys(name for part in preview.parts for name in part.campaign.channels):
        if preview.business.channel(channel) is None:
            said.append(f"The channel `{channel}` is not set up here; nobody is reached on it.")
    return said


def funnel(part: Foreseen) -> list[str]:
    """From everybody to those who would hear from us, a line for each rule with how many it leaves."""
    lines = []
    for step in part.funnel:
        words = textwrap.wrap(label(step), _LABEL, subsequent_indent="    ", break_on_hyphens=False)
        lines += words[:-1]
        lines.append(f"{words[-1]:<{_LABEL}}{step.left:>{_WIDTH - _LABEL - 2},}")
    return [f"  {line}" for line in lines]


def example_lines(part: Foreseen, preview: Preview, names: Mapping[str, str]) -> list[str]:
    """The example customers, one a line."""
    rows = [
        (one.customer_id, one.stage or "–", one.channel or "–", "offer" if one.offered else "",
         _money(preview, one.worth), names.get(one.customer_id, ""))
        for one in part.examples
    ]  # fmt: skip
    widths = [max((len(row[place]) for row in rows), default=0) for place in range(6)]
    aligned = (
        "  ".join(f"{cell:>{width}}" if place == 4 else f"{cell:<{width}}"
                  for place, (cell, width) in enumerate(zip(row, widths, strict=True)) if width)
        for row in rows
    )  # fmt: skip
    return [f"  {line}".rstrip() for line in aligned]


def message_lines(message: Shown) -> list[str]:
    """What is read first of one message, a line for each piece."""
    offered = {True: ", with the offer", False: ", without the offer", None: ""}[message.offered]
    head = f"  {message.channel}, {message.locale}{offered}:"
    pieces = {"subject": message.subject, "preheader": message.preheader, "title": message.title,
              "text": "" if message.html else message.text, "link": message.link}  # fmt: skip
    lines = [head]
    for name, text in pieces.items():
        if text:
            whole = f"{name}: {' '.join(text.split())}"
            lines += textwrap.wrap(whole, _WIDTH, initial_indent="    ", subsequent_indent="      ",
                                   break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return lines


def part_name(campaign: Campaign) -> str:
    """The first message, or a step by its name."""
    return f"Step {campaign.step}" if campaign.step else "First message"


def as_json(
    preview: Preview, idle: str | None, messages: Sequence[Shown], names: Mapping[str, str]
) -> dict[str, Any]:  # fmt: skip
    """The whole preview as a document."""
    return {
        "campaign": preview.campaign.name, "title": preview.campaign.title, "as_of": preview.as_of.moment,
        "currency": preview.business.currency, "idle": idle,
        "contacts": sum(part.chosen for part in preview.parts),
        "expected_profit": round(sum(part.profit for part in preview.parts), 2),
        "limits": {name: {"left": amount, "rate": rate} for name, (amount, rate) in preview.limits.items()},
        "in_the_way": in_the_way(preview),
        "parts": [_part_json(part, names) for part in preview.parts],
        "messages": [_message_json(one) for one in messages],
    }  # fmt: skip


def _part_json(part: Foreseen, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "part": part.campaign.name,
        "funnel": [{"rule": step.rule, "term": step.term, "left": step.left} for step in part.funnel],
        "contacts": part.chosen, "control": part.control, "channels": dict(part.channels),
        "contact_cost": round(part.contact_cost, 2), "offer_cost": round(part.offer_cost, 2),
        "expected_profit": round(part.profit, 2),
        "examples": [_specimen_json(one, names) for one in part.examples],
        "shown_for": [one.customer_id for one in part.specimens],
    }  # fmt: skip


def _specimen_json(one: Specimen, names: Mapping[str, str]) -> dict[str, Any]:
    said = {"customer_id": one.customer_id, "stage": one.stage, "worth": round(one.worth, 4), "channel": one.channel,
            "offered": one.offered}  # fmt: skip
    return said | ({"name": names[one.customer_id]} if one.customer_id in names else {})


def _message_json(one: Shown) -> dict[str, Any]:
    fields = ("part", "locale", "channel", "offered", "customer_id", "subject", "preheader", "title", "text", "link",
              "html")  # fmt: skip
    said = {name: getattr(one, name) for name in fields}
    return {name: value for name, value in said.items() if value not in ("", None)}


def _reached(preview: Preview) -> str:
    everybody = preview.parts[0].funnel[0].left
    contacts, control = sum(p.chosen for p in preview.parts), sum(p.control for p in preview.parts)
    who = f"{contacts:,} of {everybody:,} customers would hear from us" if contacts else "Nobody would hear from us"
    held = f", and {control:,} more be left alone to learn its effect" if control else ""
    return f"{who} as of {preview.as_of}{held}."


def label(step: Narrowing) -> str:
    """One rule of the funnel in words."""
    match step.rule:
        case "everybody":
            return "everybody"
        case "stage" | "audience" | "occasion":
            return f"{step.rule}: {step.term}"
        case rule:
            return f"less those where {RULES[rule]}"


def _money(preview: Preview, amount: float) -> str:
    return f"{amount:,.2f} {preview.business.currency}"
