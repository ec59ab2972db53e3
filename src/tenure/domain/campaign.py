"""A campaign as plain values: the reusable recipe of whom to write to, when, where, with what, and to which end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tenure.domain.segment import Condition, Term

Purpose = Literal["marketing", "service"]
Confidence = Literal["low", "medium", "high"]
SendTime = Literal["at_once", "best_hour"]


@dataclass(frozen=True, slots=True)
class Audience:
    """A condition with the words it was written in, split at its top-level ANDs so that each can be named in a no."""

    text: str
    terms: tuple[tuple[str, Condition], ...] = ()


@dataclass(frozen=True, slots=True)
class Occasion:
    """The reason to speak now; at most one contact for each distinct `key`. At most one source is set.

    Attributes:
        key: profile column, `properties.NAME` of what happened, or for `every` and `schedule` the period itself.
        event: name of the event that gives the occasion.
        date: profile column that holds the date of the occasion, or `birthday`.
        calendar: kind of the business's own dates (fact table `occasions`): sale, holiday, season or launch.
        release: new products: `any`, of the customer's top `category` or `brand`, or the `better` version of theirs.
        schedule: every `day`, `week` or `month` of the business's calendar.
        after: a campaign, or `CAMPAIGN/STEP`, whose message was sent to this customer; the occasion is that one's.
        where: condition over the properties of what happened and the profile.
        wait_days: how much time must have passed since the event or the earlier message.
        within_days: how far back the event, release or message may lie; for a date, how near it must be.
        before_days, late_days: for `date` and `calendar`, how long before it the occasion opens and how long after it
            (after the end, for a calendar) it stays open; both are `within_days` where the file gives only that.
        every: `year` where the date returns every year, as birthdays do.
        unless: what ends the wait after an earlier message: `opened`, `clicked`.
    """

    key: str
    event: str | None = None
    where: Audience | None = None
    within_days: float = 7.0
    date: str | None = None
    calendar: str | None = None
    release: str | None = None
    schedule: str | None = None
    after: str | None = None
    wait_days: float = 0.0
    before_days: float = 7.0
    late_days: float = 7.0
    every: str | None = None
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What is promised: percent of the order, a fixed amount, free shipping or a free gift; `when` narrows to whom.

    Attributes:
        value: percent, or units of the currency (for a gift, what it costs the business).
        lift: what the offer adds to the campaign's lift. 0 leaves it to `when` alone who is promised it; above 0 the
            message without the offer competes with the message with it, and the better one is chosen.
    """

    kind: Literal["percent", "amount", "free_shipping", "gift"]
    value: float = 0.0
    when: Audience | None = None
    lift: float = 0.0


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
    confidence: Confidence = "low"

    @property
    def sd(self) -> float:
        """How unsure the stated lift is: as much as it says itself (low), half (medium) or a fifth of it (high)."""
        return self.lift * {"low": 1.0, "medium": 0.5, "high": 0.2}[self.confidence]


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign file, read and checked; each later step of it is one too, named `CAMPAIGN/STEP`.

    Attributes:
        name: its folder's name.
        version: content hash of the campaign file and its messages; decisions remember it.
        stages: stages it is for; empty means all.
        quiet_after: days of silence after an event of the customer, such as ("complaint", 14.0).
        channels: where it may speak, in order of preference.
        control: share of the audience left alone to learn the true effect.
        stop: what ends it between the occasion and the message: `goal_reached`, `unsubscribed` (both always hold),
            `ordered`, `complaint`, `opened`, `clicked`, or the name of an event.
        send: at once, or at the hour at which this person reads.
        budget: money that contacts and offers may cost in any 30 days, in units; None without a limit.
        locales: languages in which its message is written.
        path: the folder's path as the user wrote it.
        steps: what follows the first message, in the order of the file.
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
    send: SendTime = "at_once"
    budget: float | None = None
    locales: tuple[str, ...] = ("en",)
    path: str = ""
    steps: tuple[Campaign, ...] = ()

    @property
    def folder(self) -> str:
        """The campaign's own name, without that of a step."""
        return self.name.partition("/")[0]

    @property
    def step(self) -> str | None:
        """The name of the step, None for the first message."""
        return self.name.partition("/")[2] or None
