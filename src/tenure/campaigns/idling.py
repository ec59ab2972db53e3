"""Says why a campaign can find nobody in a business, and which campaigns speak about the same occasions.

What a business has recorded comes in (`domain/idleness.py`), a clause goes out. It names the first thing that is
missing for everybody; a campaign that merely finds nobody today is not idle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenure.domain.campaign import Campaign, Occasion
from tenure.domain.happenings import BIRTHDAY, IMPLIED_EVENTS
from tenure.domain.idleness import Seen
from tenure.domain.profile import BY_NAME, COLUMNS
from tenure.domain.segment import And, Compare, Condition, Contains, IsNull, IsTrue, Not, OneOf, Or, columns_of

# Which facts give a column, where its group in the profile does not say it well enough.
_GIVEN_BY = {
    "country": "customers", "locale": "customers", "cart_value": "`Product Added` events",
    "cart_at": "`Product Added` events", "csat_last": "feedback", "nps_last": "feedback", "tickets_open": "tickets",
    "last_complaint_at": "tickets", "better_product": "bought products with a `better_version`",
    "replacement_product": "repeated purchases of a product", "replacement_due_at": "repeated purchases of a product",
    "refunds": "refunds", "channels": "consents", "holdout": "settings",
}  # fmt: skip
_GROUP_GIVEN_BY = {
    "value": "orders", "rhythm": "orders", "price": "orders", "engagement": "events", "contract": "subscriptions",
    "taste": "order lines of known products", "loyalty": "a loyalty programme", "pressure": "messages that were sent",
    "standing": "orders", "who": "customers", "care": "tickets",
}  # fmt: skip
_NEEDED_BY_RELEASE = {"category": "top_category", "brand": "top_brand", "better": "better_product"}


def idle_reason(campaign: Campaign, seen: Seen) -> str | None:
    """Why the campaign can find nobody, a clause such as "no customer has `days_to_end`, which subscriptions give".

    Returns None where it may find somebody.
    """
    if not seen.channels.intersection(campaign.channels):
        listed = " or ".join(f"`{name}`" for name in campaign.channels)
        return f"the business has set up no channel {listed}"
    return _no_occasion(campaign.occasion, seen) or _no_column(campaign, seen)


def rivals(campaign: Campaign, others: Iterable[Campaign]) -> tuple[str, ...]:
    """Campaigns that speak about the same occasions to customers of the same stages: they compete, each speaks once."""
    return tuple(
        other.name for other in others
        if other.name != campaign.name and _source(other.occasion) == _source(campaign.occasion)
        and other.purpose == campaign.purpose and _share(campaign.stages, other.stages)
    )  # fmt: skip


def events_of(campaigns: Iterable[Campaign]) -> frozenset[str]:
    """Names of the events that give campaigns their occasions."""
    return frozenset(campaign.occasion.event for campaign in campaigns if campaign.occasion.event)


def demanded(condition: Condition) -> frozenset[str]:
    """Profile columns that must be known for the condition to hold; what is not known makes no comparison true."""
    match condition:
        case And(conditions):
            return frozenset().union(*map(demanded, conditions))
        case Or(conditions):
            return frozenset.intersection(*map(demanded, conditions)) if conditions else frozenset()
        case IsNull():
            return frozenset()
        case Not(inner):
            return _demanded_denied(inner)
        case _:
            return columns_of(condition)


def _demanded_denied(condition: Condition) -> frozenset[str]:
    match condition:
        case Not(inner):
            return demanded(inner)
        case And(conditions):
            return demanded(Or(tuple(map(Not, conditions))))
        case Or(conditions):
            return demanded(And(tuple(map(Not, conditions))))
        case Contains():
            return frozenset()  # a list that is not known holds nothing
        case IsNull() | Compare() | OneOf() | IsTrue():
            return columns_of(condition)


def _no_occasion(occasion: Occasion, seen: Seen) -> str | None:
    if occasion.event and occasion.event not in seen.events:
        how = "never recorded, and no fact implies it" if occasion.event in IMPLIED_EVENTS else "never recorded"
        return f"the event `{occasion.event}` was {how}"
    if occasion.date == BIRTHDAY and not seen.birthdays:
        return "no customer has a `birthday`"
    if occasion.calendar and occasion.calendar not in seen.calendars:
        return f"the calendar has no {occasion.calendar}, which the fact table `occasions` gives"
    if occasion.release and not seen.releases:
        return "no product has `released_at`"
    return None


def _no_column(campaign: Campaign, seen: Seen) -> str | None:
    if seen.columns is None:
        return None
    occasion, conditions = campaign.occasion, [condition for _, condition in campaign.audience.terms]
    if occasion.where is not None:
        conditions += [condition for _, condition in occasion.where.terms]
    asked = [occasion.date, occasion.key, _NEEDED_BY_RELEASE.get(occasion.release or "")]
    needed = {name for name in asked if name in BY_NAME}.union(*map(demanded, conditions))
    for column in COLUMNS:  # in the profile's order, so that the same campaign always gets the same answer
        if column.name in needed and column.name not in seen.columns:
            return f"no customer has `{column.name}`, which {_giver(column.name)}"
    return None


def _giver(name: str) -> str:
    column = BY_NAME[name]
    if column.model:
        return "a fitted model gives (`tenure fit`)"
    given_by = _GIVEN_BY.get(name, _GROUP_GIVEN_BY.get(column.group, "facts"))
    return f"{given_by} {'gives' if given_by == 'a loyalty programme' else 'give'}"


def _source(occasion: Occasion) -> Sequence[str | None]:
    return (occasion.event, occasion.date, occasion.calendar, occasion.release, occasion.schedule, occasion.key)


def _share(some: Sequence[str], others: Sequence[str]) -> bool:
    return not some or not others or bool(set(some) & set(others))
