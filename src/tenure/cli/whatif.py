"""`tenure whatif`: what a customer is worth, what would make one pay, how sure that is, and which lever is cheapest."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenure.cli.options import as_of_option, json_option, opened, workspace_option
from tenure.cli.printing import print_json

if TYPE_CHECKING:
    from tenure.insights.whatif_words import Table

_WIDTH = 80


@click.command()
@click.option("--set", "sets", multiple=True, metavar="PATH=±X",
              help="Change a lever: +0.02 adds, -10% scales, 9.99 replaces. May be given several times.")  # fmt: skip
@click.option("--effort", "efforts", multiple=True, metavar="PATH=COST",
              help="What moving a lever by one percent of its value costs, to rank levers by money.")  # fmt: skip
@click.option("--by", type=click.Choice(["acquisition_channel", "country"]), help="Tell groups of customers too.")
@click.option("--of", type=click.Choice(["contracts", "orders"]), help="Contracts if there are any, if not given.")
@click.option("--months", multiple=True, type=click.IntRange(1, 120), metavar="N",
              help="Horizon of profit; several may be given (default: 12, 24 and 36).")  # fmt: skip
@click.option("--from", "from_", metavar="MOMENT", help="Count no month that began before it.")
@click.option("--draws", default=1000, show_default=True, type=click.IntRange(100, 100_000),
              help="Chains that are drawn for the intervals.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Which ones; the same answer again.")
@as_of_option
@json_option
@workspace_option
def whatif(
    sets: tuple[str, ...], efforts: tuple[str, ...], by: str | None, of: str | None, months: tuple[int, ...],
    from_: str | None, draws: int, seed: int, as_of: str | None, as_json: bool, workspace: Path,
) -> None:  # fmt: skip
    """Say what a customer is worth, what each lever would change, and what would make customers pay.

    Plans (or, without contracts, stages of buyers) become a chain of states with rates, prices and
    costs counted from facts before --as-of. Without --set it says where break-even lies for each lever.

    \b
    Levers:
      conversion.FROM.TO   churn.STATE   price.PLAN   spend.STAGE   margin
      cost.acquisition   cost.serve.STATE   volume.new

    \b
    Example:
      tenure whatif --set conversion.trial.light=+0.02 --set price.full=10.99
    """
    from tenure import app
    from tenure.insights.whatif_words import tables
    from tenure.insights.words import Words
    from tenure.operations.whatif_told import as_json as machine
    from tenure.operations.whatif_told import sentences, title

    ws = opened(workspace)
    told = app.whatif(
        ws, sets, as_of=as_of, from_=from_, months=months or (12, 24, 36), efforts=_costs(efforts), by=by, of=of,  # type: ignore[arg-type]
        draws=draws, seed=seed,
    )  # fmt: skip
    words = Words.of(ws.business)
    if as_json:
        print_json(machine(told, ws.business))
        return
    click.echo(title(told, words))
    for sentence in sentences(told, words):
        click.echo(_wrapped(sentence))
    for table in tables(told.answer, words):
        click.echo("\n" + "\n".join(aligned(table)))
        click.echo(_wrapped(table.note))


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _costs(efforts: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in efforts:
        path, _, cost = text.partition("=")
        try:
            found[path.strip().lower()] = float(cost)
        except ValueError:
            raise click.UsageError(f"`{text}` is no effort. Write it as PATH=COST, such as price.full=500.") from None
    return found


def aligned(table: Table) -> list[str]:
    """The lines of a table: names on the left, figures on the right, each column as wide as it must be."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    lines = [
        "  ".join(
            text.ljust(width) if i == 0 or table.columns[i] == "to" else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [f"{table.title}:", *lines]
