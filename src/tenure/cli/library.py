"""`tenure campaign library`, `add` and `new`: campaigns out of the library, or out of a skeleton."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from tenure.cli.options import json_option, opened, workspace_option
from tenure.cli.printing import print_json

_WIDTH = 80


@click.command()
@json_option
@workspace_option
def library(as_json: bool, workspace: Path) -> None:
    """List the campaigns that come with Tenure, when each speaks, and which would be idle here.

    \b
    Example:
      tenure campaign library
    """
    from tenure import app

    shelved = app.library(opened(workspace))
    if as_json:
        print_json([
            {"campaign": one.campaign.name, "title": one.campaign.title, "when": one.when, "idle": one.idle,
             "here": one.is_here} for one in shelved
        ])  # fmt: skip
        return
    for one in shelved:
        here = "" if one.is_here else " (not in this workspace)"
        _paragraph(f"{one.campaign.name}{here}: {one.campaign.title}, {one.when}.")
        if one.idle:
            _paragraph(f"    Idle here: {one.idle}.")


@click.command()
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--all", "every", is_flag=True, help="Every campaign of the library.")
@json_option
@workspace_option
def add(names: tuple[str, ...], every: bool, as_json: bool, workspace: Path) -> None:
    """Copy campaigns of the library into the workspace, in every language; what is there already stays.

    \b
    Example:
      tenure campaign add birthday newsletter
    """
    from tenure import app

    ws = opened(workspace)
    if every == bool(names):
        raise click.UsageError("Name the campaigns, or give --all.")
    added, there = app.add(ws, app.every_name() if every else names)
    if as_json:
        print_json({"added": added, "already_there": there})
        return
    _paragraph(f"Added: {', '.join(added) or 'nothing'}.")
    if there:
        _paragraph(f"Already there, and left as they are: {', '.join(there)}.")


@click.command()
@click.argument("name")
@click.option("--from", "source", metavar="CAMPAIGN", help="Begin with this campaign of the library.")
@click.option("--locale", "locales", multiple=True, metavar="LANGUAGE",
              help="A further language; may be given several times; `all` for every one there is.")  # fmt: skip
@json_option
@workspace_option
def new(name: str, source: str | None, locales: tuple[str, ...], as_json: bool, workspace: Path) -> None:
    """Make the campaign NAME: a copy from the library, or a commented file that shows every key.

    Its messages are in the business's language, and in those of --locale or else those that many customers speak. The
    commented file speaks to nobody until you name an occasion that really happens.

    \b
    Example:
      tenure campaign new spring-letter --from newsletter
    """
    from tenure import app

    made = app.new(opened(workspace), name, source, locales)
    if as_json:
        print_json({"campaign": name, "created": list(made.files), "in_english": list(made.foreign)})
        return
    _paragraph(f"Created: {', '.join(made.files)}.")
    if made.foreign:
        _paragraph(f"Still in English, for want of a text: {', '.join(made.foreign)}.")
    _paragraph(f"Next: change it, then tenure campaign preview {name}")


def _paragraph(text: str) -> None:
    indent = " " * (len(text) - len(text.lstrip()))
    click.echo(textwrap.fill(text.strip(), _WIDTH, initial_indent=indent, subsequent_indent=indent or "    ",
                             break_long_words=False, break_on_hyphens=False))  # fmt: skip
