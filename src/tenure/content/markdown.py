"""Turns a rendered message into the two forms people read: HTML, and plain text that is pleasant by itself.

Both come from one parse. HTML written into the Markdown is shown as text, links lead only to web, mail and telephone
addresses, and a link that stands alone in its paragraph becomes a button.
"""

from __future__ import annotations

import textwrap
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from tenure.domain.errors import Place, TenureError

LINK_SCHEMES = ("https", "http", "mailto", "tel")
IMAGE_SCHEMES = ("https",)
WIDTH = 72


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (the library's name)
        """Every link passes here and is judged below, where a bad one is an error instead of leading nowhere."""
        return True


_PARSER = _Parser("commonmark", {"html": False})


def parse(markdown: str, file: str = "") -> list[Token]:
    """The message's tokens, every link judged and lone links marked as buttons.

    Raises:
        TenureError: a link or image has no address, or one with a scheme that is not allowed.
    """
    tokens = _PARSER.parse(markdown)
    for at, token in enumerate(tokens):
        for child in token.children or ():
            _check_address(child, file)
        if token.type == "inline" and _is_button(token):
            tokens[at - 1].attrSet("class", "action")
            (token.children or [])[0].attrSet("class", "button")
    return tokens


def to_html(tokens: list[Token]) -> str:
    """The message as an HTML fragment."""
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def to_text(tokens: list[Token]) -> str:
    """The message as plain text, wrapped at 72 characters, links written out."""
    return "\n\n".join(_blocks(SyntaxTreeNode(tokens), WIDTH)).strip() + "\n"


def _check_address(token: Token, file: str) -> None:
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
        raise TenureError(f"{what} {said} is not allowed", f"Begin the address with {schemes[0]}://.", Place(file))


def _is_button(token: Token) -> bool:
    children = token.children or []
    closes = [at for at, child in enumerate(children) if child.type == "link_close"]
    return bool(children) and children[0].type == "link_open" and closes == [len(children) - 1] and token.level == 1


def _blocks(node: SyntaxTreeNode, width: int) -> list[str]:
    return [text for child in node.children for text in _block(child, width) if text]


def _block(node: SyntaxTreeNode, width: int) -> list[str]:
    match node.type:
        case "paragraph":
            return [_wrapped(_inline(node), width)]
        case "heading":
            title = _inline(node).replace("\n", " ")
            return [f"{title}\n{'-' * min(len(title), width)}"]
        case "bullet_list":
            return ["\n".join(_item(item, "- ", width) for item in node.children)]
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return ["\n".join(_item(item, f"{first + n}. ", width) for n, item in enumerate(node.children))]
        case "blockquote":
            return [textwrap.indent("\n\n".join(_blocks(node, width - 4)), "    ")]
        case "hr":
            return ["-" * 20]
        case "fence" | "code_block":
            return [textwrap.indent(node.content.rstrip("\n"), "    ")]
        case _:
            return _blocks(node, width)


def _item(node: SyntaxTreeNode, mark: str, width: int) -> str:
    text = "\n".join(_blocks(node, width - len(mark)))
    return mark + textwrap.indent(text, " " * len(mark))[len(mark) :]


def _inline(node: SyntaxTreeNode) -> str:
    return "".join(_words(child) for child in node.children)


def _words(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "image":
            return node.content
        case "link":
            label, address = _inline(node), str(node.attrs.get("href", ""))
            shown = address.removeprefix("mailto:").removeprefix("tel:")
            if node.attrs.get("class") == "button":
                return f"{label}:\n{shown}"
            return shown if label in (address, shown) else f"{label} ({shown})"
        case _:
            return _inline(node)


def _wrapped(text: str, width: int) -> str:
    lines = (
        textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""] for line in text.split("\n")
    )
    return "\n".join(part for wrapped in lines for part in wrapped)
