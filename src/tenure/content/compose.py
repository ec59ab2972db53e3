"""Composes a message for one person and occasion: template, words, layout, links and wire form in one call.

Everything comes in as an argument, so the same message composed twice is the same to the byte. The context is what was
known when the contact was decided (see `context.complete`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tenure.content import links, mail, markdown, templates, words
from tenure.content.context import complete, shop_name
from tenure.content.footer import Purpose, footer
from tenure.content.layout import Page, lay_out
from tenure.content.templates import Template
from tenure.content.words import Manner
from tenure.domain.business import Business
from tenure.domain.errors import TenureError


@dataclass(frozen=True, slots=True)
class Composed:
    """An e-mail ready to hand over: its wire form, and its parts for people to look at."""

    subject: str
    text: str
    html: str
    body: bytes
    locale: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A template with all it is filled with.

    Attributes:
        language: in which it is written.
        locale: whose dates and money it speaks; the customer's where they share the language.
        values: for each name of the vocabulary.
    """

    template: Template
    language: str
    locale: str
    values: Mapping[str, object]
    manner: Manner


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
    purpose: Purpose = "marketing",
    opens: bool = True,
    path: str = "",
    stem: str = "message",
) -> Composed:
    """Compose one e-mail.

    Args:
        texts: content of each `message.LOCALE.md` of the campaign, or of each `STEP.LOCALE.md` of a step.
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
        stem: `message`, or the step's name, for messages.

    Raises:
        TenureError: a template or an address cannot be used; it names the file and line, never the person.
    """
    made = prepare(texts, locale, context, business, path, stem)
    rendered = templates.render(made.template, made.values, made.manner)
    letter = markdown.render(rendered.markdown, made.template.file)
    foot = footer(business, made.language, message_key, secret, purpose)
    page = Page(
        made.locale, rendered.subject, rendered.preheader, shop_name(business), letter.html, foot.html,
        links.address(business.base_url, "open", message_key, secret) if opens else "",
    )  # fmt: skip
    text, document = f"{letter.text}\n{foot.text}", lay_out(page)
    body = mail.build(
        mail.Mail(
            key=message_key, recipient=recipient, sender_name=shop_name(business),
            sender_email=business.sender.email, subject=rendered.subject, text=text, html=document, date=date,
            reply_to=business.sender.reply_to, unsubscribe_url=foot.unsubscribe_url, language=made.language,
        )
    )  # fmt: skip
    return Composed(rendered.subject, text, document, body, made.language)


def prepare(
    texts: Mapping[str, str],
    locale: str,
    context: Mapping[str, object],
    business: Business,
    path: str = "",
    stem: str = "message",
) -> Prepared:
    """The template nearest to a locale, with all it is filled with.

    Raises:
        TenureError: there is no text, or it cannot be read.
    """
    language = choose_locale(texts, locale, business.locale)
    file = f"{stem}.{language}.md"
    template = _template(texts[language], f"{path}/{file}" if path else file)
    spoken = locale if words.language_of(locale) == words.language_of(language) else language
    manner = Manner(spoken, business.currency, business.timezone)
    return Prepared(template, language, spoken, complete(context, business, spoken), manner)


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


# As many as a large workspace has files; a message is read and checked once, not once for each recipient.
@lru_cache(maxsize=1024)
def _template(text: str, file: str) -> Template:
    return templates.parse(text, file)
