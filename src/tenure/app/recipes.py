"""The campaign files of a workspace: read, checked, and kept by version so that a decision can be explained later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.app.workspace import Workspace
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.errors import Place, TenureError
from tenure.settings import FILE, read_business

if TYPE_CHECKING:
    from tenure.store.connection import Store


@dataclass(frozen=True, slots=True)
class Recipe:
    """A campaign with the files it was read from.

    Attributes:
        text: content of `campaign.yaml`.
        messages: content of each `message.LOCALE.md`, by locale.
        step_messages: content of each `STEP.LOCALE.md`, by step and locale.
    """

    campaign: Campaign
    text: str
    messages: Mapping[str, str]
    step_messages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def texts(self, name: str) -> Mapping[str, str]:
        """The messages of the campaign itself, or of its step `CAMPAIGN/STEP`, by locale."""
        step = name.partition("/")[2]
        return self.step_messages[step] if step else self.messages


def recipes(ws: Workspace, where: Path | None = None) -> tuple[list[Recipe], list[TenureError]]:
    """Every campaign that can be read, and the mistakes of those that cannot; out of another folder if one is given."""
    read: list[Recipe] = []
    mistakes: list[TenureError] = []
    there = (where or ws.folder / "campaigns").iterdir()
    for folder in sorted(path for path in there if path.is_dir() and not path.name.startswith(".")):
        try:
            read.append(_recipe(folder, ws))
        except TenureError as mistake:
            mistakes.append(mistake)
    return read, mistakes


def _recipe(folder: Path, ws: Workspace) -> Recipe:
    shown = f"campaigns/{folder.name}"
    if not (folder / "campaign.yaml").is_file():
        raise TenureError("there is no campaign.yaml", "Write one, or remove the folder.", Place(shown))
    texts = {path.name: _read(path, f"{shown}/{path.name}") for path in sorted(folder.glob("*.*.md"))}
    return parsed(folder.name, _read(folder / "campaign.yaml", f"{shown}/campaign.yaml"), texts, ws, shown)


def parsed(name: str, text: str, texts: Mapping[str, str], ws: Workspace, shown: str) -> Recipe:
    """The recipe that the files of one folder make.

    Args:
        name: the folder's name.
        text: content of `campaign.yaml`.
        texts: content of each message, by file name.
        ws: the workspace it is for.
        shown: the folder as the user would type it.

    Raises:
        TenureError: a mistake in them, with file and line.
    """
    from tenure.campaigns.parse import parse, sorted_messages
    from tenure.content import templates

    messages, step_messages = sorted_messages(texts)
    campaign = parse(name, text, messages, shown, default_locale=ws.business.locale, step_messages=step_messages)
    speaks = {part.step or "message": part.channels for part in (campaign, *campaign.steps)}
    for file, message in texts.items():
        templates.parse(message, f"{shown}/{file}", speaks.get(file.partition(".")[0], ()))
    return Recipe(campaign, text, messages, step_messages)


def taking_part(used: Iterable[Recipe]) -> list[Campaign]:
    """The campaigns that recipes make: the first message of each and, behind it, its steps."""
    return [part for recipe in used for part in (recipe.campaign, *recipe.campaign.steps)]


def _read(path: Path, shown: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise TenureError("the file is not UTF-8 text", "Save it as UTF-8.", Place(shown)) from None


def keep(opened: Store, ws: Workspace, used: list[Recipe], now: int) -> dict[str, str]:
    """Keep the files a run decides with; returns their versions by campaign, and that of the settings."""
    from tenure.store.journal import keep_version

    settings = hashlib.sha256(ws.settings.encode()).hexdigest()[:16]
    keep_version(opened, settings, "settings", ws.settings, now)
    for recipe in used:
        content = {"name": recipe.campaign.name, "campaign.yaml": recipe.text, "messages": dict(recipe.messages),
                   "steps": {step: dict(texts) for step, texts in recipe.step_messages.items()}}  # fmt: skip
        keep_version(opened, recipe.campaign.version, "campaign", content, now)
    return {FILE: settings} | {recipe.campaign.name: recipe.campaign.version for recipe in used}


def kept_recipes(opened: Store, versions: Mapping[str, str], ws: Workspace) -> list[Recipe]:
    """The recipes of a run, from what was kept of them."""
    found = (kept(opened, version, ws) for name, version in versions.items() if name != FILE)
    return [recipe for recipe in found if recipe is not None]


def kept_campaigns(opened: Store, versions: Mapping[str, str], ws: Workspace) -> list[Campaign]:
    """The campaigns of a run with their steps, from what was kept of them."""
    return taking_part(kept_recipes(opened, versions, ws))


def showing_lists(used: Iterable[Recipe]) -> frozenset[str]:
    """The campaigns and steps whose messages may show `picks` or `news`."""
    from tenure.content.vocabulary import shows_lists

    parts = ((recipe, part.name) for recipe in used for part in (recipe.campaign, *recipe.campaign.steps))
    return frozenset(name for recipe, name in parts if any(map(shows_lists, recipe.texts(name).values())))


def kept_business(opened: Store, versions: Mapping[str, str], ws: Workspace) -> Business:
    """The settings of a run, from what was kept of them; today's if nothing was."""
    from tenure.store.journal import load_version

    text = load_version(opened, versions.get(FILE, ""))
    return read_business(text) if isinstance(text, str) else ws.business


def kept(opened: Store, version: str, ws: Workspace) -> Recipe | None:
    """The recipe of a version, from what was kept of it."""
    from tenure.store.journal import load_version

    content = load_version(opened, version)
    if content is None:
        return None
    name = content["name"]
    stems = {"message": content["messages"], **content.get("steps", {})}
    texts = {f"{stem}.{locale}.md": text for stem, by_locale in stems.items() for locale, text in by_locale.items()}
    return parsed(name, content["campaign.yaml"], texts, ws, f"campaigns/{name}")
