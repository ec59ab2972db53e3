"""`tenure init` and `tenure doctor`: a workspace is made, and looked over."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import json_option, workspace_option
from tenure.cli.printing import print_json


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--example", type=click.Choice(["fitness"]),
              help="Begin with an invented business and its records instead of an empty one.")  # fmt: skip
@json_option
def init(folder: Path, example: str | None, as_json: bool) -> None:
    """Make FOLDER into a workspace: settings, a library of campaigns, a place for sources. Nothing is overwritten.

    \b
    Example:
      tenure init my-shop
    """
    from tenure import app

    made = app.example(folder, example) if example else app.initialise(folder)
    if as_json:
        print_json({"workspace": str(folder), "created": made})
        return
    click.echo(f"{folder} is a workspace. Created: {', '.join(made) or 'nothing, all was there'}.")
    click.echo(f"Next: tenure import{'' if example else ' orders ORDERS.csv'} --workspace {folder}")


@click.command()
@json_option
@workspace_option
def doctor(as_json: bool, workspace: Path) -> None:
    """Check settings, sources, campaigns, warehouse, store and channels; exit code 1 if something needs attention.

    \b
    Example:
      tenure doctor
    """
    from tenure import app

    checks = app.doctor(workspace)
    if as_json:
        print_json([{"check": c.name, "ok": c.ok, "says": c.says} for c in checks])
    else:
        for check in checks:
            click.echo(f"{'✓' if check.ok else '✗'} {check.name}: {check.says}")
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(1)
