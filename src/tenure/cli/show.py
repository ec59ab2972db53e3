"""`tenure show`: look at one station of the line."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import as_of_option, json_option, opened, workspace_option
from tenure.cli.printing import cell, print_json, print_table


@click.group()
def show() -> None:
    """Look at one station of the line: quarantine, facts, a customer, the inbox of events, the outbox.

    \b
    Example:
      tenure show quarantine
    """


@show.command()
@json_option
@workspace_option
def quarantine(as_json: bool, workspace: Path) -> None:
    """The rows that were kept aside, and why."""
    from tenure import app

    rows = app.quarantine(opened(workspace))
    if as_json:
        print_json([{"table": r.table, "source": r.source, "row": r.row, "column": r.column, "reason": r.reason}
                    for r in rows])  # fmt: skip
    elif rows:
        print_table(("table", "source", "row", "column", "reason"),
                    [(r.table, r.source, r.row, r.column, r.reason) for r in rows])  # fmt: skip
    else:
        click.echo("No row is kept aside.")


@show.command()
@click.argument("table")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@workspace_option
def fact(table: str, limit: int, as_json: bool, workspace: Path) -> None:
    """The latest rows of a fact table."""
    from tenure import app

    rows = app.facts(opened(workspace), table, limit)
    if as_json:
        print_json(rows.to_pylist())
    else:
        print_table(rows.column_names, [tuple(row.values()) for row in rows.to_pylist()])


@show.command()
@click.argument("customer_id")
@as_of_option
@json_option
@workspace_option
def customer(customer_id: str, as_of: str | None, as_json: bool, workspace: Path) -> None:
    """One customer's profile as of a moment."""
    from tenure import app
    from tenure.domain.profile import COLUMNS

    ws = opened(workspace)
    row = app.customer(ws, customer_id, app.moment(ws, as_of))
    if as_json:
        print_json(row)
        return
    group = ""
    for column in COLUMNS:
        if column.group != group:
            group = column.group
            click.echo(click.style(f"\n{group}", bold=True))
        click.echo(f"  {column.name:<22} {cell(row[column.name])}")


@show.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000), help="Of those kept aside.")
@json_option
@workspace_option
def inbox(limit: int, as_json: bool, workspace: Path) -> None:
    """Events that arrived over HTTP: how many wait to become facts, and which were kept aside, and why."""
    from tenure import app

    states, aside = app.inbox(opened(workspace), limit)
    if as_json:
        print_json({"states": states, "aside": aside})
        return
    click.echo(", ".join(f"{states[state]:,} {state}" for state in sorted(states)) or "No event has arrived.")
    if aside:
        print_table(tuple(aside[0]), [tuple(row.values()) for row in aside])


@show.command()
@json_option
@workspace_option
def outbox(as_json: bool, workspace: Path) -> None:
    """How many messages stand where, and why those that were not sent were not."""
    from tenure import app

    rows = app.outbox(opened(workspace))
    if as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        click.echo("The outbox is empty.")
