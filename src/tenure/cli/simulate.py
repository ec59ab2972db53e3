"""`tenure simulate`: policies side by side on a shop whose truth is known."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import json_option
from tenure.cli.printing import print_json, print_table
from tenure.cli.progress import progress_for


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--customers", default=2_000, show_default=True, type=click.IntRange(50, 1_000_000),
              help="How many sign up, over the history and the days that count.")  # fmt: skip
@click.option("--days", default=180, show_default=True, type=click.IntRange(7, 3_650),
              help="Days on which the policies decide and profit is counted.")  # fmt: skip
@click.option("--history", default=365, show_default=True, type=click.IntRange(28, 3_650),
              help="Days before the first contact.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Another seed is another shop.")
@click.option("--policy", "policies", multiple=True, metavar="NAME",
              help="none, everyone, random, rfm, oracle or tenure; may be given again (default: all).")  # fmt: skip
@click.option("--every", default=7, show_default=True, type=click.IntRange(1, 365), help="Days between decisions.")
@json_option
def simulate(
    folder: Path, customers: int, days: int, history: int, seed: int, policies: tuple[str, ...], every: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Let policies decide on a simulated shop, and compare what each truly earned.

    Every policy meets the same customers with the same chances; they differ by their contacts alone. DIR becomes a
    workspace of the shop as the last policy left it, with the truth beside it in truth.json.

    \b
    Example:
      tenure simulate trial-shop --customers 1000 --days 90 --policy everyone --policy tenure
    """
    from tenure import app

    plan = app.Simulation(customers, days, seed, policies, every, history)
    done = app.simulate(folder, plan, progress_for(as_json))
    if as_json:
        print_json(done.as_json())
        return
    columns, rows = done.table()
    print_table(columns, rows)
    for sentence in done.sentences():
        click.echo(sentence)
