"""Composes the e-mail for one person and occasion: template, words, layout, links and wire form in one call.

Everything comes in as an argument, so the same message composed twice is the same to the byte. The context is what was
known when the contact was decided: `customer`, `product`, `occasion`, `offer` and `shop`, each a mapping or None.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from tenure.content import links, mail, markdown, templates, words
from tenure.content.layout import Page, lay_out
from tenure.content.templates import Template
from tenure.content.vocabulary import VOCABULARY
from tenure.content.words import Manner
from tenure.domain.business import LINKS, Business
from tenure.domain.errors import TenureError


@dataclass(frozen=True, slots=True)
class Composed:
    """An e-mail ready to hand over: its wire form, and its parts for people to look at."""

    subject: str
    text: str
    html: str
    body: bytes
    locale: str


class _Open(dict[str, object]):
    """The properties of an event: what its sender did not put in is simply not known."""

    def __missing__(self, key: str) -> None:
        return None


def compose_email(
    texts: Mapping[str, str],
    locale: str,
    context: Mapping[str, object],
    business: Business,
    message_key: str,
    secret: bytes,
    date: datetime,
    *,
    recipient: str,
    purpose: Literal["marketing", "service"] = "marketing",
    opens: bool = True,
    path: str = "",
) -> Composed:
    """Compose one e-mail.

    Args:
        texts: content of each `message.LOCALE.md` of the campaign.
        locale: the customer's; the nearest language that is written is taken, dates and money follow it anyway.
        context: what the template may name (see `vocabulary.VOCABULARY`).
        business: sender, currency, time zone and base address.
        message_key: the message's unique key.
        secret: what links are signed with.
        date: the aware moment for the Date header.
        recipient: the address it goes to.
        purpose: service messages carry no unsubscription and say that they are not advertising.
        opens: whether an invisible picture tells that the message was opened.
        path: the campaign's folder, for messages.

    Raises:
        TenureError: a template or an address cannot be used; it names the file and line, never the person.
    """
    language = choose_locale(texts, locale, business.locale)
    template = _template(texts[language], f"{path}/message.{language}.md" if path else f"message.{language}.md")
    manner_locale = locale if words.language_of(locale) == words.language_of(language) else language
    manner = Manner(manner_locale, business.currency, business.timezone)
    rendered = templates.render(template, complete(context, business, manner_locale), manner)
    tokens = markdown.parse(rendered.markdown, template.file)
    foot = _Footer.of(business, language, message_key, secret, purpose)
    page = Page(
        manner_locale, rendered.subject, rendered.preheader, shop_name(business), markdown.to_html(tokens), foot.html,
        links.address(business.base_url, "open", message_key, secret) if opens else "",
    )  # fmt: skip
    text, document = f"{markdown.to_text(tokens)}\n{foot.text}", lay_out(page)
    body = mail.build(
        mail.Mail(
            key=message_key, recipient=recipient, sender_name=shop_name(business),
            sender_email=business.sender.email, subject=rendered.subject, text=text, html=document, date=date,
            reply_to=business.sender.reply_to, unsubscribe_url=foot.unsubscribe_url, language=language,
        )
    )  # fmt: skip
    return Composed(rendered.subject, text, document, body, language)


def choose_locale(texts: Mapping[str, str], locale: str, default: str) -> str:
    """The written language nearest to a locale: the same, its language, the business's own, the first.

    Raises:
        TenureError: there is no text at all.
    """
    wanted = locale.replace("_", "-")
    for name in (wanted, words.language_of(wanted), default, words.language_of(default)):
        if name in texts:
            return name
    if not texts:
        raise TenureError("the campaign has no message", f"Add message.{default}.md.")
    return min(texts)


def complete(context: Mapping[str, object], business: Business, locale: str) -> dict[str, object]:
    """The context with every name a template may use, unknown ones as None, and the greeting and offer in words."""
    customer = {**dict.fromkeys(VOCABULARY["customer"]), **_mapping(context, "customer")}
    customer["first_name"] = customer["first_name"] or words.first_name(_text(customer["name"]), locale)
    occasion = {**dict.fromkeys(VOCABULARY["occasion"]), **_mapping(context, "occasion")}
    occasion["properties"] = _Open(_mapping(occasion, "properties"))
    product = {**dict.fromkeys(VOCABULARY["product"]), **_mapping(context, "product")}
    shop = {"name": shop_name(business), "url": business.address, **_mapping(context, "shop")}
    pages = {name: business.link(name) for name in LINKS}
    return {
        "greeting": words.greeting(_text(customer["first_name"]), locale),
        "customer": customer,
        "product": product,
        "picks": _products(context, "picks"),
        "news": _products(context, "news"),
        "occasion": occasion,
        "offer": _offer(_mapping(context, "offer"), business, locale),
        "shop": shop,
        "links": {**pages, "shop": shop["url"], "product": product["url"] or shop["url"]},
    }


def shop_name(business: Business) -> str:
    """The name people know the shop by: the sender's, else the business's."""
    return business.sender.name or business.name


@lru_cache(maxsize=256)
def _template(text: str, file: str) -> Template:
    return templates.parse(text, file)


def _offer(offer: Mapping[str, object], business: Business, locale: str) -> dict[str, object] | None:
    kind = _text(offer.get("kind"))
    if not kind:
        return None
    value = offer.get("value")
    amount = float(value) if isinstance(value, int | float) else 0.0
    text = _text(offer.get("text")) or words.offer_text(kind, amount, business.currency, locale)
    return {"kind": kind, "value": amount, "text": text}


def _products(context: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = context.get(key)
    found = value if isinstance(value, list) else []
    return [{**dict.fromkeys(VOCABULARY["product"]), **each} for each in found if isinstance(each, Mapping)]


def _mapping(context: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = context.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


@dataclass(frozen=True, slots=True)
class _Footer:
    text: str
    html: str
    unsubscribe_url: str

    @classmethod
    def of(cls, business: Business, locale: str, key: str, secret: bytes, purpose: str) -> _Footer:
        said, shop = words.phrases_of(locale), shop_name(business)
        is_marketing = purpose == "marketing"
        lines = [(said.why_marketing if is_marketing else said.why_service).format(shop=shop)]
        unsubscribe = links.address(business.base_url, "unsubscribe", key, secret) if is_marketing else ""
        choices = [(said.unsubscribe, unsubscribe)] if is_marketing else []
        postal = ", ".join(line.strip() for line in business.sender.postal_address.splitlines() if line.strip())
        sender = postal if postal.startswith(shop) else ", ".join(filter(None, (shop, postal)))
        anchors = " · ".join(f'<a href="{html.escape(url)}">{html.escape(label)}</a>' for label, url in choices)
        paragraphs = [*(html.escape(line) for line in lines), anchors, html.escape(sender)]
        text = "\n".join(["-- ", *lines, "", *(f"{label}: {url}" for label, url in choices), "", sender, ""])
        return cls(text, "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs), unsubscribe)
