"""Previews of campaigns: what one would do and say at a moment, and its messages as files to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.app import adapters
from tenure.app.line import profiles_as_of
from tenure.app.recipes import Recipe, recipes, showing_lists
from tenure.app.workspace import Workspace, moment
from tenure.domain.errors import UsageError, nearest
from tenure.domain.moments import AsOf, from_micros
from tenure.ports import Progress

if TYPE_CHECKING:
    from tenure.operations.preview import Preview
    from tenure.operations.shown import Shown
    from tenure.warehouse.duckdb import DuckWarehouse


@dataclass(frozen=True, slots=True)
class Previewed:
    """A campaign's preview with its messages.

    Attributes:
        idle: why it can find nobody here, None if it may.
        names: names of the customers it shows, by id; empty unless they were asked for.
        files: what was written, the page that shows all first.
    """

    preview: Preview
    messages: tuple[Shown, ...]
    idle: str | None
    names: dict[str, str]
    files: tuple[Path, ...] = ()


def preview(
    ws: Workspace, name: str, progress: Progress, *, as_of: str | None = None, locales: Sequence[str] = (),
    out: Path | None = None, names: bool = False,
) -> Previewed:  # fmt: skip
    """What a campaign would do and say; nothing is recorded, and no occasion is used up.

    Args:
        as_of: the moment; that of the published profiles if not given, else the clock's.
        locales: languages of the messages, or `all`; those that its customers would read if not given.
        out: a folder for the messages as files.
        names: show the customers' names.

    Raises:
        TenureError: the campaign cannot be read, or a message cannot be rendered.
        UsageError: there is no campaign of that name, or it has no message in a language.
    """
    recipe = _recipe(ws, name)
    with adapters.warehouse(ws) as opened:
        found = preview_in(ws, opened, recipe, _moment(ws, opened, as_of), progress, locales, names=names)
    if out is None:
        return found
    from tenure.operations.gallery import files

    pages = files(found.preview, found.messages, found.idle)
    out.mkdir(parents=True, exist_ok=True)
    for file, text in pages.items():
        (out / file).write_text(text, "utf-8")
    written = tuple(out / file for file in pages)
    return Previewed(found.preview, found.messages, found.idle, found.names, written)


def preview_in(
    ws: Workspace, opened: DuckWarehouse, recipe: Recipe, as_of: AsOf, progress: Progress,
    locales: Sequence[str] = (), *, names: bool = False,
) -> Previewed:  # fmt: skip
    """The preview of one campaign in an open warehouse."""
    from tenure.campaigns.idling import events_of, idle_reason
    from tenure.operations.preview import preview as operation
    from tenure.operations.shown import languages, shown
    from tenure.warehouse.candidates import DuckCandidates
    from tenure.warehouse.choices import DuckDecisions
    from tenure.warehouse.idling import look
    from tenure.warehouse.learned import DuckLearned
    from tenure.warehouse.previews import DuckPreviews, profiles_lent

    business, campaign = ws.business, recipe.campaign
    candidates, decisions = DuckCandidates(opened), DuckDecisions(opened, business.currency)
    previews, learned = DuckPreviews(opened, decisions), DuckLearned(opened).learned(as_of)
    with profiles_lent(opened, adapters.profiles(ws, opened), as_of, business, progress):
        made = operation(campaign, candidates, decisions, previews, as_of, business, learned)
        spoken = languages(campaign, locales, made.locales, business.locale)
        messages = shown(made, previews, recipe.texts, spoken, showing_lists([recipe]), names=names)
        idle = idle_reason(campaign, look(opened, events_of([campaign]), as_of, business))
        ids = sorted({one.customer_id for part in made.parts for one in (*part.examples, *part.specimens)})
        known = _names(opened, ids) if names else {}
    return Previewed(made, tuple(messages), idle, known)


def _recipe(ws: Workspace, name: str) -> Recipe:
    read, mistakes = recipes(ws)
    by_name = {recipe.campaign.name: recipe for recipe in read}
    if name in by_name:
        return by_name[name]
    if (ws.folder / "campaigns" / name).is_dir() and mistakes:
        own = [each for each in mistakes if each.place.file.startswith(f"campaigns/{name}")]
        raise (own or mistakes)[0]
    raise UsageError(f"there is no campaign `{name}`", nearest(name, by_name) if by_name else "There is none yet.")


def _moment(ws: Workspace, opened: DuckWarehouse, as_of: str | None) -> AsOf:
    published = profiles_as_of(opened) if as_of is None else None
    return moment(ws, as_of if published is None else from_micros(published).isoformat())


def _names(opened: DuckWarehouse, ids: Sequence[str]) -> dict[str, str]:
    rows = opened.fetch(
        "SELECT customer_id, name FROM facts.customers WHERE name IS NOT NULL AND list_contains(?, customer_id)",
        [list(ids)],
    )
    return {str(key): str(name) for key, name in rows}
