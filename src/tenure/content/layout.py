"""Sets a message into the one layout that all e-mails share: readable at 360 and at 1,200 pixels, in light and dark.

The layout is MJML; it is compiled once and its styles are written into the tags once, since many mail programs drop
style sheets. A message only fills its slots. Nothing is ever loaded from outside.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import css_inline
import mjml

from tenure.content.words import language_of

_SLOT = re.compile(r"\[\[([a-z]+)\]\]")
_SLOTTED = re.compile(r"<[^<>]*\[\[[a-z]+\]\][^<>]*>|(?<!<title>)\[\[[a-z]+\]\]")
_RAW = frozenset({"body", "footer", "pixel"})
# The reset that MJML states for every image but applies only to those that it makes itself.
_PIXEL = '<img src="{url}" width="1" height="1" alt="" style="display:block;border:0;outline:none">'
# Remote style sheets would be read from wherever the text says, files of this machine included.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_style_tags=False)


@dataclass(frozen=True, slots=True)
class Page:
    """What fills the layout; `body` and `footer` are HTML made by us, all else is text."""

    locale: str
    title: str
    preheader: str
    shop: str
    body: str
    footer: str
    pixel_url: str = ""


def lay_out(page: Page) -> str:
    """The whole HTML document of a message."""
    values = {
        "lang": language_of(page.locale), "title": page.title, "preheader": page.preheader, "shop": page.shop,
        "body": page.body, "footer": page.footer,
        "pixel": _PIXEL.format(url=html.escape(page.pixel_url)) if page.pixel_url else "",
    }  # fmt: skip
    return _fill(compiled(), values)


def style(fragment: str, sheet: str) -> str:
    """A fragment of HTML with a style sheet of ours, such as `letter`, written into its tags."""
    return str(css_inline.inline_fragment(fragment, _sheet(sheet), load_remote_stylesheets=False))


@cache
def compiled() -> str:
    """The layout as HTML with its styles in place and its slots still open, each on a line of its own.

    The lines between the slots are the same in every message, which is what makes writing the wire form cheap.
    """
    document = str(mjml.mjml2html(_source("base.mjml"), disable_comments=True, fonts={}))
    return _SLOTTED.sub(lambda found: f"\n{found[0]}\n", str(_INLINER.inline(document)))


@cache
def _sheet(name: str) -> str:
    return _source(f"{name}.css")


def _source(file: str) -> str:
    return resources.files("tenure.content").joinpath(f"layouts/{file}").read_text("utf-8")


def _fill(document: str, values: Mapping[str, str]) -> str:
    # One pass: what is filled in is not looked at again, so a text can hold `[[body]]` without becoming the body.
    return _SLOT.sub(
        lambda found: values[found[1]] if found[1] in _RAW else html.escape(values[found[1]]), document
    )  # fmt: skip
