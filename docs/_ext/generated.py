"""Reference tables made from the code itself, so that they cannot go stale.

A page says `<!-- generated: facts -->` on a line of its own; the line is replaced by what the function of that name
returns. Each function is pure Markdown out of the package's own descriptions.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator

import click
from library import library
from sphinx.application import Sphinx

from tenure.domain import decision, facts, message, profile

MARKER = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)
KINDS: dict[str, str] = {
    "text": "text", "json": "JSON", "choice": "one of", "moment": "timestamp, UTC", "date": "date",
    "money": "money", "quantity": "quantity, up to three decimals", "number": "number", "count": "whole number",
    "flag": "true or false",
}  # fmt: skip
UNITS: dict[str, str] = {
    "text": "text", "texts": "list of texts", "moment": "timestamp, UTC", "money": "money", "number": "number",
    "share": "share, 0 to 1", "days": "days", "count": "whole number", "flag": "true or false",
}  # fmt: skip


def fact_tables() -> str:
    """The fact tables that a business brings."""
    return "\n".join(_fact_table(table) for table in facts.TABLES.values())


def own_tables() -> str:
    """The fact tables that Tenure writes about itself."""
    parts = []
    for name, columns in facts.OWN_TABLES.items():
        parts += [f"### {name}", "", ", ".join(f"`{column}`" for column, _ in columns), ""]
    return "\n".join(parts)


def profile_columns() -> str:
    """The profile, group by group."""
    parts: list[str] = []
    for group in dict.fromkeys(column.group for column in profile.COLUMNS):
        rows = (
            (f"`{c.name}`", UNITS[c.unit], f"{c.about}{' *(null until a model fills it)*' if c.model else ''}")
            for c in profile.COLUMNS
            if c.group == group
        )
        parts += [f"## {group}", "", *_rows(("column", "unit", "meaning"), rows), ""]
    return "\n".join(parts)


def rules() -> str:
    """The rules of eligibility and choice, in the order in which they are asked."""
    return "\n".join(_rows(("rule", "what it says"), ((f"`{name}`", about) for name, about in decision.RULES.items())))


def decision_columns() -> str:
    """The columns of the decisions, in order."""
    return "\n".join(_rows(("column", "type"), ((f"`{c}`", kind) for c, kind in decision.DECISION_COLUMNS)))


def message_states() -> str:
    """The states of a message and the moves between them."""
    moves = ((f"`{state}`", ", ".join(f"`{to}`" for to in sorted(targets))) for state, targets in message.MOVES.items())
    final = ", ".join(f"`{state}`" for state in sorted(message.FINAL))
    return "\n".join([*_rows(("from", "to"), moves), "", f"Final: {final}."])


def commands() -> str:
    """Every command with its own help."""
    cli = importlib.import_module("tenure.cli")
    return "\n".join(part for path, command in walk(cli.tenure, ("tenure",)) for part in _command(path, command))


def python_names() -> str:
    """The public names of `import tenure`, with what they say about themselves."""
    package = importlib.import_module("tenure")
    return "\n".join(part for name in package.__all__ for part in _public(name, getattr(package, name)))


def models() -> str:
    """Every model with what it says about itself and its methods."""
    package = importlib.import_module("tenure.models")
    return "\n".join(part for name in package.__all__ for part in _model(getattr(package, name)))


PAGES: dict[str, Callable[[], str]] = {
    "facts": fact_tables,
    "library": library,
    "own-facts": own_tables,
    "profile": profile_columns,
    "rules": rules,
    "decisions": decision_columns,
    "message-states": message_states,
    "models": models,
    "commands": commands,
    "python": python_names,
}


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all its subcommands, each with the words one types."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=" ".join(path))
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from walk(below, (*path, name))


def expand(text: str) -> str:
    """The page with every marker replaced.

    Raises:
        KeyError: a marker names nothing that can be generated.
    """
    return MARKER.sub(lambda found: PAGES[found[1]](), text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx's entry point."""

    def replace(_app: Sphinx, _page: str, source: list[str]) -> None:
        source[0] = expand(source[0])

    app.connect("source-read", replace)
    # Generated pages depend on code that Sphinx does not watch.
    app.connect("env-get-outdated", lambda _app, env, *_changes: sorted(env.found_docs))
    return {"parallel_read_safe": True}


def _fact_table(table: facts.FactTable) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    rows = (
        (f"`{c.name}`", _kind(c), "yes" if c.required else "", c.about) for c in table.columns
    )  # fmt: skip
    lines = [f"## {table.name}", "", f"{table.about} Known by {key}.", "",
             *_rows(("column", "holds", "required", "meaning"), rows), ""]  # fmt: skip
    return "\n".join(lines)


def _kind(column: facts.Column) -> str:
    if column.choices:
        return "one of " + ", ".join(f"`{choice}`" for choice in column.choices)
    return KINDS[column.kind] + (", may be negative" if column.signed else "")


def _command(path: tuple[str, ...], command: click.Command) -> list[str]:
    context = click.Context(command, info_name=" ".join(path), terminal_width=84, max_content_width=84)
    level = "##" if len(path) <= 2 else "###"
    return [f"{level} {' '.join(path)}", "", "```text", command.get_help(context), "```", ""]


def _model(model: type) -> list[str]:
    call, said = f"{model.__name__}{_arguments(model)}", inspect.getdoc(model) or ""
    parts = [f"## {model.__name__}", "", "```text", call, "", said, "```", ""]
    for name, method in inspect.getmembers(model, inspect.isfunction):
        if not name.startswith("_"):
            parts += ["```text", f".{name}{_arguments(method)}", "", inspect.getdoc(method) or "", "```", ""]
    return parts


def _arguments(value: Callable[..., object]) -> str:
    """What one gives to a class or method, without the object itself and its types, which the text explains."""
    given = inspect.signature(value.__init__ if inspect.isclass(value) else value).parameters.values()
    shown = [p.replace(annotation=inspect.Parameter.empty) for p in given if p.name != "self"]
    return str(inspect.Signature(shown))


def _public(name: str, value: object) -> list[str]:
    signature = str(inspect.signature(value)) if callable(value) and not inspect.isclass(value) else ""
    return [f"## tenure.{name}", "", "```python", f"tenure.{name}{signature}", "```", "", "```text",
            inspect.getdoc(value) or "", "```", ""]  # fmt: skip


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
