"""`tenure campaign`: the campaign files of a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import json_option, opened, workspace_option
from tenure.cli.printing import print_json, print_table


@click.group()
def campaign() -> None:
    """List and check the campaign files.

    \b
    Example:
      tenure campaign check
    """


@campaign.command()
@json_option
@workspace_option
def check(as_json: bool, workspace: Path) -> None:
    """Read every campaign; a mistake is named with file and line (exit code 1)."""
    from tenure import app

    campaigns, mistakes = app.campaigns(opened(workspace))
    rows = [(c.name, c.title, c.purpose, ", ".join(c.stages) or "all", ", ".join(c.channels), ", ".join(c.locales))
            for c in campaigns]  # fmt: skip
    names = ("campaign", "title", "purpose", "stages", "channels", "languages")
    if as_json:
        print_json({"campaigns": [dict(zip(names, row, strict=True)) for row in rows],
                    "mistakes": [m.sentence for m in mistakes]})  # fmt: skip
    else:
        print_table(names, rows)
        for mistake in mistakes:
            click.echo(mistake.sentence, err=True)
    if mistakes:
        raise click.exceptions.Exit(1)
