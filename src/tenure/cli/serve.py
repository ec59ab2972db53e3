"""`tenure serve`: the dashboard, the links in messages and the door for events, over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.cli.options import opened, workspace_option


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free one.")
@workspace_option
def serve(host: str, port: int, workspace: Path) -> None:
    """Serve the dashboard and people's links (unsubscribe, open), and take events in, until stopped.

    The pages read what the latest `tenure run` published, so runs go on beside it. Events go to /v1/ with the write key
    (`tenure doctor` says where it stands) and become facts at the next import or run.

    \b
    Example:
      tenure serve --port 8080
    """
    listen(opened(workspace).folder, host, port)


def listen(folder: Path, host: str, port: int) -> None:
    """Serve the workspace in `folder`; returns when it is stopped.

    Raises:
        TenureError: the port is taken.
    """
    import socket

    import uvicorn

    from tenure.domain.errors import TenureError
    from tenure.web.app import create_app

    try:
        bound = socket.create_server((host, port), reuse_port=False)
    except OSError as error:
        raise TenureError(
            f"{host}:{port} cannot be listened on: {error.strerror}", "Stop the other program, or give --port."
        ) from None
    click.echo(f"Dashboard: http://{host}:{bound.getsockname()[1]}/  (stop with Ctrl-C)")
    # Access logs would hold the signed tokens of people's links.
    config = uvicorn.Config(create_app(folder), log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[bound])
