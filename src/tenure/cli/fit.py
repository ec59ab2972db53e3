"""`tenure fit`: trains the models that are due and says which of them are used."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import as_of_option, json_option, opened, workspace_option
from tenure.cli.printing import print_json
from tenure.cli.progress import progress_for


@click.command()
@click.argument("kinds", nargs=-1, metavar="[MODEL]...")
@as_of_option
@click.option("--all", "even_if_not_due", is_flag=True, help="Train also the models that are not due yet.")
@json_option
@workspace_option
def fit(kinds: tuple[str, ...], as_of: str | None, even_if_not_due: bool, as_json: bool, workspace: Path) -> None:
    """Train the models that are due, on facts before a moment, and use those that earn it.

    Each is checked on days that it has not seen. It is used from that moment on only if it beats a simple rule and the
    model in place; `tenure report models` shows the figures.

    \b
    Example:
      tenure fit --as-of 2011-09-01
    """
    from tenure import app

    ws = opened(workspace)
    moment = app.moment(ws, as_of)
    outcomes = app.fit(ws, moment, progress_for(as_json), kinds, even_if_not_due=even_if_not_due)
    if as_json:
        print_json([outcome.as_json() for outcome in outcomes])
        return
    for outcome in outcomes:
        click.echo(outcome.says)
