"""The plain twin of a message: wrapped at 72 characters, links written out, pleasant by itself."""

from __future__ import annotations

import textwrap

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

WIDTH = 72


def to_text(tokens: list[Token]) -> str:
    """Markdown's tokens as plain text, without a line end."""
    return "\n\n".join(_blocks(SyntaxTreeNode(tokens), WIDTH)).strip("\n")


def wrapped(text: str, width: int) -> str:
    """Each line of a text broken at words to a width; a link is never broken."""
    lines = (
        textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""] for line in text.split("\n")
    )
    return "\n".join(part for wrapped in lines for part in wrapped)


def _blocks(node: SyntaxTreeNode, width: int) -> list[str]:
    return [text for child in node.children for text in _block(child, width) if text]


def _block(node: SyntaxTreeNode, width: int) -> list[str]:
    match node.type:
        case "paragraph":
            return [wrapped(_inline(node), width)]
        case "heading":
            title = _inline(node).replace("\n", " ")
            return [f"{title}\n{'-' * min(len(title), width)}" if title else ""]
        case "bullet_list":
            return ["\n".join(_item(item, "- ", width) for item in node.children)]
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return ["\n".join(_item(item, f"{first + n}. ", width) for n, item in enumerate(node.children))]
        case "blockquote":
            return [textwrap.indent("\n\n".join(_blocks(node, width - 4)), "    ")]
        case "table":
            return ["\n".join(filter(None, (_row(row, width) for part in node.children for row in part.children)))]
        case "hr":
            return ["-" * 20]
        case "fence" | "code_block":
            return [textwrap.indent(node.content.rstrip("\n"), "    ")]
        case _:
            return _blocks(node, width)


def _item(node: SyntaxTreeNode, mark: str, width: int) -> str:
    text = "\n".join(_blocks(node, width - len(mark)))
    return mark + textwrap.indent(text, " " * len(mark))[len(mark) :]


def _row(node: SyntaxTreeNode, width: int) -> str:
    cells = [cell for cell in (_inline(each).strip() for each in node.children) if cell]
    text = textwrap.indent(wrapped("\n".join(cells), width - 2), "  ")
    return f"- {text[2:]}" if cells else ""


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
