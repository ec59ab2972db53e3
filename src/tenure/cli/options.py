"""Options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tenure.app import Workspace

workspace_option = click.option(
    "--workspace", "-w", "workspace", type=click.Path(path_type=Path), envvar="TENURE_WORKSPACE", default=Path(),
    help="The business's folder (default: this one, or TENURE_WORKSPACE).",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
as_of_option = click.option("--as-of", "as_of", metavar="MOMENT", help="Pretend it is this date or moment.")


def opened(path: Path) -> Workspace:
    """The workspace in a folder."""
    from tenure.app import open_workspace

    return open_workspace(path)
