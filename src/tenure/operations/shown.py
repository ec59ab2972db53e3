"""Renders a campaign's messages for real customers to look at: each part, language and channel, and nothing sent.

The links of what is shown are signed with a key of no workspace, so that nobody can act through them, and no invisible
picture counts a look. Names are left out unless they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.content import templates
from tenure.content.compose import compose_email, prepare
from tenure.content.footer import Purpose
from tenure.content.short import compose_short
from tenure.content.words import language_of
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.errors import UsageError, nearest
from tenure.domain.message import message_key
from tenure.operations.known import known
from tenure.operations.plan import spoken_locale
from tenure.operations.preview import RUN, Preview
from tenure.operations.specimens import Specimen, as_decisions
from tenure.ports import Previews

_SECRET = b"of no workspace: the links of a preview do nothing"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as one customer would get it on one channel.

    Attributes:
        part: name of the campaign, or `CAMPAIGN/STEP`.
        offered: with the offer or without it; None where the campaign makes none.
        subject, preheader: of an e-mail.
        title, text, link: of all others; an e-mail has its plain form in `text`.
        html: of an e-mail.
    """

    part: str
    locale: str
    channel: str
    offered: bool | None
    customer_id: str
    subject: str = ""
    preheader: str = ""
    title: str = ""
    text: str = ""
    link: str = ""
    html: str = ""


def languages(campaign: Campaign, asked: Sequence[str], spoken: Mapping[str | None, int], default: str) -> list[str]:
    """The languages in which a preview shows a campaign: those asked for, else those that its customers would read.

    Args:
        asked: locales, or `all`.
        spoken: customers by locale, None where it is not known.
        default: the business's own.

    Raises:
        UsageError: the campaign is not written in a language.
    """
    if ALL in asked:
        return list(campaign.locales)
    if asked:
        return list(dict.fromkeys(_written(campaign, one) for one in asked))
    counts: dict[str, int] = {spoken_locale(campaign, default): 0}
    for locale, count in spoken.items():
        found = spoken_locale(campaign, locale or default)
        counts[found] = counts.get(found, 0) + count
    return sorted(counts, key=lambda name: (-counts[name], name))


def shown(
    foreseen: Preview, previews: Previews, texts: Callable[[str], Mapping[str, str]], locales: Sequence[str],
    showing: frozenset[str] = frozenset(), *, names: bool = False,
) -> list[Shown]:  # fmt: skip
    """Every message of a preview, by part, then with the offer before without it, language and channel.

    Args:
        texts: the messages by locale of a campaign or step.
        showing: campaigns and steps whose messages show lists of products.
        names: greet the customers by name.

    Raises:
        TenureError: a message cannot be rendered; it names the file and line.
    """
    specimens = [one for part in foreseen.parts for one in part.specimens]
    # One at a time: a customer may stand for several parts, and for the same part with the offer and without it.
    rows = [previews.contacts(as_decisions([one], RUN), foreseen.as_of, showing).to_pylist()[0] for one in specimens]
    found = []
    for one, row in zip(specimens, rows, strict=True):
        told = row if names else row | {"person": None}
        for locale in locales:
            context = json.loads(known(told, foreseen.campaign, locale, foreseen.business))
            said = _Said(one, locale, context, foreseen.business, texts(one.campaign.name),
                         foreseen.as_of.moment)  # fmt: skip
            found += [said.on(channel) for channel in one.campaign.channels]
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """One part for one customer in one language."""

    specimen: Specimen
    locale: str
    context: Mapping[str, Any]
    business: Business
    texts: Mapping[str, str]
    date: datetime

    def on(self, channel: str) -> Shown:
        """The message as this channel carries it."""
        one, part = self.specimen, self.specimen.campaign
        purpose: Purpose = "service" if part.purpose == "service" else "marketing"
        path, stem = f"campaigns/{part.folder}", part.step or "message"
        key = message_key(f"{RUN}/{part.name}", one.customer_id, str(one.occasion["occasion_key"]))
        offered = one.offered if part.offer is not None else None
        about = (part.name, self.locale, channel, offered, one.customer_id)
        if channel != "email":
            short = compose_short(
                channel, self.texts, self.locale, self.context, self.business, key, _SECRET,
                recipient=one.customer_id, purpose=purpose, path=path, stem=stem, campaign=part.name,
            )  # fmt: skip
            return Shown(*about, title=short.title, text=short.text, link=short.link)
        made = prepare(self.texts, self.locale, self.context, self.business, path, stem)
        preheader = templates.render(made.template, made.values, made.manner).preheader
        letter = compose_email(
            self.texts, self.locale, self.context, self.business, key, _SECRET, self.date,
            recipient=self.business.sender.email, purpose=purpose, opens=False, path=path, stem=stem,
        )  # fmt: skip
        return Shown(*about, subject=letter.subject, preheader=preheader, text=letter.text, html=letter.html)


def _written(campaign: Campaign, wanted: str) -> str:
    found = spoken_locale(campaign, wanted)
    if language_of(found) != language_of(wanted):
        raise UsageError(
            f"the campaign `{campaign.name}` has no message in `{wanted}`", nearest(wanted, campaign.locales)
        )
    return found
