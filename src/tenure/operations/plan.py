"""Turns what a run chose into messages to be sent: to whom, in which language, with what to say, from when until when.

Nothing is rendered and nothing leaves. What a template may know:

| name | holds |
|---|---|
| customer | every profile column (moments as ISO 8601 in UTC), `name`, `first_name`, `timezone` |
| product | the product the campaign is about: id, name, category, brand, price, url, image_url |
| products | `replacement`, `better`, `next`: the same for each product that the profile names |
| occasion | `key`, `at`, `event`, `properties.NAME` of the event |
| offer | `kind`, `value`, `text`; null without an offer |
| shop | `name`, `url`, `currency`, `email`, `postal_address` |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tenure.content.words import first_name, language_of, offer_text
from tenure.decisions.timing import next_open, zone_of
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.errors import TenureError
from tenure.domain.message import Plan, message_key
from tenure.domain.moments import MICROS_PER_DAY, AsOf, to_micros
from tenure.domain.segment import columns_of
from tenure.ports import Decisions

if TYPE_CHECKING:
    import pyarrow as pa

# Profile columns that make a campaign one about a product, in the order in which they are looked for.
_ABOUT = (("replacement_", "replacement"), ("better_", "better"), ("next_product", "next"))


def plan(
    run_id: str, campaigns: Sequence[Campaign], decisions: Decisions, as_of: AsOf, business: Business
) -> Iterator[Plan]:
    """The messages of a run, one by one; a customer who has lost the address meanwhile gets none.

    Args:
        campaigns: those that the run decided with.
        as_of: the run's moment; the published profiles must still be as of it.

    Raises:
        TenureError: the run chose for a campaign that is not given.
    """
    by_name = {campaign.name: campaign for campaign in campaigns}
    chosen = decisions.addressees(run_id, as_of)
    for name in chosen["campaign"].unique().to_pylist():
        if name not in by_name:
            raise TenureError(
                f"the run {run_id} chose the campaign `{name}`, which is no longer there",
                "Put its folder back, or decide again.",
            )
    return _messages(chosen, by_name, as_of, business)


def _messages(chosen: pa.Table, by_name: Mapping[str, Campaign], as_of: AsOf, business: Business) -> Iterator[Plan]:
    # A row is a whole profile: as Python objects, only so many of them fit into memory at once.
    for batch in chosen.to_batches(max_chunksize=2_000):
        for row in batch.to_pylist():
            if recipient := _recipient(row):
                yield _message(row, by_name[row["campaign"]], recipient, as_of, business)


def _message(row: dict[str, Any], campaign: Campaign, recipient: str, as_of: AsOf, business: Business) -> Plan:
    channel = business.channel(row["channel"])
    not_before = _not_before(row, campaign, as_of, business)
    locale = _locale(campaign, row["person_locale"] or business.locale)
    return Plan(
        key=message_key(campaign.name, row["customer_id"], row["occasion_key"]),
        run_id=row["run_id"],
        campaign=campaign.name,
        campaign_version=row["campaign_version"],
        customer_id=row["customer_id"],
        customer_key=row["customer_key"],
        occasion_key=row["occasion_key"],
        channel=row["channel"],
        purpose=campaign.purpose,
        recipient=recipient,
        locale=locale,
        context=json.dumps(_context(row, campaign, locale, business), default=_plain, ensure_ascii=False),
        not_before=not_before,
        expires_at=_expires_at(row, campaign, as_of, not_before),
        cost_milli_minor=channel.cost_milli_minor if channel else 0,
    )


def _recipient(row: dict[str, Any]) -> str:
    """The address; channels that need none of their own know the customer by id."""
    if row["channel"] == "email":
        return str(row["email"] or "")
    return str(row["phone"] or "") if row["channel"] == "sms" else str(row["customer_id"])


def _locale(campaign: Campaign, wanted: str) -> str:
    """The written language nearest to the customer's, else the campaign's first."""
    exact = wanted.replace("_", "-").lower()
    for same in (lambda known: known.lower() == exact, lambda known: language_of(known) == language_of(wanted)):
        if found := next(filter(same, campaign.locales), None):
            return found
    return campaign.locales[0]


def _not_before(row: dict[str, Any], campaign: Campaign, as_of: AsOf, business: Business) -> int:
    """Now, or for marketing the end of the quiet hours where the customer lives."""
    if campaign.purpose == "service":
        return as_of.at
    zone = zone_of(row["person_timezone"], business.timezone)
    return to_micros(next_open(as_of.moment, zone, business.contact.quiet_from, business.contact.quiet_until))


def _expires_at(row: dict[str, Any], campaign: Campaign, as_of: AsOf, not_before: int) -> int:
    """When there is no longer a reason: the occasion's own end, or its days from now if it has no moment.

    A reason found on its last day still gets a day to be sent, or a night's quiet hours would swallow it. Never later
    than the days of the goal: whoever reads it after them is no longer counted as moved by it.
    """
    span = round(campaign.occasion.within_days * MICROS_PER_DAY)
    has_moment = campaign.occasion.event or campaign.occasion.date
    start = _micros(row["occasion_at"]) if has_moment and row["occasion_at"] else as_of.at
    end = max(start + span, not_before + min(span, MICROS_PER_DAY))
    return min(end, as_of.at + round(campaign.goal.within_days * MICROS_PER_DAY))


def _context(row: dict[str, Any], campaign: Campaign, locale: str, business: Business) -> dict[str, Any]:
    products = {word: row[f"product_{word}"] for _, word in _ABOUT if row.get(f"product_{word}")}
    about = _about(campaign)
    person_locale = row["person_locale"] or locale
    own = {key: value for key, value in row["profile"].items() if key != "customer_key"}
    return {
        "customer": own | {
            "name": row["person"], "first_name": first_name(row["person"], person_locale), "timezone":
            zone_of(row["person_timezone"], business.timezone).key,
        },
        "product": products.get(about, {}) if about else {},
        "products": products,
        "occasion": {
            "key": row["occasion_key"], "at": row["occasion_at"], "event": campaign.occasion.event,
            "properties": _properties(row["occasion_properties"]),
        },
        "offer": _offer(row, locale, business),
        "shop": {
            "name": business.name, "url": business.base_url, "currency": business.currency,
            "email": business.sender.reply_to or business.sender.email,
            "postal_address": business.sender.postal_address,
        },
    }  # fmt: skip


def _properties(text: str | None) -> dict[str, Any]:
    """The event's own properties; whoever recorded them may have written anything."""
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _offer(row: dict[str, Any], locale: str, business: Business) -> dict[str, Any] | None:
    if not row["offer_kind"]:
        return None
    kind, value = row["offer_kind"], row["offer_value"]
    return {"kind": kind, "value": value, "text": offer_text(kind, value, business.currency, locale)}


def _about(campaign: Campaign) -> str | None:
    """Which of the profile's products the campaign speaks of, told by the columns it reads."""
    read: set[str] = {campaign.occasion.key, campaign.occasion.date or ""}
    read.update(*_columns(term for _, term in campaign.audience.terms))
    return next((word for prefix, word in _ABOUT if any(name.startswith(prefix) for name in read)), None)


def _columns(conditions: Iterable[Any]) -> list[frozenset[str]]:
    return [columns_of(condition) for condition in conditions] or [frozenset()]


def _micros(moment: datetime) -> int:
    return to_micros(moment.replace(tzinfo=UTC))


def _plain(value: object) -> str:
    """Moments of the warehouse are UTC without saying so; a template must not have to guess."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot stand in a message's context")
