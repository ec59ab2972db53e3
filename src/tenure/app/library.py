"""The library of campaigns, and new campaigns out of it or out of a skeleton."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.app import adapters
from tenure.app.workspace import Workspace, library_folders, moment
from tenure.domain.errors import TenureError, UsageError, nearest

if TYPE_CHECKING:
    from tenure.domain.campaign import Campaign

_SPOKEN = 0.05  # a language that fewer customers speak is written when somebody asks for it
_FILE = "campaign.yaml"
_ENGLISH = "en"  # every campaign of the library speaks it


@dataclass(frozen=True, slots=True)
class Shelved:
    """One campaign of the library, seen from a workspace.

    Attributes:
        when: its occasion, in words.
        idle: why it would find nobody here, None if it may.
        is_here: whether the workspace has a campaign of that name.
    """

    campaign: Campaign
    when: str
    idle: str | None
    is_here: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A new campaign.

    Attributes:
        files: what was made, relative to the workspace.
        foreign: languages whose messages are in English still, for want of a text.
    """

    files: tuple[str, ...]
    foreign: tuple[str, ...]


def library(ws: Workspace) -> list[Shelved]:
    """Every campaign of the library by name, and whether it would find anybody in this workspace."""
    from tenure.campaigns.idling import events_of, idle_reason
    from tenure.decisions.occasions import when
    from tenure.warehouse.idling import look

    found = [_read(name, folder) for name, folder in _folders().items()]
    with adapters.warehouse(ws) as opened:
        seen = look(opened, events_of(found), moment(ws, None), ws.business)
    return [
        Shelved(one, when(one.occasion), idle_reason(one, seen), (ws.folder / "campaigns" / one.name).exists())
        for one in found
    ]  # fmt: skip


def add(ws: Workspace, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Copy campaigns of the library into the workspace, in every language; what is there already stays.

    Returns:
        The names that were copied, and those that were there.

    Raises:
        UsageError: the library has no campaign of a name; then nothing is copied.
    """
    folders = _folders()
    sources = {name: _source(folders, name) for name in names}
    there = [name for name in sources if (ws.folder / "campaigns" / name).exists()]
    added = [name for name in sources if name not in there]
    for name in added:
        shutil.copytree(sources[name], ws.folder / "campaigns" / name)
    return added, there


def every_name() -> list[str]:
    """The names of all campaigns of the library."""
    return list(_folders())


def new(ws: Workspace, name: str, source: str | None = None, locales: Sequence[str] = ()) -> Made:
    """Make a campaign out of one of the library, or out of a commented skeleton that finds nobody until it is changed.

    Args:
        name: of the new folder.
        source: a campaign of the library.
        locales: languages of its messages beside the business's own, or `all`; those that many customers speak if not
            given.

    Raises:
        TenureError: there is a campaign of that name.
        UsageError: the name or a language is none, or the library has no such campaign.
    """
    from tenure.campaigns.pieces import NAME

    if not NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is not a campaign's name", "Use small letters, digits and hyphens, such as win-back."
        )
    target = ws.folder / "campaigns" / name
    if target.exists():
        raise TenureError(f"there is a campaign `{name}` already", "Take another name, or remove its folder first.")
    folder = _source(_folders(), source) if source else _skeleton()
    texts, foreign = _texts(folder, _languages(ws, folder, locales))
    target.mkdir()
    for file, text in texts.items():
        (target / file).write_text(text, "utf-8")
    return Made(tuple(f"campaigns/{name}/{file}" for file in texts), foreign)


def _texts(folder: Path, languages: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The campaign file and the messages in these languages, and those for which English stands in."""
    messages = _messages(folder)
    foreign = tuple(one for one in languages if f"message.{one}.md" not in messages)
    found = {_FILE: (folder / _FILE).read_text("utf-8")}
    for stem in dict.fromkeys(file.partition(".")[0] for file in messages):
        for one in languages:
            found[f"{stem}.{one}.md"] = messages[f"{stem}.{_ENGLISH if one in foreign else one}.md"]
    return found, foreign


def _languages(ws: Workspace, folder: Path, asked: Sequence[str]) -> list[str]:
    """The business's own language, in which each message must be, and the others."""
    from tenure.campaigns.pieces import LOCALE
    from tenure.content.words import language_of

    if "all" in asked:
        others = sorted(file.split(".")[1] for file in _messages(folder) if file.startswith("message."))
    elif asked:
        others = [one.replace("_", "-") for one in asked]
        for one in others:
            if not LOCALE.fullmatch(one):
                raise UsageError(f"`{one}` is not a language", "Write a code such as en or pt-BR.")
    else:
        with adapters.warehouse(ws) as opened:
            rows = opened.fetch("SELECT locale, count(*) FROM facts.customers WHERE locale IS NOT NULL GROUP BY locale")
        counts: dict[str, int] = {}
        for locale, count in rows:
            counts[language_of(str(locale))] = counts.get(language_of(str(locale)), 0) + int(count)
        others = [one for one in sorted(counts) if counts[one] >= _SPOKEN * sum(counts.values())]
    return list(dict.fromkeys([language_of(ws.business.locale), *others]))


def _read(name: str, folder: Path) -> Campaign:
    from tenure.campaigns.parse import parse, sorted_messages

    messages, steps = sorted_messages(_messages(folder))
    return parse(name, (folder / _FILE).read_text("utf-8"), messages, f"campaigns/{name}", step_messages=steps)


def _folders() -> dict[str, Path]:
    return {folder.name: folder for folder in library_folders()}


def _source(folders: Mapping[str, Path], name: str) -> Path:
    if name not in folders:
        raise UsageError(f"the library has no campaign `{name}`", nearest(name, folders))
    return folders[name]


def _skeleton() -> Path:
    return Path(str(resources.files("tenure").joinpath("scaffold", "campaign")))


def _messages(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.*.md"))}
