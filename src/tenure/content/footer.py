"""What stands under every e-mail: why somebody receives it, how to end it, and who sent it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tenure.content import links, words
from tenure.content.context import shop_name
from tenure.content.layout import style
from tenure.content.plain import WIDTH, wrapped
from tenure.domain.business import Business

Purpose = Literal["marketing", "service"]

_SLOT = "[[unsubscribe]]"


@dataclass(frozen=True, slots=True)
class Footer:
    """The footer in both forms; service messages carry no unsubscription and say that they are not advertising."""

    text: str
    html: str
    unsubscribe_url: str


def footer(business: Business, language: str, key: str, secret: bytes, purpose: Purpose) -> Footer:
    """The footer of one message in its language."""
    unsubscribe = stop_url(business, key, secret, purpose)
    # Without a page of their own, preferences would lead to the shop's front door: worse than nothing.
    preferences = dict(business.links).get("preferences", "") if unsubscribe else ""
    text, document = _frame(language, shop_name(business), sender_line(business), preferences, purpose)
    return Footer(text.replace(_SLOT, unsubscribe), document.replace(_SLOT, html.escape(unsubscribe)), unsubscribe)


# Only the link is one message's own.
@lru_cache(maxsize=64)
def _frame(language: str, shop: str, sender: str, preferences: str, purpose: Purpose) -> tuple[str, str]:
    said = words.phrases_of(language)
    reason = (said.why_marketing if purpose == "marketing" else said.why_service).format(shop=shop)
    stop = _SLOT if purpose == "marketing" else ""
    choices = [(label, url) for label, url in ((said.preferences, preferences), (said.unsubscribe, stop)) if url]
    anchors = " · ".join(f'<a href="{html.escape(url)}">{html.escape(label)}</a>' for label, url in choices)
    paragraphs = [part for part in (html.escape(reason), anchors, html.escape(sender)) if part]
    ways = "\n".join(f"{label}: {url}" for label, url in choices)
    text = "\n\n".join(filter(None, (f"-- \n{wrapped(reason, WIDTH)}", ways, wrapped(sender, WIDTH))))
    return f"{text}\n", style("".join(f"<p>{part}</p>" for part in paragraphs), "foot")


def stop_url(business: Business, key: str, secret: bytes, purpose: Purpose) -> str:
    """Where a marketing message is ended; empty for a service message."""
    return links.address(business.base_url, "unsubscribe", key, secret) if purpose == "marketing" else ""


def sender_line(business: Business) -> str:
    """Shop and postal address on one line."""
    shop = shop_name(business)
    postal = ", ".join(line.strip() for line in business.sender.postal_address.splitlines() if line.strip())
    return postal if postal.startswith(shop) else ", ".join(filter(None, (shop, postal)))
