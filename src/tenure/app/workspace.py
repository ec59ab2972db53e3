"""A workspace: one business's folder, made, opened, and asked for its moment and its key."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from tenure import registry
from tenure.clock import SystemClock
from tenure.domain import moments
from tenure.domain.business import Business
from tenure.domain.errors import Place, TenureError
from tenure.domain.moments import AsOf
from tenure.ports import Clock
from tenure.settings import FILE, read_business

MACHINE = ".tenure"  # what nobody edits by hand
FOLDERS = ("campaigns", "sources", "templates", MACHINE)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One business's folder, opened.

    Attributes:
        folder: where it is.
        business: its settings.
        clock: the machine's clock, or a rehearsal's.
        settings: the text of the settings file, as it was read.
    """

    folder: Path
    business: Business
    clock: Clock = field(default_factory=SystemClock)
    settings: str = ""

    @property
    def machine(self) -> Path:
        """The folder that nobody edits by hand."""
        return self.folder / MACHINE


def open_workspace(folder: Path, clock: Clock | None = None) -> Workspace:
    """Open the workspace in a folder.

    Raises:
        TenureError: there is none, or its settings have a mistake.
    """
    file = folder / FILE
    if not file.is_file():
        raise TenureError(
            f"{folder.resolve().name or folder} is not a workspace: it has no {FILE}",
            "Make one with `tenure init`, or name one with --workspace.",
        )
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise TenureError("the file is not UTF-8 text", "Save it as UTF-8.", Place(FILE)) from None
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
    return Workspace(folder, read_business(text), clock or SystemClock(), text)


def initialise(folder: Path, kind: str = "shop", **values: str) -> list[str]:
    """Make a folder into a workspace; what is there already stays as it is.

    Args:
        folder: made if it does not exist.
        kind: which scaffold: `shop`, or `grocer` for the demo.
        values: replace `{name}` in the scaffold's files.

    Returns:
        The files that were created, relative to the folder.
    """
    values = {"salt": secrets.token_hex(8), **values}
    made: list[str] = []
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    scaffold = Path(str(resources.files("tenure").joinpath("scaffold", kind)))
    for source in sorted(p for p in scaffold.rglob("*") if p.is_file()):
        target = folder / source.relative_to(scaffold)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text("utf-8")
            for key, value in values.items():
                text = text.replace("{" + key + "}", value)
            target.write_text(text, "utf-8")
            made.append(str(target.relative_to(folder)))
    for campaign in library_folders():
        target = folder / "campaigns" / campaign.name
        if not target.exists():
            shutil.copytree(campaign, target)
            made.append(str(target.relative_to(folder)))
    return made


def library_folders() -> list[Path]:
    """The folders of the library's campaigns, by name."""
    found = (Path(str(entry)) for folder in registry.folders("campaigns") for entry in folder.iterdir())
    return sorted(path for path in found if (path / "campaign.yaml").is_file())


def moment(ws: Workspace, text: str | None) -> AsOf:
    """The moment a person typed, or the clock's."""
    if text is None:
        return moments.as_of(ws.clock.now(), ws.business.timezone)
    return moments.parse_as_of(text, ws.business.timezone)


def secret(ws: Workspace) -> bytes:
    """The key that signs links: TENURE_SECRET, or one made for this workspace at its first start."""
    return _own_key(ws, "TENURE_SECRET", "secret")


def write_key(ws: Workspace) -> str:
    """What whoever sends events shows: TENURE_WRITE_KEY, or one made for this workspace at its first start."""
    return _own_key(ws, "TENURE_WRITE_KEY", "write-key").decode().strip()


def _own_key(ws: Workspace, variable: str, name: str) -> bytes:
    if given := os.environ.get(variable):
        return given.encode()
    file = ws.machine / name
    if not file.exists():
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as out:
            out.write(secrets.token_hex(32 if name == "secret" else 16))
    return file.read_bytes()
