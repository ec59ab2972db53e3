"""Reads a campaign's folder into one checked recipe, or says with file and line what is wrong with it.

The caller reads the files; here text comes in and a `Campaign` goes out. Every key is described in
docs/reference/campaign-file.md. A key, column, stage, channel or locale that nobody knows is refused with the nearest
one that is known, so that a misspelt campaign never silently speaks to nobody or to everybody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Literal, cast

from tenure import documents
from tenure.campaigns.conditions import parse_audience, parse_term
from tenure.campaigns.durations import days_of
from tenure.campaigns.grammar import Source
from tenure.campaigns.kinds import CHANNELS
from tenure.documents import Document
from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion, Offer, Purpose
from tenure.domain.errors import Place, TenureError, nearest
from tenure.domain.profile import BY_NAME, STAGES

KEYS = ("title", "purpose", "stage", "audience", "occasion", "quiet_after", "channels", "offer", "goal", "effect",
        "control", "stop")  # fmt: skip
STOPS = ("goal_reached", "unsubscribed")
OFFERS = ("percent", "amount", "free_shipping", "gift")

# What `quiet_after` can name besides events. Any other word in small letters is a misspelling, for events are named as
# in "Product Viewed".
QUIET_WORDS = ("complaint", "contact", "order")
# Events that facts imply although no event row exists, and the properties these have.
IMPLIED_EVENTS: dict[str, tuple[str, ...]] = {"Order Completed": ("order_id", "total")}

OfferKind = Literal["percent", "amount", "free_shipping", "gift"]
Confidence = Literal["low", "medium", "high"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PROPERTY = re.compile(r"properties\.([A-Za-z_][A-Za-z0-9_]{0,63})")


def parse(name: str, text: str, messages: Mapping[str, str], path: str = "", *, default_locale: str = "en") -> Campaign:
    """Read one campaign.

    Args:
        name: the folder's name.
        text: content of `campaign.yaml`.
        messages: content of each `message.LOCALE.md`, by locale.
        path: the folder as the user would type it, for messages.
        default_locale: the business's language, in which the message must exist.

    Raises:
        TenureError: naming file, line, what is wrong and what to write instead.
    """
    folder = path or name
    document = documents.parse(text, f"{folder}/campaign.yaml")
    document.allow(KEYS)
    document.require("title", "occasion", "channels")
    occasion = _occasion(document)
    return Campaign(
        name=_name(name, document),
        version=version_of(text, messages),
        title=_title(document),
        purpose=cast(Purpose, document.choice("purpose", ("marketing", "service"), "marketing")),
        stages=_words(document, "stage", STAGES),
        audience=_audience(document, "audience"),
        occasion=occasion,
        channels=_channels(document),
        goal=_goal(document, occasion.event is not None),
        effect=_belief(document),
        offer=_offer(document, occasion.event is not None),
        control=document.number("control", 0.10, low=0.0, high=0.5),
        quiet_after=_quiet_after(document),
        stop=_words(document, "stop", STOPS),
        locales=_locales(messages, default_locale, folder),
        path=folder,
    )


def version_of(text: str, messages: Mapping[str, str]) -> str:
    """The first 16 hex digits of the SHA-256 over all files of the campaign; the same files give the same version."""
    digest = hashlib.sha256()
    files = {"campaign.yaml": text, **{f"message.{locale}.md": body for locale, body in messages.items()}}
    for file, content in sorted(files.items()):
        payload = content.encode()
        # The length keeps two files from being mistaken for one that was cut elsewhere.
        digest.update(f"{file}\x00{len(payload)}\x00".encode() + payload)
    return digest.hexdigest()[:16]


def _name(name: str, document: Document) -> str:
    if not _NAME.fullmatch(name):
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


def _words(document: Document, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    words = document.texts(key)
    for word in words:
        if word not in known:
            raise TenureError(f"`{key}` cannot be `{word}`", nearest(word, known), document.place(key))
        if words.count(word) > 1:
            raise TenureError(f"`{word}` stands twice in `{key}`", "Keep one of them.", document.place(key))
    return tuple(words)


def _channels(document: Document) -> tuple[str, ...]:
    channels = _words(document, "channels", CHANNELS)
    if not channels:
        raise TenureError("`channels` is empty", "Name at least one, such as [email].", document.place("channels"))
    return channels


def _audience(document: Document, key: str, prefix: str = "", *, properties: bool = False) -> Audience:
    text = document.text(key).strip()
    if not text:
        return Audience("")
    return parse_audience(text, Source(prefix + key, document.place(key), properties))


def _occasion(document: Document) -> Occasion:
    occasion = document.child("occasion")
    occasion.allow(("event", "where", "within", "date", "key"))
    event, date = occasion.text("event").strip(), occasion.text("date").strip()
    if event and date:
        raise TenureError("an occasion has an `event:` or a `date:`, not both", "Keep one.", occasion.place("date"))
    for key in ("where", "within"):
        if occasion.get(key) is not None and not event and not (key == "within" and date):
            needs = "an `event:` or a `date:`" if key == "within" else "an `event:`"
            raise TenureError(f"`{key}` says nothing without {needs}", f"Take `{key}` away, or add {needs}.",
                              occasion.place(key))  # fmt: skip
    return Occasion(
        key=_occasion_key(occasion, event),
        event=event or None,
        where=_audience(occasion, "where", "occasion.", properties=True) if occasion.text("where").strip() else None,
        within_days=days_of(occasion, "within", 7.0),
        date=_moment_column(occasion, date) if date else None,
    )


def _occasion_key(occasion: Document, event: str) -> str:
    occasion.require("key")
    key = occasion.text("key").strip()
    if found := _PROPERTY.fullmatch(key):
        return _property_key(occasion, found[1], event)
    if event and key in IMPLIED_EVENTS.get(event, ()):
        return f"properties.{key}"
    if key not in BY_NAME:
        raise TenureError(
            f"the profile has no column `{key}` to tell one occasion from the next",
            f"{nearest(key, BY_NAME)}{' Or write `properties.NAME` for a property of the event.' if event else ''}",
            occasion.place("key"),
        )
    if BY_NAME[key].unit == "texts":
        raise TenureError(f"`{key}` is a list and cannot tell one occasion from the next", "Name a single value.",
                          occasion.place("key"))  # fmt: skip
    return key


def _property_key(occasion: Document, name: str, event: str) -> str:
    if not event:
        raise TenureError(f"`properties.{name}` needs an `event:`", "Name the event, or a profile column as key.",
                          occasion.place("key"))  # fmt: skip
    known = IMPLIED_EVENTS.get(event)
    if known and name not in known:
        raise TenureError(f"`{event}` has no property `{name}`", nearest(name, known), occasion.place("key"))
    return f"properties.{name}"


def _moment_column(occasion: Document, column: str) -> str:
    moments = [name for name, known in BY_NAME.items() if known.unit == "moment"]
    if column not in moments:
        problem = f"`{column}` is not a moment" if column in BY_NAME else f"the profile has no column `{column}`"
        raise TenureError(problem, nearest(column, moments), occasion.place("date"))
    return column


def _quiet_after(document: Document) -> tuple[tuple[str, float], ...]:
    quiet = document.child("quiet_after")
    words = quiet.keys()
    quiet.allow([*QUIET_WORDS, *(word for word in words if not word.islower())])
    return tuple((word, days_of(quiet, word, 0.0)) for word in words)


def _offer(document: Document, has_event: bool) -> Offer | None:
    if document.get("offer") is None:
        return None
    offer = document.child("offer")
    offer.allow(("kind", "value", "when"))
    offer.require("kind")
    kind = offer.choice("kind", OFFERS, "")
    value = offer.number("value", 0.0, low=0.0, high=100.0 if kind == "percent" else None)
    if kind in ("percent", "amount") and value <= 0:
        raise TenureError(f"an offer of kind `{kind}` needs a `value` above 0", "Add it.", offer.place("value"))
    if kind == "free_shipping" and offer.get("value") is not None:
        raise TenureError("`value` says nothing for free shipping", "Take it away.", offer.place("value"))
    when = _audience(offer, "when", "offer.", properties=has_event)
    return Offer(cast(OfferKind, kind), value, when if when.terms else None)


def _goal(document: Document, has_event: bool) -> Goal:
    goal = document.child("goal")
    goal.allow(("event", "within", "value"))
    value = goal.text("value").strip()
    return Goal(
        event=goal.text("event", "Order Completed").strip(),
        within_days=days_of(goal, "within", 14.0),
        value=parse_term(value, Source("goal.value", goal.place("value"), has_event)) if value else None,
    )


def _belief(document: Document) -> Belief:
    effect = document.child("effect")
    effect.allow(("lift", "confidence"))
    lift = effect.number("lift", 0.01, low=0.0, high=1.0)
    confidence = effect.choice("confidence", ("low", "medium", "high"), "low")
    return Belief(lift, cast(Confidence, confidence))


def _locales(messages: Mapping[str, str], default: str, folder: str) -> tuple[str, ...]:
    for locale in messages:
        if not _LOCALE.fullmatch(locale):
            raise TenureError(
                f"`{locale}` is not a language",
                "Name the file such as message.en.md or message.pt-BR.md.",
                Place(f"{folder}/message.{locale}.md"),
            )
    found = default if default in messages else default.split("-", maxsplit=1)[0]
    if found not in messages:
        raise TenureError(
            f"the message in the default language `{default}` is missing",
            f"Add message.{default}.md beside campaign.yaml.",
            Place(f"{folder}/message.{default}.md"),
        )
    return (found, *sorted(locale for locale in messages if locale != found))
