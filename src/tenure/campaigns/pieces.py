"""The pieces that a campaign and each of its steps are written in: words, channels, conditions, offer and belief."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from tenure.campaigns.conditions import parse_audience
from tenure.campaigns.grammar import Source
from tenure.campaigns.kinds import CHANNELS
from tenure.documents import Document
from tenure.domain.campaign import Audience, Belief, Offer, Purpose, SendTime
from tenure.domain.errors import Place, TenureError, nearest

OFFERS = ("percent", "amount", "free_shipping", "gift")
SENDS = ("at_once", "best_hour")
# Words of `stop` besides events; any other word in small letters is a misspelling, for events are named as in
# "Product Viewed".
STOPS = ("goal_reached", "unsubscribed", "ordered", "complaint", "opened", "clicked")

OfferKind = Literal["percent", "amount", "free_shipping", "gift"]
Confidence = Literal["low", "medium", "high"]

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def audience_of(document: Document, key: str, prefix: str = "", *, properties: bool = False) -> Audience:
    """The condition under a key, empty where there is none."""
    text = document.text(key).strip()
    if not text:
        return Audience("")
    return parse_audience(text, Source(prefix + key, document.place(key), properties))


def words_of(document: Document, key: str, known: Iterable[str], *, events: bool = False) -> tuple[str, ...]:
    """The list of words under a key, each known (or the name of an event) and written once."""
    words, known = document.texts(key), tuple(known)
    for word in words:
        if word not in known and not (events and word.strip() and not word.islower()):
            raise TenureError(f"`{key}` cannot be `{word}`", nearest(word, known), document.place(key))
        if words.count(word) > 1:
            raise TenureError(f"`{word}` stands twice in `{key}`", "Keep one of them.", document.place(key))
    return tuple(words)


def channels_of(document: Document) -> tuple[str, ...]:
    """Where it may speak, in order of preference."""
    channels = words_of(document, "channels", CHANNELS)
    if not channels:
        raise TenureError("`channels` is empty", "Name at least one, such as [email].", document.place("channels"))
    return channels


def offer_of(document: Document, properties: bool) -> Offer | None:
    """What is promised, if anything is; `properties` says whether the occasion brings some for `when` to read."""
    if document.get("offer") is None:
        return None
    offer = document.child("offer")
    offer.allow(("kind", "value", "when", "lift"))
    offer.require("kind")
    kind = offer.choice("kind", OFFERS, "")
    value = offer.number("value", 0.0, low=0.0, high=100.0 if kind == "percent" else None)
    if kind in ("percent", "amount") and value <= 0:
        raise TenureError(f"an offer of kind `{kind}` needs a `value` above 0", "Add it.", offer.place("value"))
    if kind == "free_shipping" and offer.get("value") is not None:
        raise TenureError("`value` says nothing for free shipping", "Take it away.", offer.place("value"))
    when = audience_of(offer, "when", "offer.", properties=properties)
    lift = offer.number("lift", 0.0, low=0.0, high=1.0)
    return Offer(cast(OfferKind, kind), value, when if when.terms else None, lift)


def belief_of(document: Document, default: Belief) -> Belief:
    """What to believe before there are results."""
    effect = document.child("effect")
    effect.allow(("lift", "confidence"))
    lift = effect.number("lift", default.lift, low=0.0, high=1.0)
    confidence = effect.choice("confidence", ("low", "medium", "high"), default.confidence)
    return Belief(lift, cast(Confidence, confidence))


def send_of(document: Document, purpose: Purpose, *, follows: bool) -> SendTime:
    """When it leaves: at once after something that happened and in service, else at the hour this person reads."""
    default = "at_once" if follows or purpose == "service" else "best_hour"
    return cast(SendTime, document.choice("send", SENDS, default))


def locales_of(messages: Mapping[str, str], default: str, folder: str, stem: str, place: Place) -> tuple[str, ...]:
    """The languages a message is written in, the business's own first.

    Args:
        messages: content of each `STEM.LOCALE.md`, by locale.
        default: the language in which it must exist.
        folder: where the files lie, for refusals.
        stem: `message`, or the name of a step.
        place: what a missing message is refused at; without a line, the file that is missing.
    """
    for locale in messages:
        if not LOCALE.fullmatch(locale):
            raise TenureError(
                f"`{locale}` is not a language",
                f"Name the file such as {stem}.en.md or {stem}.pt-BR.md.",
                Place(f"{folder}/{stem}.{locale}.md"),
            )
    found = default if default in messages else default.split("-", maxsplit=1)[0]
    if found not in messages:
        said = "the message" if stem == "message" else f"the message of the step `{stem}`"
        raise TenureError(f"{said} in the default language `{default}` is missing",
                          f"Add {stem}.{default}.md beside campaign.yaml.", place)  # fmt: skip
    return (found, *sorted(locale for locale in messages if locale != found))
