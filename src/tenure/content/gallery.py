"""One page that shows messages side by side: e-mails as a phone and as a wide screen show them, short ones as cards.

The page loads nothing but the files beside it; frames run no script.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

_SANDBOX = 'sandbox=""'


@dataclass(frozen=True, slots=True)
class Card:
    """One message.

    Attributes:
        caption: channel, language and customer.
        lines: what is read first: pairs of what it is and the text.
        page: file of the whole e-mail; empty for a short message.
        text: file of the plain text.
    """

    caption: str
    lines: tuple[tuple[str, str], ...]
    page: str
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One part of a campaign: its name, how the customers narrow, and its messages."""

    name: str
    narrowing: tuple[tuple[str, str], ...]
    cards: tuple[Card, ...]


def gallery(title: str, lead: Sequence[str], chapters: Sequence[Chapter], language: str = "en") -> str:
    """The page as an HTML document."""
    style = resources.files("tenure.content").joinpath("layouts/gallery.css").read_text("utf-8")
    links = "".join(f'<a href="#part-{place}">{_text(one.name)}</a>' for place, one in enumerate(chapters))
    body = "".join(_chapter(place, one) for place, one in enumerate(chapters))
    said = "".join(f"<p>{_text(sentence)}</p>\n" for sentence in lead)
    return (
        f'<!doctype html>\n<html lang="{_text(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{_text(title)}</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n<h1>{_text(title)}</h1>\n{said}"
        f'<nav aria-label="Parts">{links}</nav>\n{body}</main>\n</body>\n</html>\n'
    )


def _chapter(place: int, one: Chapter) -> str:
    rows = "".join(f"<tr><td>{_text(label)}</td><td>{_text(count)}</td></tr>\n" for label, count in one.narrowing)
    letters = "".join(_letter(card) for card in one.cards if card.page)
    short = "".join(_short(card) for card in one.cards if not card.page)
    cards = f'<h3>Short messages</h3>\n<div class="row">\n{short}</div>\n' if short else ""
    return f'<h2 id="part-{place}">{_text(one.name)}</h2>\n<table>\n{rows}</table>\n{letters}{cards}'


def _letter(card: Card) -> str:
    read = "".join(f"<p><span class=faint>{_text(name)}</span><br>{_text(said)}</p>\n" for name, said in card.lines)
    frames = "".join(
        f'<figure><figcaption class="faint">{caption}</figcaption><div class="frame {kind}">'
        f'<iframe src="{_text(card.page)}" title="{_text(f"{card.caption}, {caption}")}" {_SANDBOX}></iframe></div>'
        "</figure>\n"
        for kind, caption in (("phone", "360 pixels wide"), ("desk", "1,200 pixels wide, made smaller"))
    )
    whole, bare = (f'<a href="{_text(file)}">' for file in (card.page, card.text))
    links = f'<p class="faint">{whole}Whole page</a> · {bare}Plain text</a></p>'
    return f'<h3>{_text(card.caption)}</h3>\n{read}<div class="row">\n{frames}</div>\n{links}\n'


def _short(card: Card) -> str:
    read = "".join(
        f"<{'strong' if name == 'title' else 'div'}>{_text(said)}</{'strong' if name == 'title' else 'div'}>\n"
        for name, said in card.lines
    )
    return f'<article class="card"><p class="faint">{_text(card.caption)}</p>\n{read}</article>\n'


def _text(said: str) -> str:
    return html.escape(said)
