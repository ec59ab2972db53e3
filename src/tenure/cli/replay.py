"""`tenure replay`: policies side by side over past days, as the facts were known then."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenure.cli.options import json_option, opened, workspace_option
from tenure.cli.printing import print_json, print_table
from tenure.cli.progress import progress_for

if TYPE_CHECKING:
    from tenure.app.replaying import Replayed


@click.command()
@click.option("--from", "from_", required=True, metavar="MOMENT", help="The first decision.")
@click.option("--to", required=True, metavar="MOMENT", help="The end, which is not decided any more.")
@click.option("--policy", "policies", multiple=True, metavar="NAME",
              help="none, everyone, rfm, tenure, or a folder of campaigns; may be given several times (default: "
                   "those four).")  # fmt: skip
@click.option("--every", default=1, show_default=True, type=click.IntRange(1, 366), help="Days between decisions.")
@json_option
@workspace_option
def replay(
    from_: str, to: str, policies: tuple[str, ...], every: int, as_json: bool, workspace: Path
) -> None:  # fmt: skip
    """Let policies decide over past days, each day by what was known on it, and compare them.

    Nothing in the workspace changes and nobody is reached: each policy acts in a copy of the facts.

    \b
    Example:
      tenure replay --from 2017-10-02 --to 2017-11-27 --every 7
      tenure replay --from 2017-10-02 --to 2017-11-27 --policy tenure --policy campaigns-b/
    """
    from tenure import app

    done = app.replay(opened(workspace), from_, to, policies, every, progress_for(as_json))
    if as_json:
        print_json(done.as_json())
    else:
        _tell(done)


def _tell(done: Replayed) -> None:
    currency = done.currency
    click.echo(f"{done.days:,} decisions from {done.start} to {done.end}; money in {currency}.\n")
    rows = [(one.policy, one.contacts, one.customers, one.promised, round(one.contact_cost + one.discount_cost, 2),
             _range(one.earned.low, one.earned.high)) for one in done.outcomes]  # fmt: skip
    print_table(("policy", "contacts", "customers", "offers", "cost", "earned beyond silence"), rows)
    click.echo()
    for one in done.outcomes:
        said = [f"{one.policy}: {one.earned.rests_on}"]
        if one.measured:
            share = f"{one.came / one.measured:.0%}"
            said.append(f"Of {one.measured:,} contacts that wanted an order, {one.came:,} ({share}) "
                        "ordered within its days anyway"
                        + (f"; their offers would have given away {one.given_away:,.2f} {currency}."
                           if one.promised else "."))  # fmt: skip
        if one.held:
            said.append(f"{one.held:,} were left alone to learn.")
        click.echo(textwrap.fill(" ".join(said), 80, subsequent_indent="  "))
    click.echo()
    for note in done.notes:
        click.echo(textwrap.fill(note, 80))


def _range(low: float, high: float) -> str:
    return f"{low:,.2f} to {high:,.2f}".replace("-", "−")
