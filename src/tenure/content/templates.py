"""Reads a `message.LOCALE.md` and renders it for one person: a subject, a preheader and a body in Markdown.

The front matter holds one `key: text` a line; the body is Markdown with Liquid in it. Liquid runs with a short list of
tags and filters, within limits, and refuses names that no message knows. Whatever a variable prints is escaped for
Markdown, so a customer's name can never become a link, an image or a heading.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NoReturn, TextIO

from liquid import BoundTemplate, Environment, Mode, RenderContext, StrictUndefined
from liquid.builtin import content, illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import assign_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string

from tenure.content import filters
from tenure.content.matter import check, split
from tenure.content.vocabulary import check_names
from tenure.content.words import Manner
from tenure.domain.errors import Place, TenureError

LONGEST = 100_000
TAGS = ("if", "unless", "case", "for", "assign", "comment")

_SPECIAL = re.compile(f"([{re.escape(string.punctuation)}])")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\x00]")
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")  # a space that must not break, as in `10 %`, stays one
_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Template:
    """A message file, read and checked.

    Attributes:
        parts: the body and each line of the front matter that says something.
        lines: the file's line before each part's first.
    """

    file: str
    parts: Mapping[str, BoundTemplate]
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
    return _SPECIAL.sub(r"\\\1", _SPACE.sub(" ", _TURNING.sub("", text)).strip())


def parse(text: str, file: str, channels: Collection[str] = ()) -> Template:
    """Read a message file and check every name it uses.

    Args:
        text: the file's content.
        file: its path as the user would type it.
        channels: where the campaign speaks; some need a variant of their own (`matter.NEEDS`).

    Raises:
        TenureError: naming file, line, what is wrong and the nearest known name.
    """
    if len(text) > LONGEST:
        raise TenureError(f"the message is longer than {LONGEST:,} characters", "Shorten it.", Place(file))
    matter = split(text, file)
    check(matter, file, channels)
    parts = {key: _compiled(_PLAIN, said, file, matter.lines[key]) for key, said in matter.texts.items() if said}
    parts["body"] = _compiled(_MARKDOWN, matter.body, file, matter.lines["body"])
    return Template(file, parts, matter.lines)


def render(template: Template, context: Mapping[str, object], manner: Manner) -> Rendered:
    """Fill a template's subject, preheader and body for one person.

    Args:
        template: the message.
        context: a value for each name of `vocabulary.VOCABULARY`; None where nothing is known.
        manner: how dates and money are written.

    Raises:
        TenureError: a value is missing where the template needs one, or a limit is passed; with file and line.
    """
    values = {**context, filters.MANNER: manner}
    return Rendered(
        subject=_on_one_line(_filled(template, "subject", values)),
        preheader=_on_one_line(_filled(template, "preheader", values)),
        markdown=_filled(template, "body", values),
    )


def render_line(template: Template, part: str, context: Mapping[str, object], manner: Manner) -> str:
    """Fill one line of the front matter for one person, as plain text; empty where it is not written.

    Raises:
        TenureError: as in `render`.
    """
    said = _filled(template, part, {**context, filters.MANNER: manner})
    # In a text message a space outside the GSM alphabet would more than halve what one part holds.
    return " ".join(said.split()) if part == "sms" else _on_one_line(said)


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
    check_names(compiled, source, file, before)
    return compiled


def _filled(template: Template, part: str, values: Mapping[str, object]) -> str:
    compiled = template.parts.get(part)
    if compiled is None:
        return ""
    try:
        return compiled.render(**values)
    except LiquidError as error:
        _refuse(error, template.file, template.lines.get(part, 0))


def _on_one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _refuse(error: LiquidError, file: str, before: int, source: str = "") -> NoReturn:
    found = error.context()
    problem = str(error.message).split("\n", maxsplit=1)[0]
    if "unexpected tag" in problem or "disabled" in problem:
        problem += f" (a message knows {', '.join(TAGS)})"
    # What is opened and never closed is noticed only at the end, where there is nothing to point at but the last line.
    line = found[0] if found else source.rstrip("\n").count("\n") + 1
    raise TenureError(problem, "", Place(file, before + line if found or source else None)) from None
