"""`tenure import` and `tenure source`: records on their way in."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import json_option, opened, workspace_option
from tenure.cli.printing import print_json, print_table
from tenure.cli.progress import progress_for


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    from tenure.domain.errors import UsageError

    mapping: dict[str, str] = {}
    for pair in pairs:
        column, equals, expression = pair.partition("=")
        if not equals or not column.strip() or not expression.strip():
            raise UsageError(f"`--map {pair}` is not COLUMN=EXPRESSION", "For example: --map total='Quantity*Price'.")
        mapping[column.strip()] = expression.strip()
    return mapping


@click.command("import")
@click.argument("table", required=False)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--map", "maps", multiple=True, metavar="COLUMN=SQL", help="How a column is made from the file's own.")
@click.option("--where", metavar="SQL", help="Only rows for which this holds.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of CSV and JSON Lines.")
@click.option("--delimiter", default="", help="Of CSV; found out if not given.")
@click.option("--date-order", type=click.Choice(["auto", "dmy", "mdy"]), default="auto", show_default=True)
@click.option("--timezone", default="UTC", show_default=True, help="Of times written without a zone.")
@json_option
@workspace_option
def import_(
    table: str | None, files: tuple[Path, ...], maps: tuple[str, ...], where: str | None, encoding: str,
    delimiter: str, date_order: str, timezone: str, as_json: bool, workspace: Path,
) -> None:  # fmt: skip
    """Bring in what happened: one TABLE from FILES, or everything that sources/ describes.

    A row is known by its key; the same key again replaces the row, so importing a file twice changes nothing. Bad rows
    are kept aside (`tenure show quarantine`), the good ones go on.

    \b
    Example:
      tenure import orders orders.csv --map customer_id=CustomerID --map total='Quantity*Price'
    """
    from tenure import app

    ws = opened(workspace)
    progress = progress_for(as_json)
    if table is None:
        results = app.import_sources(ws, progress)
    else:
        if not files:
            raise click.UsageError(f"Name the files that hold {table}.")
        results = app.import_table(
            ws, table, files, _mapping(maps), progress, where=where, encoding=encoding, delimiter=delimiter,
            date_order=date_order, timezone=timezone,
        )  # fmt: skip
    rows = [
        {"table": r.table, "source": r.source, "accepted": r.accepted, "replaced": r.replaced,
         "quarantined": r.quarantined} for r in results
    ]  # fmt: skip
    if as_json:
        print_json(rows[0] if table is not None and len(rows) == 1 else rows)
        return
    print_table(("table", "source", "accepted", "replaced", "quarantined"), [tuple(r.values()) for r in rows])
    for note in (note for result in results for note in result.notes):
        click.echo(note)
    if any(r.quarantined for r in results):
        click.echo("The rows kept aside, with their reasons: tenure show quarantine")


@click.command()
@click.argument("names", nargs=-1)
@json_option
@workspace_option
def source(names: tuple[str, ...], as_json: bool, workspace: Path) -> None:
    """Check the source files and show what each would bring in; nothing is imported.

    \b
    Example:
      tenure source
    """
    from tenure import app

    rows = [
        (e.source, e.table, len(e.files) or "query", ", ".join(e.columns) or "columns of the same names")
        for e in app.extracts(opened(workspace))
        if not names or e.source in names
    ]
    if as_json:
        print_json([dict(zip(("source", "table", "files", "columns"), row, strict=True)) for row in rows])
    else:
        print_table(("source", "table", "files", "columns"), rows)
