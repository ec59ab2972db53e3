"""The stations of the line as commands: `profile`, `decide`, `send`, `learn`, and `run` for all of them."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import as_of_option, json_option, opened, workspace_option
from tenure.cli.printing import print_json, print_table
from tenure.cli.progress import progress_for


@click.command()
@as_of_option
@click.option("--out", type=click.Path(path_type=Path), help="Write all profiles to a .parquet or .csv file.")
@json_option
@workspace_option
def profile(as_of: str | None, out: Path | None, as_json: bool, workspace: Path) -> None:
    """Compute one row per customer as of a moment: facts at or after it do not exist.

    Without --out the profiles are published in the workspace; with it they are written to the file and nothing else
    changes.

    \b
    Example:
      tenure profile --as-of 2011-09-01 --out profiles.parquet
    """
    from tenure import app

    ws = opened(workspace)
    moment = app.moment(ws, as_of)
    rows = app.profile(ws, moment, progress_for(as_json), out)
    unfitted = app.unfitted(ws, moment)
    if as_json:
        print_json({"as_of": moment.moment, "customers": rows, "out": str(out) if out else None,
                    "attention": [unfitted] if unfitted else []})  # fmt: skip
        return
    click.echo(f"{rows:,} customers as of {moment}{f' in {out}' if out else ''}.")
    if unfitted:
        click.echo(unfitted)


@click.command()
@as_of_option
@click.option("--out", type=click.Path(path_type=Path), help="Also write the decisions to a .parquet or .csv file.")
@json_option
@workspace_option
def decide(as_of: str | None, out: Path | None, as_json: bool, workspace: Path) -> None:
    """Choose for each customer whether to say something, and what; nothing is sent.

    \b
    Example:
      tenure decide --as-of 2011-09-01 --out decisions.parquet
    """
    from tenure import app

    ws = opened(workspace)
    decided = app.decide(ws, app.moment(ws, as_of), progress_for(as_json), out)
    if as_json:
        print_json(decided.as_json())
        return
    for sentence in decided.sentences():
        click.echo(sentence)


@click.command()
@as_of_option
@json_option
@workspace_option
def send(as_of: str | None, as_json: bool, workspace: Path) -> None:
    """Send what the latest run decided and whatever else is due.

    \b
    Example:
      tenure send
    """
    from tenure import app

    ws = opened(workspace)
    sent = app.send(ws, app.moment(ws, as_of) if as_of else None, progress_for(as_json))
    if as_json:
        print_json({"sent": dict(sent.states)})
    else:
        click.echo(app.sent_sentence(sent))


@click.command()
@as_of_option
@json_option
@workspace_option
def learn(as_of: str | None, as_json: bool, workspace: Path) -> None:
    """Measure what each campaign changed, against the people it left alone.

    \b
    Example:
      tenure learn && tenure report campaigns
    """
    from tenure import app

    ws = opened(workspace)
    table = app.learn(ws, app.moment(ws, as_of), progress_for(as_json)).to_pylist()
    if as_json:
        print_json(table)
    elif table:
        print_table(tuple(table[0]), [tuple(row.values()) for row in table])
    else:
        click.echo("No campaign has been decided yet, so there is nothing to measure.")


@click.command()
@as_of_option
@json_option
@workspace_option
def run(as_of: str | None, as_json: bool, workspace: Path) -> None:
    """The daily job: import what is new, profile, decide, send, learn, publish.

    Only one run at a time works on a workspace. With --as-of in the past it is a rehearsal, and needs channels that
    record instead of send.

    \b
    Example (every day at six, from cron):
      0 6 * * *  tenure run --workspace /srv/shop
    """
    from tenure import app

    ws = opened(workspace)
    done = app.run(ws, as_of, progress_for(as_json))
    if as_json:
        print_json(done.as_json())
        return
    for sentence in done.sentences():
        click.echo(sentence)
