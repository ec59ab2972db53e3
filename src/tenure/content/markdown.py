"""Turns a rendered message into the two forms people read: HTML, and plain text that is pleasant by itself.

Both come from one parse. HTML written into the Markdown is shown as text, links lead only to web, mail and telephone
addresses. Four forms get a look of their own: a link alone in its paragraph is a button, an image alone a picture, a
quotation a panel, and a list of links a shelf of products.

A message is read block by block and what a block becomes is remembered, for most of a campaign's blocks are the same
for everybody: reading Markdown is the dearest part of composing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from tenure.content.layout import style
from tenure.content.plain import to_text
from tenure.domain.errors import Place, TenureError

LINK_SCHEMES = ("https", "http", "mailto", "tel")
IMAGE_SCHEMES = ("https",)

# A fence left open, or a link defined for the whole message, reaches over blank lines.
_REACHING = re.compile(r"```|~~~|\]:")
# Indented, or an item of the list above: it belongs to what stands before the blank line.
_BELONGS = re.compile(r"[ \t]|[-+*](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)")
_LINE_END = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a message in both forms.

    Attributes:
        html: with its styles in the tags.
        text: wrapped at 72 characters, links written out; empty for a block that shows nothing.
        button, link: address of its first button, and of its first link of any kind; empty without one.
    """

    html: str
    text: str
    button: str = ""
    link: str = ""


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (the library's name)
        """Every link passes here and is judged below, where a bad one is an error instead of leading nowhere."""
        return True


def render(markdown: str, file: str = "") -> Block:
    """The whole message in both forms.

    Raises:
        TenureError: a link or image has no address, or one with a scheme that is not allowed.
    """
    try:
        blocks = [render_block(block) for block in split(markdown)]
    except TenureError as error:
        raise TenureError(error.problem, error.remedy, Place(file)) from None
    return Block(
        html="".join(block.html for block in blocks),
        text="\n\n".join(block.text for block in blocks if block.text) + "\n",
        button=next((block.button for block in blocks if block.button), ""),
        link=next((block.link for block in blocks if block.link), ""),
    )


def split(markdown: str) -> Iterator[str]:
    """Parts of a message that can be read each by itself: rendered one by one they are what the whole would be."""
    text = _LINE_END.sub("\n", markdown)
    if _REACHING.search(text):
        yield text
        return
    gathered: list[str] = []
    follows_blank = False
    for line in text.split("\n"):
        is_blank = not line.strip(" \t")
        if follows_blank and not is_blank and not _BELONGS.match(line) and gathered:
            yield "\n".join(gathered)
            gathered = []
        gathered.append(line)
        follows_blank = is_blank
    if gathered:
        yield "\n".join(gathered)


@lru_cache(maxsize=4096)
def render_block(markdown: str) -> Block:
    """One part of a message in both forms.

    Raises:
        TenureError: as in `render`, without the file.
    """
    tokens = parse(markdown)
    html = _PARSER.renderer.render(_without_empty_head(tokens), _PARSER.options, {})
    links = [child for token in tokens for child in token.children or () if child.type == "link_open"]
    addresses = [(str(link.attrGet("href")), link.attrGet("class") == "button") for link in links]
    return Block(
        html=style(str(html), "letter"),
        text=to_text(tokens),
        button=next((address for address, is_button in addresses if is_button), ""),
        link=next((address for address, _ in addresses), ""),
    )


def parse(markdown: str) -> list[Token]:
    """The tokens of a part, every link judged and what has a look of its own marked.

    Raises:
        TenureError: as in `render`, without the file.
    """
    tokens = _PARSER.parse(markdown)
    for token in tokens:
        for child in token.children or ():
            _check_address(child)
    _dress(tokens)
    return tokens


def _check_address(token: Token) -> None:
    key, schemes = {"link_open": ("href", LINK_SCHEMES), "image": ("src", IMAGE_SCHEMES)}.get(token.type, ("", ()))
    if not key:
        return
    address = str(token.attrGet(key) or "")
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme not in schemes or any(sign <= " " for sign in address):
        what = "a link" if key == "href" else "an image"
        said = f"with the scheme `{scheme}`" if scheme else "that leads nowhere"
        raise TenureError(f"{what} {said} is not allowed", f"Begin the address with {schemes[0]}://.")


def _dress(tokens: list[Token]) -> None:
    """Mark what has a look of its own with a class."""
    for at, token in enumerate(tokens):
        children = token.children or []
        if token.type == "inline" and token.level == 1 and tokens[at - 1].type == "paragraph_open":
            if _is_link_alone(children):
                tokens[at - 1].attrSet("class", "action")
                children[0].attrSet("class", "button")
            elif [child.type for child in children] == ["image"]:
                tokens[at - 1].attrSet("class", "picture")
        elif token.type == "bullet_list_open" and _is_shelf(tokens, at):
            token.attrSet("class", "shelf")
        elif token.type == "table_open":
            token.attrSet("class", "rows")


def _is_link_alone(children: list[Token]) -> bool:
    closes = [at for at, child in enumerate(children) if child.type == "link_close"]
    return bool(children) and children[0].type == "link_open" and closes == [len(children) - 1]


def _is_shelf(tokens: list[Token], at: int) -> bool:
    """Whether every item of a list begins with a link or a picture."""
    end = next(i for i in range(at, len(tokens)) if tokens[i].nesting < 0 and tokens[i].level == tokens[at].level)
    items = [
        i for i in range(at, end) if tokens[i].type == "list_item_open" and tokens[i].level == tokens[at].level + 1
    ]
    # An item's paragraph opens right behind it, hidden where the list is tight.
    said = [tokens[i + 2].children for i in items if i + 2 < end]
    return len(said) == len(items) and all(each and each[0].type in ("link_open", "image") for each in said)


def _without_empty_head(tokens: list[Token]) -> list[Token]:
    """The tokens without any table's head that says nothing: Markdown cannot write a table without one."""
    kept: list[Token] = []
    opened = 0
    for token in tokens:
        if token.type == "thead_open":
            opened = len(kept)
        kept.append(token)
        if token.type == "thead_close" and not any(each.content for each in kept[opened:]):
            del kept[opened:]
    return kept


class _Renderer(RendererHTML):
    """Buttons and panels are cells of tables: other boxes lose their padding in some mail programs."""

    def blockquote_open(self, *_: object) -> str:
        return '<table role="presentation" cellpadding="0" cellspacing="0" class="panel"><tr><td>\n'

    def blockquote_close(self, *_: object) -> str:
        return "</td></tr></table>\n"

    def paragraph_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        if tokens[at].attrGet("class") == "action":
            return '<table role="presentation" cellpadding="0" cellspacing="0" class="action"><tr><td>'
        return self.renderToken(tokens, at, options, env)

    def paragraph_close(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        if tokens[at - 2].attrGet("class") == "action":
            return "</td></tr></table>\n"
        return self.renderToken(tokens, at, options, env)


_PARSER = _Parser("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
