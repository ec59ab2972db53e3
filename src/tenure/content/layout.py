"""Sets a message into the one layout that all e-mails share: readable at 360 and at 1,200 pixels, in light and dark.

The layout is MJML; it is compiled once, then each message is filled in and its styles are written into the tags, since
many mail programs drop style sheets. Nothing is ever loaded from outside.
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
_RAW = frozenset({"body", "footer", "pixel"})

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
    pixel = ""
    if page.pixel_url:
        pixel = f'<img src="{html.escape(page.pixel_url)}" width="1" height="1" alt="" style="display:block;border:0">'
    values = {
        "lang": language_of(page.locale), "title": page.title, "preheader": page.preheader, "shop": page.shop,
        "body": page.body, "footer": page.footer, "pixel": pixel,
    }  # fmt: skip
    return str(_INLINER.inline(_fill(compiled(), values)))


@cache
def compiled() -> str:
    """The layout as HTML with its slots still open."""
    source = resources.files("tenure.content").joinpath("layouts/base.mjml").read_text("utf-8")
    return str(mjml.mjml2html(source, disable_comments=True, fonts={}))


def _fill(document: str, values: Mapping[str, str]) -> str:
    # One pass: what is filled in is not looked at again, so a text can hold `[[body]]` without becoming the body.
    return _SLOT.sub(
        lambda found: values[found[1]] if found[1] in _RAW else html.escape(values[found[1]]), document
    )  # fmt: skip
