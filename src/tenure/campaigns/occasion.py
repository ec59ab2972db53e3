"""Reads the reason to speak now: one source, what narrows it, and the key that tells one occasion from the next."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tenure.campaigns.durations import days_of
from tenure.campaigns.pieces import audience_of
from tenure.documents import Document
from tenure.domain import happenings
from tenure.domain.campaign import Audience, Occasion
from tenure.domain.errors import TenureError, nearest
from tenure.domain.profile import BY_NAME
from tenure.domain.segment import properties_of

SOURCES = ("event", "date", "calendar", "release", "schedule")
KEYS = (*SOURCES, "where", "wait", "within", "before", "late", "every", "key")
# What each of the other keys needs in order to mean anything.
_NEEDS: dict[str, tuple[str, ...]] = {
    "where": ("event", "calendar", "release"), "wait": ("event",), "within": ("event", "date", "calendar", "release"),
    "before": ("date", "calendar"), "late": ("date", "calendar"), "every": ("date",),
}  # fmt: skip
DEFAULT_WITHIN = 7.0

_PROPERTY = re.compile(r"properties\.([A-Za-z_][A-Za-z0-9_]{0,63})")


def occasion_of(document: Document) -> Occasion:
    """The occasion of a campaign file.

    Raises:
        TenureError: two sources, a key that says nothing beside its source, a window that never opens, or no key that
            could tell a second contact from the first.
    """
    occasion = document.child("occasion")
    occasion.allow(KEYS)
    source = _source(occasion)
    known = properties_known(occasion, source)
    every = _every(occasion)
    within = days_of(occasion, "within", DEFAULT_WITHIN)
    wait = days_of(occasion, "wait", 0.0)
    if wait >= within:
        raise TenureError("`wait` is not shorter than `within`, so nobody would ever hear of it",
                          "Shorten `wait`, or lengthen `within`.", occasion.place("wait"))  # fmt: skip
    return Occasion(
        event=occasion.text("event").strip() or None,
        date=_date(occasion) if source == "date" else None,
        calendar=occasion.choice("calendar", happenings.CALENDAR_KINDS, "") if source == "calendar" else None,
        release=occasion.choice("release", happenings.RELEASES, "") if source == "release" else None,
        schedule=occasion.choice("schedule", happenings.PERIODS, "") if source == "schedule" else None,
        where=_where(occasion, source, known),
        wait_days=wait,
        within_days=within,
        before_days=_before(occasion, within),
        late_days=days_of(occasion, "late", within, zero=True),
        every=every,
        key=_key(occasion, source, known, every),
    )


def has_properties(occasion: Occasion) -> bool:
    """Whether the occasion brings properties that `goal.value` and `offer.when` may read."""
    return any((occasion.event, occasion.calendar, occasion.release, occasion.schedule, occasion.every))


def properties_known(occasion: Document, source: str | None) -> tuple[str, ...]:
    """The properties that are known to be there, empty where nobody can know them."""
    match source:
        case "event":
            return happenings.IMPLIED_EVENTS.get(occasion.text("event").strip(), ())
        case "calendar":
            return happenings.CALENDAR
        case "release":
            return happenings.RELEASE
        case "schedule":
            return happenings.SCHEDULE
        case "date" if _every(occasion):
            return happenings.YEARLY
        case _:
            return ()


def _source(occasion: Document) -> str | None:
    given = [key for key in occasion.keys() if key in SOURCES and occasion.text(key).strip()]  # noqa: SIM118
    if len(given) > 1:
        raise TenureError(f"an occasion has one source, not both `{given[0]}:` and `{given[1]}:`", "Keep one.",
                          occasion.place(given[1]))  # fmt: skip
    source = given[0] if given else None
    for key, sources in _NEEDS.items():
        if occasion.get(key) is not None and source not in sources:
            needs = _any_of(f"`{name}:`" for name in sources)
            raise TenureError(f"`{key}` says nothing without {needs}", f"Take `{key}` away, or add {needs}.",
                              occasion.place(key))  # fmt: skip
    return source


def _any_of(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _date(occasion: Document) -> str:
    column = occasion.text("date").strip()
    moments = [name for name, known in BY_NAME.items() if known.unit == "moment"]
    if column not in (*moments, happenings.BIRTHDAY):
        problem = f"`{column}` is not a moment" if column in BY_NAME else f"the profile has no column `{column}`"
        raise TenureError(problem, nearest(column, [*moments, happenings.BIRTHDAY]), occasion.place("date"))
    return column


def _every(occasion: Document) -> str | None:
    if occasion.text("date").strip() == happenings.BIRTHDAY:
        occasion.choice("every", ("year",), "year")
        return "year"
    return occasion.choice("every", ("year",), "year") if occasion.get("every") is not None else None


def _before(occasion: Document, within: float) -> float:
    before = days_of(occasion, "before", within, zero=True)
    if before == 0 and days_of(occasion, "late", within, zero=True) == 0:
        raise TenureError("`before` and `late` are both 0, so nobody would ever hear of it", "Lengthen one of them.",
                          occasion.place("before"))  # fmt: skip
    return before


def _where(occasion: Document, source: str | None, known: tuple[str, ...]) -> Audience | None:
    if not occasion.text("where").strip():
        return None
    where = audience_of(occasion, "where", "occasion.", properties=True)
    if source != "event":  # rows of ours have the properties that they have; an event may carry any
        for name in sorted(frozenset().union(*(properties_of(condition) for _, condition in where.terms))):
            if name not in known:
                raise TenureError(f"a {source} has no property `{name}`", nearest(name, known), occasion.place("where"))
    return where


def _key(occasion: Document, source: str | None, known: tuple[str, ...], every: str | None) -> str:
    default = {"calendar": "properties.occasion_id", "release": "properties.product_id",
               "schedule": "properties.period", "date": "properties.year" if every else ""}  # fmt: skip
    key = occasion.text("key").strip() or default.get(source or "", "")
    if not key:
        occasion.require("key")
    if found := _PROPERTY.fullmatch(key):
        return _property_key(occasion, found[1], source, known)
    if key in known:
        return f"properties.{key}"
    if key not in BY_NAME:
        hint = " Or write `properties.NAME` for a property of the event." if source == "event" else ""
        raise TenureError(
            f"the profile has no column `{key}` to tell one occasion from the next",
            f"{nearest(key, [*BY_NAME, *known])}{hint}", occasion.place("key"),
        )  # fmt: skip
    if BY_NAME[key].unit == "texts":
        raise TenureError(f"`{key}` is a list and cannot tell one occasion from the next", "Name a single value.",
                          occasion.place("key"))  # fmt: skip
    return key


def _property_key(occasion: Document, name: str, source: str | None, known: tuple[str, ...]) -> str:
    if source is None or (source == "date" and not known):
        raise TenureError(f"`properties.{name}` needs an `event:`", "Name the event, or a profile column as key.",
                          occasion.place("key"))  # fmt: skip
    if known and name not in known:
        said = f"`{occasion.text('event').strip()}`" if source == "event" else f"a {source}"
        raise TenureError(f"{said} has no property `{name}`", nearest(name, known), occasion.place("key"))
    return f"properties.{name}"
