"""Reads a `message.LOCALE.md` and renders it for one person: a subject, a preheader and a body in Markdown.

The front matter holds one `key: text` a line; the body is Markdown with Liquid in it. Liquid runs with a short list of
tags and filters, within limits, and refuses names that no message knows. Whatever a variable prints is escaped for
Markdown, so a customer's name can never become a link, an image or a heading.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, TextIO

from liquid import BoundTemplate, Environment, Mode, RenderContext, StrictUndefined
from liquid.builtin import content, illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import assign_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string

from tenure.content import filters
from tenure.content.words import Manner
from tenure.domain.errors import Place, TenureError, nearest
from tenure.domain.profile import BY_NAME

KEYS = ("subject", "preheader")
LONGEST = 100_000
TAGS = ("if", "unless", "case", "for", "assign", "comment")

# What a message may name; `occasion.properties` is open, for events carry what their senders put in.
VOCABULARY: dict[str, frozenset[str]] = {
    "greeting": frozenset(),
    "customer": frozenset({*BY_NAME, "name", "first_name"}),
    "product": frozenset({"product_id", "name", "category", "brand", "price", "url", "image_url"}),
    "occasion": frozenset({"key", "at", "properties"}),
    "offer": frozenset({"kind", "value", "text"}),
    "shop": frozenset({"name", "url"}),
}

_ESCAPED = {ord(sign): f"\\{sign}" for sign in string.punctuation}
_TURNING = {ord(sign): None for sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u0000"}
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")  # a space that must not break, as in `10 %`, stays one
_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Template:
    """A message file, read and checked. `lines` holds the file's line before each part's first."""

    file: str
    subject: BoundTemplate
    preheader: BoundTemplate
    body: BoundTemplate
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for one person: plain subject and preheader, body in Markdown with every value escaped."""

    subject: str
    preheader: str
    markdown: str


class _MarkdownOutputNode(OutputNode):
    """An output whose value is text to Markdown, whatever signs it holds."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = to_liquid_string(self.expression.evaluate(context), autoescape=False)
        return buffer.write(escape_markdown(value))


class _MarkdownOutput(Output):
    node_class = _MarkdownOutputNode


class _Environment(Environment):
    block_nesting_limit = 20
    context_depth_limit = 20
    loop_iteration_limit = 2_000
    local_namespace_limit = 100_000
    output_stream_limit = 200_000
    output: type[Output] = Output

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (
            content.Literal, self.output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag,
            for_tag.ForTag, for_tag.BreakTag, for_tag.ContinueTag, assign_tag.AssignTag, comment_tag.CommentTag,
        ):  # fmt: skip
            self.add_tag(tag)
        self.filters.update(filters.allowed())


class _MarkdownEnvironment(_Environment):
    output = _MarkdownOutput


_PLAIN = _Environment(undefined=StrictUndefined, tolerance=Mode.STRICT)
_MARKDOWN = _MarkdownEnvironment(undefined=StrictUndefined, tolerance=Mode.STRICT)


def escape_markdown(text: str) -> str:
    """The text such that Markdown prints it as it is, on one line."""
    return _SPACE.sub(" ", text.translate(_TURNING)).strip().translate(_ESCAPED)


def parse(text: str, file: str) -> Template:
    """Read a message file and check every name it uses.

    Args:
        text: the file's content.
        file: its path as the user would type it.

    Raises:
        TenureError: naming file, line, what is wrong and the nearest known name.
    """
    if len(text) > LONGEST:
        raise TenureError(f"the message is longer than {LONGEST:,} characters", "Shorten it.", Place(file))
    matter, body, body_line = _split(text, file)
    if not matter.get("subject", ("", 0))[0]:
        raise TenureError("the subject is missing", "Begin the file with ---, `subject: …` and ---.", Place(file, 1))
    if not body.strip():
        raise TenureError("the message is empty", "Write its text under the second ---.", Place(file, body_line + 1))
    lines = {"body": body_line, **{key: line - 1 for key, (_, line) in matter.items()}}
    return Template(
        file,
        subject=_compiled(_PLAIN, matter["subject"][0], file, lines["subject"]),
        preheader=_compiled(_PLAIN, matter.get("preheader", ("", 1))[0], file, lines.get("preheader", 0)),
        body=_compiled(_MARKDOWN, body, file, body_line),
        lines=lines,
    )


def render(template: Template, context: Mapping[str, object], manner: Manner) -> Rendered:
    """Fill a template for one person.

    Args:
        template: the message.
        context: a value for each name of `VOCABULARY`; None where nothing is known.
        manner: how dates and money are written.

    Raises:
        TenureError: a value is missing where the template needs one, or a limit is passed; with file and line.
    """
    values = {**context, filters.MANNER: manner}
    return Rendered(
        subject=" ".join(_filled(template, "subject", values).split()),
        preheader=" ".join(_filled(template, "preheader", values).split()),
        markdown=_filled(template, "body", values),
    )


def _split(text: str, file: str) -> tuple[dict[str, tuple[str, int]], str, int]:
    """Front matter as key → (text, line), the body, and the line before the body's first."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        raise TenureError(
            "the file does not begin with ---", "Begin it with ---, `subject: …` and ---.", Place(file, 1)
        )
    matter: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() == "---":
            return matter, "\n".join(lines[number:]) + "\n", number
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise TenureError("this line is no `key: text`", "Write the subject on one line.", Place(file, number))
        if key.strip() not in KEYS:
            raise TenureError(f"unknown key `{key.strip()}`", nearest(key.strip(), KEYS), Place(file, number))
        if key.strip() in matter:
            raise TenureError(f"the key `{key.strip()}` stands twice", "Keep one of them.", Place(file, number))
        matter[key.strip()] = (_unquoted(value.strip()), number)
    raise TenureError("the front matter does not end", "Close it with a line of ---.", Place(file, len(lines)))


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


