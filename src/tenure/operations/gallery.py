"""A preview as files: each message whole, and a page that shows them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tenure.content.gallery import Card, Chapter, gallery
from tenure.operations.preview import Foreseen, Preview
from tenure.operations.preview_told import label, part_name, summary

if TYPE_CHECKING:
    from tenure.operations.shown import Shown

INDEX = "index.html"
_OFFERED = {True: "with-offer", False: "without-offer", None: ""}


def files(preview: Preview, messages: Sequence[Shown], idle: str | None) -> dict[str, str]:
    """The files of a preview by name, the page that shows all first."""
    said = {one: _files(one) for one in messages}
    chapters = [_chapter(part, {one: names for one, names in said.items() if one.part == part.campaign.name})
                for part in preview.parts]  # fmt: skip
    title = f"{preview.campaign.name}: {preview.campaign.title}"
    page = gallery(title, summary(preview, idle), chapters)
    return {INDEX: page} | {name: text for names in said.values() for name, text in names.items()}


def _files(one: Shown) -> dict[str, str]:
    """The whole page of an e-mail first, then its plain text; a short message has its text alone."""
    step = one.part.partition("/")[2] or "message"
    stem = ".".join(filter(None, (step, one.locale, _OFFERED[one.offered], one.channel)))
    text = "\n\n".join(filter(None, (one.subject, one.title, one.text.strip(), one.link))) + "\n"
    return ({f"{stem}.html": one.html} if one.html else {}) | {f"{stem}.txt": text}


def _chapter(part: Foreseen, said: Mapping[Shown, Mapping[str, str]]) -> Chapter:
    rows = tuple((label(step), f"{step.left:,}") for step in part.funnel)
    return Chapter(part_name(part.campaign), rows, tuple(_card(one, list(names)) for one, names in said.items()))


def _card(one: Shown, names: Sequence[str]) -> Card:
    offered = {True: ", with the offer", False: ", without the offer", None: ""}[one.offered]
    caption = f"{one.channel}, {one.locale}{offered}, for customer {one.customer_id}"
    pieces = (("subject", one.subject), ("preheader", one.preheader), ("title", one.title),
              ("text", "" if one.html else one.text), ("link", one.link))  # fmt: skip
    lines = tuple((name, text) for name, text in pieces if text)
    return Card(caption, lines, names[0] if one.html else "", names[-1])
