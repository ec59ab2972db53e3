"""`tenure campaign preview`: what a campaign would do and say, before it says anything."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenure.cli.options import as_of_option, json_option, opened, workspace_option
from tenure.cli.printing import print_json
from tenure.cli.progress import progress_for

if TYPE_CHECKING:
    from tenure.app.previewing import Previewed

_WIDTH = 80


@click.command()
@click.argument("name")
@as_of_option
@click.option("--locale", "locales", multiple=True, metavar="LANGUAGE",
              help="Show the messages in it; may be given several times; `all` for every language.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Also write the whole messages into this folder, with an index.html that shows them.")  # fmt: skip
@click.option("--show-names", is_flag=True, help="Name the example customers and greet them by name.")
@json_option
@workspace_option
def preview(
    name: str, as_of: str | None, locales: tuple[str, ...], out: Path | None, show_names: bool, as_json: bool,
    workspace: Path,
) -> None:  # fmt: skip
    """Show whom the campaign NAME would reach, what that costs and brings, and what it says.

    Nothing is recorded and no occasion is used up. The moment is that of the published profiles if --as-of does not
    say another one, and the languages are those that its customers would read.

    \b
    Example:
      tenure campaign preview win-back --out preview
    """
    from tenure import app
    from tenure.operations.preview_told import as_json as machine

    found = app.preview(opened(workspace), name, progress_for(as_json), as_of=as_of, locales=locales, out=out,
                        names=show_names)  # fmt: skip
    if as_json:
        print_json(machine(found.preview, found.idle, found.messages, found.names)
                   | {"files": [str(file) for file in found.files]})  # fmt: skip
        return
    for line in _page(found):
        click.echo(line)
    if found.files:
        click.echo(f"\nWhole messages: {found.files[0]}")


def _page(found: Previewed) -> list[str]:
    from tenure.operations.preview_told import example_lines, funnel, message_lines, part_name, summary

    made = found.preview
    lines = [f"{made.campaign.name}: {made.campaign.title}"]
    lines += [line for said in summary(made, found.idle) for line in _wrapped(said)]
    for part in made.parts:
        lines += ["", f"{part_name(part.campaign)}, who is left:", *funnel(part)]
        if part.examples:
            lines += ["", "  Examples, from the one worth most:", *example_lines(part, made, found.names)]
        messages = [one for one in found.messages if one.part == part.campaign.name]
        for customer in dict.fromkeys(one.customer_id for one in messages):
            lines += [
                "",
                *_wrapped(f"  As customer {customer} would read it{'' if part.chosen else ', if it were said'}:"),
            ]
            lines += [line for one in messages if one.customer_id == customer for line in message_lines(one)]
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