def _compiled(environment: _Environment, source: str, file: str, before: int) -> BoundTemplate:
    for found in _MARKUP.finditer(source):
        if ".." in _QUOTED.sub("", found[0]):
            line = before + source.count("\n", 0, found.start()) + 1
            raise TenureError("ranges such as (1..9) are not allowed in a message", "Write it out.", Place(file, line))
    try:
        compiled = environment.from_string(source)
    except LiquidError as error:
        _refuse(error, file, before, source)
    except RecursionError:
        raise TenureError("the message is nested too deeply", "Write it flatter.", Place(file, before + 1)) from None
    _check_names(compiled, source, file, before)
    return compiled


def _check_names(compiled: BoundTemplate, source: str, file: str, before: int) -> None:
    for uses in compiled.analyze(include_partials=False).globals.values():
        for use in uses:
            place = Place(file, before + source.count("\n", 0, use.span.index) + 1)
            root, *rest = use.segments
            if root not in VOCABULARY:
                raise TenureError(f"no message knows `{root}`", nearest(str(root), VOCABULARY), place)
            known = VOCABULARY[str(root)]
            if rest and isinstance(rest[0], str) and rest[0] not in known:
                hint = nearest(rest[0], known) if known else f"Write `{root}` alone."
                raise TenureError(f"`{root}` has no `{rest[0]}`", hint, place)


def _filled(template: Template, part: str, values: Mapping[str, object]) -> str:
    compiled: BoundTemplate = getattr(template, part)
    try:
        return compiled.render(**values)
    except LiquidError as error:
        _refuse(error, template.file, template.lines.get(part, 0))


def _refuse(error: LiquidError, file: str, before: int, source: str = "") -> NoReturn:
    found = error.context()
    problem = str(error.message).split("\n", maxsplit=1)[0]
    if "unexpected tag" in problem or "disabled" in problem:
        problem += f" (a message knows {', '.join(TAGS)})"
    # What is opened and never closed is noticed only at the end, where there is nothing to point at but the last line.
    line = found[0] if found else source.rstrip("\n").count("\n") + 1
    raise TenureError(problem, "", Place(file, before + line if found or source else None)) from None
