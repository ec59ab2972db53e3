"""What a template is given: every name of the vocabulary, unknown ones as None, greeting, offer and links in words.

The context of a planned message holds what was known when the contact was decided; the business's own pages are added
when it is rendered, so that a moved cart is found.
"""

from __future__ import annotations

from collections.abc import Mapping

from tenure.content import words
from tenure.content.vocabulary import LISTS, VOCABULARY
from tenure.domain.business import LINKS, Business


class _Open(dict[str, object]):
    """The properties of what happened: what its sender did not put in is simply not known."""

    def __missing__(self, key: str) -> None:
        return None


def complete(context: Mapping[str, object], business: Business, locale: str) -> dict[str, object]:
    """A value for each name that a template may use.

    Args:
        context: `customer`, `product`, `picks`, `news`, `occasion`, `offer` and `shop`, as far as they are known.
        locale: whose greeting and offer are said.
    """
    customer = _known(context, "customer")
    customer["first_name"] = customer["first_name"] or words.first_name(_text(customer["name"]), locale)
    occasion = _known(context, "occasion")
    occasion["properties"] = _Open(_mapping(occasion, "properties"))
    product = _known(context, "product")
    shop: dict[str, object] = {"name": shop_name(business), "url": business.address, **_mapping(context, "shop")}
    own = dict(business.links)
    pages = {name: own.get(name) or shop["url"] for name in LINKS}
    return {
        "greeting": words.greeting(_text(customer["first_name"]), locale),
        "customer": customer,
        "product": product,
        **{name: _products(context, name) for name in LISTS},
        "occasion": occasion,
        "offer": _offer(_mapping(context, "offer"), business, locale),
        "shop": shop,
        "links": {**pages, "shop": shop["url"], "product": product["url"] or shop["url"]},
    }


def shop_name(business: Business) -> str:
    """The name people know the shop by: the sender's, else the business's."""
    return business.sender.name or business.name


def _known(context: Mapping[str, object], key: str) -> dict[str, object]:
    return {**dict.fromkeys(VOCABULARY[key]), **_mapping(context, key)}


def _products(context: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = context.get(key)
    found = value if isinstance(value, list) else []
    return [{**dict.fromkeys(VOCABULARY["product"]), **each} for each in found if isinstance(each, Mapping)]


def _offer(offer: Mapping[str, object], business: Business, locale: str) -> dict[str, object] | None:
    kind = _text(offer.get("kind"))
    if not kind:
        return None
    value = offer.get("value")
    amount = float(value) if isinstance(value, int | float) else 0.0
    text = _text(offer.get("text")) or words.offer_text(kind, amount, business.currency, locale)
    return {"kind": kind, "value": amount, "text": text}


def _mapping(context: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = context.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return str(value) if value is not None else None
