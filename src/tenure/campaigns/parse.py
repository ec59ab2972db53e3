"""Reads a campaign's folder into one checked recipe, or says with file and line what is wrong with it.

The caller reads the files; here text comes in and a `Campaign` goes out. Every key is described in
docs/reference/campaign-file.md. A key, column, stage, channel or locale that nobody knows is refused with the nearest
one that is known, so that a misspelt campaign never silently speaks to nobody or to everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from tenure import documents
from tenure.campaigns.conditions import parse_term
from tenure.campaigns.durations import days_of
from tenure.campaigns.grammar import Source
from tenure.campaigns.impossible import refuse_impossible
from tenure.campaigns.occasion import has_properties, occasion_of
from tenure.campaigns.pieces import (
    NAME,
    STOPS,
    audience_of,
    belief_of,
    channels_of,
    locales_of,
    offer_of,
    send_of,
    words_of,
)
from tenure.campaigns.steps import steps_of
from tenure.documents import Document
from tenure.domain.campaign import Belief, Campaign, Goal, Purpose
from tenure.domain.errors import Place, TenureError
from tenure.domain.profile import STAGES

KEYS = ("title", "purpose", "stage", "audience", "occasion", "quiet_after", "channels", "offer", "goal", "effect",
        "control", "budget", "send", "stop", "steps")  # fmt: skip

# What `quiet_after` can name besides events. Any other word in small letters is a misspelling, for events are named as
# in "Product Viewed".
QUIET_WORDS = ("complaint", "contact", "order")
FIRST_MESSAGE = "message"

Messages = Mapping[str, str]


def parse(
    name: str, text: str, messages: Messages, path: str = "", *, default_locale: str = "en",
    step_messages: Mapping[str, Messages] | None = None,
) -> Campaign:  # fmt: skip
    """Read one campaign.

    Args:
        name: the folder's name.
        text: content of `campaign.yaml`.
        messages: content of each `message.LOCALE.md`, by locale.
        path: the folder as the user would type it, for messages.
        default_locale: the business's language, in which each message must exist.
        step_messages: content of each `STEP.LOCALE.md`, by step and locale.

    Raises:
        TenureError: naming file, line, what is wrong and what to write instead.
    """
    folder = path or name
    document = documents.parse(text, f"{folder}/campaign.yaml")
    document.allow(KEYS)
    document.require("title", "occasion", "channels")
    occasion = occasion_of(document)
    purpose = cast(Purpose, document.choice("purpose", ("marketing", "service"), "marketing"))
    first = Campaign(
        name=_name(name, document),
        version=version_of(text, messages, step_messages or {}),
        title=_title(document),
        purpose=purpose,
        stages=words_of(document, "stage", STAGES),
        audience=audience_of(document, "audience"),
        occasion=occasion,
        channels=channels_of(document),
        goal=_goal(document, has_properties(occasion)),
        effect=belief_of(document, Belief()),
        offer=offer_of(document, has_properties(occasion)),
        control=document.number("control", 0.10, low=0.0, high=0.5),
        quiet_after=_quiet_after(document),
        stop=words_of(document, "stop", STOPS, events=True),
        send=send_of(document, purpose, follows=occasion.event is not None),
        budget=_budget(document),
        locales=locales_of(
            messages, default_locale, folder, FIRST_MESSAGE, Place(f"{folder}/{FIRST_MESSAGE}.{default_locale}.md")
        ),
        path=folder,
    )
    campaign = replace(first, steps=steps_of(document, first, step_messages or {}, default_locale))
    refuse_impossible(document, campaign)
    return campaign


def sorted_messages(files: Mapping[str, str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The messages among a folder's files: by locale those of the first message, by step and locale the others.

    Args:
        files: content by file name; only names such as `message.en.md` are looked at.
    """
    by_stem: dict[str, dict[str, str]] = {FIRST_MESSAGE: {}}
    for file, content in sorted(files.items()):
        stem, _, locale = file.removesuffix(".md").partition(".")
        if file.endswith(".md") and stem and locale:
            by_stem.setdefault(stem, {})[locale] = content
    return by_stem.pop(FIRST_MESSAGE), by_stem


def version_of(text: str, messages: Messages, step_messages: Mapping[str, Messages] | None = None) -> str:
    """The first 16 hex digits of the SHA-256 over all files of the campaign; the same files give the same version."""
    digest = hashlib.sha256()
    files = {"campaign.yaml": text}
    for stem, texts in {**(step_messages or {}), FIRST_MESSAGE: messages}.items():
        files |= {f"{stem}.{locale}.md": body for locale, body in texts.items()}
    for file, content in sorted(files.items()):
        payload = content.encode()
        # The length keeps two files from being mistaken for one that was cut elsewhere.
        digest.update(f"{file}\x00{len(payload)}\x00".encode() + payload)
    return digest.hexdigest()[:16]


def _name(name: str, document: Document) -> str:
    if not NAME.fullmatch(name):
        raise TenureError(
            f"the folder's name `{name}` is not a campaign's name",
            "Use small letters, digits and single hyphens, such as `win-back`.",
            Place(document.file),
        )
    return name


def _title(document: Document) -> str:
    title = document.text("title").strip()
    if not title:
        raise TenureError("`title` is empty", "Write what people should call this campaign.", document.place("title"))
    return title


def _budget(document: Document) -> float | None:
    if document.get("budget") is None:
        return None
    budget = document.number("budget", 0.0, low=0.0)
    if budget <= 0:
        raise TenureError("a `budget` of 0 lets the campaign say nothing", "Write an amount, or take the key away.",
                          document.place("budget"))  # fmt: skip
    return budget


def _quiet_after(document: Document) -> tuple[tuple[str, float], ...]:
    quiet = document.child("quiet_after")
    words = quiet.keys()
    quiet.allow([*QUIET_WORDS, *(word for word in words if not word.islower())])
    return tuple((word, days_of(quiet, word, 0.0)) for word in words)


def _goal(document: Document, properties: bool) -> Goal:
    goal = document.child("goal")
    goal.allow(("event", "within", "value"))
    value = goal.text("value").strip()
    return Goal(
        event=goal.text("event", "Order Completed").strip(),
        within_days=days_of(goal, "within", 14.0),
        value=parse_term(value, Source("goal.value", goal.place("value"), properties)) if value else None,
    )
