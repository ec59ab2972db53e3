"""A campaign as plain values: the reusable recipe of whom to write to, when, where, with what, and to which end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tenure.domain.segment import Condition, Term

Purpose = Literal["marketing", "service"]


@dataclass(frozen=True, slots=True)
class Audience:
    """A condition with the words it was written in, split at its top-level ANDs so that each can be named in a no."""

    text: str
    terms: tuple[tuple[str, Condition], ...] = ()


@dataclass(frozen=True, slots=True)
class Occasion:
    """The reason to speak now; at most one contact for each distinct `key`.

    Attributes:
        event: name of the event that gives the occasion, or None for an occasion read from the profile.
        where: condition over the event's properties and the profile.
        within_days: how far back the event may lie, or how far ahead the profile's `date` may lie.
        date: profile column that holds the date of the occasion, when it has one.
        key: profile column or event property whose value tells one occasion from the next.
    """

    key: str
    event: str | None = None
    where: Audience | None = None
    within_days: float = 7.0
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What is promised: percent of the order, a fixed amount, free shipping or a free gift; `when` narrows to whom."""

    kind: Literal["percent", "amount", "free_shipping", "gift"]
    value: float = 0.0
    when: Audience | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """What counts as success, within how many days, and what one success brings in money before margin."""

    event: str = "Order Completed"
    within_days: float = 14.0
    value: Term | None = None


@dataclass(frozen=True, slots=True)
class Belief:
    """What to believe about the effect before there are results: the added probability of the goal."""

    lift: float = 0.01
    confidence: Literal["low", "medium", "high"] = "low"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign file, read and checked.

    Attributes:
        name: its folder's name.
        version: content hash of the campaign file and its messages; decisions remember it.
        stages: stages it is for; empty means all.
        quiet_after: days of silence after an event of the customer, such as ("complaint", 14.0).
        channels: where it may speak, in order of preference.
        control: share of the audience left alone to learn the true effect.
        locales: languages in which its message is written.
        path: the folder's path as the user wrote it.
    """

    name: str
    version: str
    title: str
    purpose: Purpose
    stages: tuple[str, ...]
    audience: Audience
    occasion: Occasion
    channels: tuple[str, ...]
    goal: Goal
    effect: Belief
    offer: Offer | None = None
    control: float = 0.10
    quiet_after: tuple[tuple[str, float], ...] = ()
    stop: tuple[str, ...] = ()
    locales: tuple[str, ...] = ("en",)
    path: str = ""
