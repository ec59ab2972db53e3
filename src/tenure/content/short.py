"""Composes what is no e-mail: text messages, notifications, what an app shows, letters, and calls to other systems.

All are plain text rendered from the same file. What is longer than its channel carries is cut at a word, and a link is
never cut: the words before it are. A marketing text message ends with where to stop them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tenure.content import markdown, templates, words
from tenure.content.compose import Prepared, prepare
from tenure.content.context import shop_name
from tenure.content.footer import Purpose, sender_line, stop_url
from tenure.domain.business import Business

# Characters of what is rendered, before the line on stopping: 320 are two or three parts of a text message.
LIMITS = {"sms": 320, "push_title": 50, "push": 180, "inapp": 600}
_LINK = re.compile(r"https?://\S+")
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Short:
    """A message in the wire form of its channel, and its parts for people to look at.

    Attributes:
        title: of a notification or letter; empty for a text message.
        text: what is read.
        link: where it leads; a text message has it in its text.
        body: UTF-8 text for `sms` and `mail`, a JSON object for the others.
    """

    title: str
    text: str
    link: str
    body: bytes
    locale: str


def compose_short(
    channel: str,
    texts: Mapping[str, str],
    locale: str,
    context: Mapping[str, object],
    business: Business,
    message_key: str,
    secret: bytes,
    *,
    recipient: str,
    purpose: Purpose = "marketing",
    path: str = "",
    stem: str = "message",
    campaign: str = "",
) -> Short:
    """Compose one message for a channel other than e-mail.

    Args:
        channel: `sms`, `push`, `inapp`, `mail` or `webhook`.
        campaign: its name, for the system that a webhook calls.

    All else is as in `compose.compose_email`.

    Raises:
        TenureError: a template cannot be used; it names the file and line, never the person.
    """
    made = prepare(texts, locale, context, business, path, stem)
    rendered = templates.render(made.template, made.values, made.manner)
    letter = markdown.render(rendered.markdown, made.template.file)
    said = {part: _line(made, part) for part in LIMITS}
    if channel == "sms":
        text = _with_stop(said["sms"], made.language, stop_url(business, message_key, secret, purpose))
        return Short("", text, "", f"{text}\n".encode(), made.language)
    if channel == "mail":
        text = f"{sender_line(business)}\n\n{rendered.subject}\n\n{letter.text}"
        return Short(rendered.subject, text, "", text.encode(), made.language)
    text, link = letter.text.strip(), letter.button or letter.link or business.address
    about = {"message": message_key, "campaign": campaign, "to": recipient, "language": made.language}
    if channel == "webhook":
        about |= {"purpose": purpose, "from": shop_name(business)}
        parts = {"subject": rendered.subject, "preheader": rendered.preheader, **said, "text": text, "link": link}
        return Short(rendered.subject, text, link, _json(about | parts), made.language)
    title = said["push_title"] or shorten(rendered.subject, LIMITS["push_title"])
    text = said[channel] or shorten(" ".join(text.split()), LIMITS[channel])
    return Short(title, text, link, _json(about | {"title": title, "text": text, "link": link}), made.language)


def shorten(text: str, limit: int) -> str:
    """A text of at most `limit` characters, cut at a word and ended with an ellipsis.

    The last link is kept whole, whatever the limit: without it the rest would be useless.
    """
    if len(text) <= limit:
        return text
    found = list(_LINK.finditer(text))
    link = found[-1][0] if found else ""
    room = limit - len(_ELLIPSIS) - (len(link) + 1 if link else 0)
    kept = ""
    for word in (text[: found[-1].start()] if found else text).split():
        if len(kept) + 1 + len(word) > room + (not kept):
            break
        kept = f"{kept} {word}".strip()
    while kept and _LINK.search(kept.rpartition(" ")[2]):  # an ellipsis would become part of it
        kept = kept.rpartition(" ")[0]
    if not kept and not link:
        return text[: limit - 1] + _ELLIPSIS
    return " ".join(filter(None, (f"{kept.rstrip(',;:.–-')}{_ELLIPSIS}" if kept else "", link)))


def _line(made: Prepared, part: str) -> str:
    said = templates.render_line(made.template, part, made.values, made.manner)
    return shorten(said, LIMITS[part])


def _with_stop(text: str, language: str, url: str) -> str:
    return f"{text}\n{words.phrases_of(language).stop.format(url=url)}" if url else text


def _json(document: Mapping[str, str]) -> bytes:
    said = {key: value for key, value in document.items() if value}
    return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()
