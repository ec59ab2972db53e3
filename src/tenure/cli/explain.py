"""`tenure explain`: why one customer hears from us, or does not."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import as_of_option, json_option, opened, workspace_option
from tenure.cli.printing import print_json


@click.command()
@click.argument("customer_id")
@click.option("--all", "everything", is_flag=True,
              help="A sentence for every campaign, also for those that are not for this customer now.")  # fmt: skip
@as_of_option
@json_option
@workspace_option
def explain(customer_id: str, everything: bool, as_of: str | None, as_json: bool, workspace: Path) -> None:
    """What was decided for CUSTOMER_ID, what lost and by how much, and the reason of every no.

    Recomputed as of the latest run (or of --as-of), from the campaign files and settings of that moment.

    \b
    Example:
      tenure explain 42
    """
    from tenure import app

    explanation = app.explain(opened(workspace), customer_id, as_of)
    if as_json:
        print_json(explanation.as_json())
    else:
        click.echo(explanation.text(everything=everything))
