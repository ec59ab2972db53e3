"""`tenure campaign`: the campaign files of a workspace."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenure.cli.library import add, library, new
from tenure.cli.options import json_option, opened, workspace_option
from tenure.cli.preview import preview
from tenure.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from tenure.domain.campaign import Campaign

_WIDTH = 80
_COLUMNS = ("campaign", "title", "channels", "steps", "languages")


@click.group()
def campaign() -> None:
    """Make, check and preview campaigns.

    \b
    Example:
      tenure campaign check
    """


for _command in (preview, new, library, add):
    campaign.add_command(_command)


@campaign.command()
@json_option
@workspace_option
def check(as_json: bool, workspace: Path) -> None:
    """Read every campaign; a mistake is named with file and line (exit code 1).

    Also said, without a bad exit code: which campaigns are idle, because what they need was never recorded; which
    speak about the same occasions and so compete for their customers; and what looks unintended, such as an offer
    larger than the usual order, a step after the goal's days, or a campaign that pays for nobody.
    """
    from tenure import app

    ws = opened(workspace)
    campaigns, mistakes = app.campaigns(ws)
    idle, rivals = app.idle(ws), app.rivals(ws)
    remarks = app.remarks(ws, idle)
    if as_json:
        print_json({"campaigns": [_as_json(c, idle, rivals, remarks) for c in campaigns],
                    "mistakes": [m.sentence for m in mistakes]})  # fmt: skip
    else:
        print_table(_COLUMNS, [_row(c) for c in campaigns])
        _print_notes(idle, rivals, remarks)
        for mistake in mistakes:
            click.echo(mistake.sentence, err=True)
    if mistakes:
        raise click.exceptions.Exit(1)


def _row(campaign: Campaign) -> tuple[str, str, str, int, int]:
    channels = ", ".join(campaign.channels)
    return campaign.name, campaign.title, channels, len(campaign.steps), len(campaign.locales)


def _as_json(
    campaign: Campaign, idle: Mapping[str, str], rivals: Mapping[str, tuple[str, ...]],
    remarks: Mapping[str, tuple[str, ...]],
) -> dict[str, Any]:  # fmt: skip
    return {
        "campaign": campaign.name, "title": campaign.title, "purpose": campaign.purpose,
        "stages": ", ".join(campaign.stages) or "all", "channels": ", ".join(campaign.channels),
        "languages": ", ".join(campaign.locales), "steps": [step.step for step in campaign.steps],
        "idle": idle.get(campaign.name), "rivals": list(rivals.get(campaign.name, ())),
        "remarks": list(remarks.get(campaign.name, ())),
    }  # fmt: skip


def _print_notes(
    idle: Mapping[str, str], rivals: Mapping[str, tuple[str, ...]], remarks: Mapping[str, tuple[str, ...]]
) -> None:  # fmt: skip
    said = [f"{name}: {remark}." for name, all_of_it in remarks.items() for remark in all_of_it]
    _list(f"Worth a look ({len(said)}):", said)
    missing = [f"{name}: {reason}." for name, reason in idle.items()]
    _list(f"Idle, because what they need was never recorded ({len(missing)}):", missing)
    groups = dict.fromkeys(tuple(sorted((name, *others))) for name, others in rivals.items())
    _list("Of the same occasions, so that they compete; each speaks once:",
          [f"{', '.join(group[:-1])} and {group[-1]}" for group in groups])  # fmt: skip


def _list(heading: str, lines: list[str]) -> None:
    if lines:
        click.echo(f"\n{heading}")
    for line in lines:
        click.echo(textwrap.fill(line, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False,
                                 break_on_hyphens=False))  # fmt: skip
