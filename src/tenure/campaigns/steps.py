"""Reads what follows a first message, each step compiled to a campaign of its own named `CAMPAIGN/STEP`.

A step stands on the message before it: its occasion opens once that one was really sent and the wait has passed. It
keeps the campaign's purpose, stages, goal, silence and stops, asks the campaign's audience again beside its own
condition, and holds nobody back, for the campaign's control group never got the first message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tenure.campaigns.durations import days_of
from tenure.campaigns.occasion import has_properties
from tenure.campaigns.pieces import NAME, audience_of, belief_of, channels_of, locales_of, offer_of, send_of, words_of
from tenure.documents import Document
from tenure.domain.campaign import Audience, Campaign, Occasion
from tenure.domain.errors import Place, TenureError, nearest

KEYS = ("name", "wait", "within", "after", "unless", "audience", "channels", "offer", "effect", "send")
UNLESS = ("opened", "clicked")
FIRST = "first"
DEFAULT_WITHIN = 3.0
_RESERVED = (FIRST, "message")


def steps_of(
    document: Document, campaign: Campaign, messages: Mapping[str, Mapping[str, str]], default_locale: str
) -> tuple[Campaign, ...]:
    """The steps of a campaign file, in its order.

    Args:
        document: the file.
        campaign: what was read of it so far.
        messages: content of each `STEP.LOCALE.md`, by step and locale.
        default_locale: the language in which each step must be written.

    Raises:
        TenureError: a step without name, wait or message, a message without step, or steps that wait for each other.
    """
    written = _written(document)
    names = [_name(step) for step in written]
    for name, step in zip(names, written, strict=True):
        if names.count(name) > 1:
            raise TenureError(f"two steps are called `{name}`", "Name one of them otherwise.", step.place("name"))
    _refuse_strays(messages, names, campaign.path)
    before = [_after(step, names[:index], names) for index, step in enumerate(written)]
    _refuse_circles(dict(zip(names, before, strict=True)), written, names)
    return tuple(
        _step(step, name, follows, campaign, messages.get(name, {}), default_locale)
        for step, name, follows in zip(written, names, before, strict=True)
    )


def _written(document: Document) -> list[Document]:
    steps = document.get("steps")
    if steps is None:
        return []
    items = steps if isinstance(steps, list) else [steps]
    read = [item for item in items if isinstance(item, Document)]
    if len(read) < len(items) or not isinstance(steps, list):
        raise TenureError("`steps` must be a list of steps", "Write `- name: reminder` and indent its keys under it.",
                          document.place("steps"))  # fmt: skip
    for step in read:
        step.allow(KEYS)
        step.require("name", "wait")
    return read


def _name(step: Document) -> str:
    name = step.text("name").strip()
    if not NAME.fullmatch(name) or name in _RESERVED:
        raise TenureError(f"`{name}` cannot be the name of a step",
                          "Use small letters, digits and single hyphens, such as `reminder`.",
                          step.place("name"))  # fmt: skip
    return name


def _after(step: Document, earlier: list[str], names: list[str]) -> str:
    after = step.text("after").strip()
    if not after:
        return earlier[-1] if earlier else FIRST
    if after not in (FIRST, *names):
        raise TenureError(f"no step is called `{after}`", nearest(after, (FIRST, *names)), step.place("after"))
    return after


def _refuse_circles(before: Mapping[str, str], written: list[Document], names: list[str]) -> None:
    for name in names:
        walked = [name]
        while (follows := before[walked[-1]]) != FIRST:
            if follows == name:
                circle = " → ".join([*walked, name])
                raise TenureError(f"these steps wait for each other: {circle}",
                                  "Let one of them come `after: first`.",
                                  written[names.index(name)].place("after"))  # fmt: skip
            if follows in walked:
                break  # a circle further on, refused under the name of a step that lies on it
            walked.append(follows)


def _refuse_strays(messages: Mapping[str, Mapping[str, str]], names: list[str], folder: str) -> None:
    for name in messages:
        if name not in names:
            remedy = nearest(name, [*names, "message"])
            locale = min(messages[name], default="en")
            raise TenureError(f"no step is called `{name}`", remedy, Place(f"{folder}/{name}.{locale}.md"))


def _step(
    step: Document, name: str, follows: str, campaign: Campaign, messages: Mapping[str, str], default_locale: str
) -> Campaign:
    wait = days_of(step, "wait", 0.0)
    return replace(
        campaign,
        name=f"{campaign.name}/{name}",
        audience=_both(campaign.audience, audience_of(step, "audience", f"steps.{name}.")),
        occasion=Occasion(
            key=campaign.occasion.key,
            after=campaign.name if follows == FIRST else f"{campaign.name}/{follows}",
            wait_days=wait,
            within_days=wait + days_of(step, "within", DEFAULT_WITHIN),
            unless=words_of(step, "unless", UNLESS),
        ),
        channels=channels_of(step) if step.get("channels") is not None else campaign.channels,
        offer=offer_of(step, has_properties(campaign.occasion)),
        effect=belief_of(step, campaign.effect),
        control=0.0,
        send=send_of(step, campaign.purpose, follows=True),
        locales=locales_of(messages, default_locale, campaign.path, name, step.place("name")),
        steps=(),
    )


def _both(first: Audience, second: Audience) -> Audience:
    if not first.terms or not second.terms:
        return first if first.terms else second
    return Audience(f"({first.text}) AND ({second.text})", (*first.terms, *second.terms))
