"""What stands under every e-mail: why somebody receives it, how to end it, and who sent it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from tenure.content import links, words
from tenure.content.context import shop_name
from tenure.content.layout import style
from tenure.content.plain import WIDTH, wrapped
from tenure.domain.business import Business

Purpose = Literal["marketing", "service"]


@dataclass(frozen=True, slots=True)
class Footer:
    """The footer in both forms; service messages carry no unsubscription and say that they are not advertising."""

    text: str
    html: str
    unsubscribe_url: str


def footer(business: Business, language: str, key: str, secret: bytes, purpose: Purpose) -> Footer:
    """The footer of one message in its language."""
    said, shop = words.phrases_of(language), shop_name(business)
    reason = (said.why_marketing if purpose == "marketing" else said.why_service).format(shop=shop)
    unsubscribe = stop_url(business, key, secret, purpose)
    # Without a page of their own, preferences would lead to the shop's front door: worse than nothing.
    preferences = dict(business.links).get("preferences", "") if unsubscribe else ""
    choices = [(label, url) for label, url in ((said.preferences, preferences), (said.unsubscribe, unsubscribe)) if url]
    anchors = " · ".join(f'<a href="{html.escape(url)}">{html.escape(label)}</a>' for label, url in choices)
    paragraphs = [part for part in (html.escape(reason), anchors, html.escape(sender_line(business))) if part]
    ways = "\n".join(f"{label}: {url}" for label, url in choices)
    said_plainly = (f"-- \n{wrapped(reason, WIDTH)}", ways, wrapped(sender_line(business), WIDTH))
    return Footer(
        "\n\n".join(filter(None, said_plainly)) + "\n",
        style("".join(f"<p>{said}</p>" for said in paragraphs), "foot"),
        unsubscribe,
    )


def stop_url(business: Business, key: str, secret: bytes, purpose: Purpose) -> str:
    """Where a marketing message is ended; empty for a service message."""
    return links.address(business.base_url, "unsubscribe", key, secret) if purpose == "marketing" else ""


def sender_line(business: Business) -> str:
    """Shop and postal address on one line."""
    shop = shop_name(business)
    postal = ", ".join(line.strip() for line in business.sender.postal_address.splitlines() if line.strip())
    return postal if postal.startswith(shop) else ", ".join(filter(None, (shop, postal)))
