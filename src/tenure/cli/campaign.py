"""`tenure campaign`: the campaign files of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenure.cli.options import json_option, opened, workspace_option
from tenure.cli.preview import preview
from tenure.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from tenure.domain.campaign import Campaign

_COLUMNS = ("campaign", "title", "channels", "steps", "languages")


@click.group()
def campaign() -> None:
    """List and check the campaign files.

    \b
    Example:
      tenure campaign check
    """


campaign.add_command(preview)


@campaign.command()
@json_option
@workspace_option
def check(as_json: bool, workspace: Path) -> None:
    """Read every campaign; a mistake is named with file and line (exit code 1).

    Also said: which campaigns are idle, because what they need was never recorded, and which of them speak about the
    same occasions and so compete for their customers.
    """
    from tenure import app

    ws = opened(workspace)
    campaigns, mistakes = app.campaigns(ws)
    idle, rivals = app.idle(ws), app.rivals(ws)
    if as_json:
        print_json({"campaigns": [_as_json(c, idle, rivals) for c in campaigns],
                    "mistakes": [m.sentence for m in mistakes]})  # fmt: skip
    else:
        print_table(_COLUMNS, [_row(c) for c in campaigns])
        _print_notes(idle, rivals)
        for mistake in mistakes:
            click.echo(mistake.sentence, err=True)
    if mistakes:
        raise click.exceptions.Exit(1)


def _row(campaign: Campaign) -> tuple[str, str, str, int, int]:
    channels = ", ".join(campaign.channels)
    return campaign.name, campaign.title, channels, len(campaign.steps), len(campaign.locales)


def _as_json(campaign: Campaign, idle: Mapping[str, str], rivals: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    return {
        "campaign": campaign.name, "title": campaign.title, "purpose": campaign.purpose,
        "stages": ", ".join(campaign.stages) or "all", "channels": ", ".join(campaign.channels),
        "languages": ", ".join(campaign.locales), "steps": [step.step for step in campaign.steps],
        "idle": idle.get(campaign.name), "rivals": list(rivals.get(campaign.name, ())),
    }  # fmt: skip


def _print_notes(idle: Mapping[str, str], rivals: Mapping[str, tuple[str, ...]]) -> None:
    if idle:
        click.echo(f"\nIdle, because what they need was never recorded ({len(idle)}):")
        for name, reason in idle.items():
            click.echo(f"- {name}: {reason}.")
    groups = dict.fromkeys(tuple(sorted((name, *others))) for name, others in rivals.items())
    if groups:
        click.echo("\nOf the same occasions, so that they compete; each speaks once:")
        for group in groups:
            click.echo(f"- {', '.join(group[:-1])} and {group[-1]}")
