"""What a message may know when it is rendered, kept with its plan as JSON: nothing is looked up again later.

| name | holds |
|---|---|
| customer | every profile column that has a value (moments as ISO 8601 in UTC), `name`, `first_name`, `timezone` |
| product | the product the campaign is about: product_id, name, category, brand, price, url, image_url |
| picks, news | lists of products, for the campaigns that show them |
| occasion | `key`, `at`, `properties.NAME` of what happened |
| offer | `kind`, `value`, `text`; null without an offer |
| shop | `name`, `url`, `currency`, `email`, `postal_address` |
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from tenure.content.context import shop_name
from tenure.content.words import first_name, offer_text
from tenure.decisions.timing import zone_of
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.segment import columns_of

# Profile columns that make a campaign one about a product, in the order in which they are looked for.
_ABOUT = (("replacement_", "replacement"), ("better_", "better"), ("next_product", "next"))


def known(row: dict[str, Any], first: Campaign, locale: str, business: Business) -> str:
    """The context of one message as JSON.

    Args:
        row: one contact, as `Decisions.addressees` gives it.
        first: the campaign whose occasion it is: a step's own first message, else the campaign itself.
        locale: in which the message is written.
    """
    person_locale = row["person_locale"] or locale
    own = {key: value for key, value in row["profile"].items() if key != "customer_key" and value is not None}
    context = {
        "customer": own | {
            "name": row["person"], "first_name": first_name(row["person"], person_locale), "timezone":
            zone_of(row["person_timezone"], business.timezone).key,
        },
        "product": row.get(f"product_{about(first)}") or {},
        "picks": row.get("picks") or [],
        "news": row.get("news") or [],
        "occasion": {
            "key": row["occasion_key"], "at": row["occasion_at"],
            "properties": properties(row["occasion_properties"]),
        },
        "offer": _offer(row, locale, business),
        "shop": {
            "name": shop_name(business), "url": business.address, "currency": business.currency,
            "email": business.sender.reply_to or business.sender.email,
            "postal_address": business.sender.postal_address,
        },
    }  # fmt: skip
    return json.dumps(context, default=_plain, ensure_ascii=False)


def about(campaign: Campaign) -> str:
    """Which product the campaign speaks of: `occasion`, `replacement`, `better` or `next`.

    A release is about what was released. Else the profile's columns that the campaign reads tell, then what happened;
    a campaign about nothing in particular may show what the customer is likely to want next.
    """
    if campaign.occasion.release is not None:
        return "occasion"
    read: set[str] = {campaign.occasion.key, campaign.occasion.date or ""}
    for _, condition in campaign.audience.terms:
        read |= columns_of(condition)
    named = next((word for prefix, word in _ABOUT if any(name.startswith(prefix) for name in read)), None)
    return named or ("occasion" if campaign.occasion.event is not None else "next")


def properties(text: str | None) -> dict[str, Any]:
    """The occasion's own properties; whoever recorded them may have written anything."""
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


def _plain(value: object) -> str:
    """Moments of the warehouse are UTC without saying so; a template must not have to guess."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot stand in a message's context")
