"""`tenure report`: figures as of any day, in words, as a table, or as JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenure.cli.options import as_of_option, json_option, opened, workspace_option
from tenure.cli.printing import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenure.insights.table import Column, Report
    from tenure.insights.words import Words


@click.command()
@click.argument("kind", metavar="KIND")
@click.option("--from", "from_", metavar="MOMENT", help="Begin of the period (retention, recurring revenue).")
@click.option("--to", metavar="MOMENT", help="End of the period, exclusive.")
@as_of_option
@json_option
@workspace_option
def report(
    kind: str, from_: str | None, to: str | None, as_of: str | None, as_json: bool, workspace: Path
) -> None:  # fmt: skip
    """Print one report: retention, cohorts, revenue, funnel, stages, economics, campaigns or models.

    Facts at or after --as-of do not exist; it is --to if not given, else the latest run. A period
    that is not given is the business's retention window, up to --as-of.

    \b
    Example:
      tenure report retention --from 2011-06-01 --to 2011-09-01
    """
    from tenure import app
    from tenure.insights.words import Words

    ws = opened(workspace)
    told = app.report(ws, kind, as_of=as_of, from_=from_, to=to)
    if as_json:
        print_json(told.as_json())
    else:
        _print(told, Words.of(ws.business))


def _print(told: Report, words: Words) -> None:
    """Title, sentences, table and formula; framed on a terminal, tab-separated elsewhere."""
    from tenure.insights.table import cell

    click.echo(f"{told.title}, as of {told.as_of}")
    for sentence in told.sentences:
        click.echo(sentence)
    if told.rows:
        click.echo("")
        shown = [place for place, c in enumerate(told.columns) if not (c.is_aside and sys.stdout.isatty())]
        columns = [told.columns[place] for place in shown]
        _print_rows(columns, [[cell(row[p], told.columns[p].unit, words) for p in shown] for row in told.rows])
    if sys.stdout.isatty():
        for line in bars(told, words):
            click.echo(line)
    if told.formula:
        click.echo(f"\nReckoned as: {told.formula}")


def _print_rows(columns: Sequence[Column], rows: list[list[str]]) -> None:
    if not sys.stdout.isatty():
        for row in ([c.title for c in columns], *rows):
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.title, justify="left" if column.unit in ("text", "month") else "right")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)


def bars(told: Report, words: Words, width: int = 40) -> list[str]:
    """The report's chart as lines of text, where it is bars of one kind; none elsewhere."""
    from tenure.insights.table import cell

    series = told.chart["series"] if told.chart else []
    if len(series) != 1 or series[0]["type"] != "bar" or told.chart is None:
        return []
    labels, values = told.chart["xAxis"]["data"], [value or 0 for value in series[0]["data"]]
    longest, most = max(map(len, labels)), max(map(abs, values)) or 1
    drawn = [
        f"{label:<{longest}}  {'▓' * round(width * abs(value) / most)} {cell(value, told.chart['unit'], words)}"
        for label, value in zip(labels, values, strict=True)
    ]
    return ["", f"{series[0]['name']}:", *drawn]
