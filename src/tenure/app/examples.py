"""Invented businesses to try Tenure on: a workspace with records that say so, and a demo of what it answers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.app import adapters
from tenure.app.asking import whatif
from tenure.app.intake import import_sources
from tenure.app.line import profile, publish_in
from tenure.app.workspace import MACHINE, initialise, moment, open_workspace
from tenure.domain.errors import TenureError
from tenure.ports import Progress

if TYPE_CHECKING:
    from tenure.domain.business import Business
    from tenure.domain.extract import Loaded
    from tenure.operations.whatif import Told

EXAMPLES = ("fitness",)
ASKED_AT = "2026-01-01"  # the records end the night before
RUN_AT = "2025-12-29T15:00:00"  # a Monday at ten in the morning of the business's time zone, for a first daily run
_RECORDS = "exports"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo of an invented business came to: its records and profiles, and the answer to its question."""

    folder: Path
    business: Business
    loaded: tuple[Loaded, ...]
    profiles: int
    told: Told

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        from tenure.operations.whatif_told import as_json

        rows = [{"table": r.table, "accepted": r.accepted, "quarantined": r.quarantined} for r in self.loaded]
        return {"imported": rows, "profiles": self.profiles, "whatif": as_json(self.told, self.business)}

    def sentences(self) -> list[str]:
        """What it is, the question, its answer, and what to try next."""
        from tenure.insights.words import Words
        from tenure.operations.whatif_told import sentences, title

        words = Words.of(self.business)
        rows = sum(each.accepted for each in self.loaded)
        return [
            f"{self.business.name} is invented, and so is everybody in its records: {words.count(rows)} rows, "
            f"{words.count(self.profiles)} people.",
            title(self.told, words), *sentences(self.told, words),
            f"Further: tenure whatif --as-of {ASKED_AT} --by acquisition_channel --workspace {self.folder}",
            f"Or a day of its messages: tenure run --as-of {RUN_AT} --workspace {self.folder}",
        ]  # fmt: skip


def example(folder: Path, name: str) -> list[str]:
    """Make a folder into the workspace of an invented business, its records included; what is there already stays.

    Args:
        name: one of `EXAMPLES`.

    Returns:
        The files that were created, relative to the folder.
    """
    from tenure.scaffold import members

    made = initialise(folder, name)
    (folder / _RECORDS).mkdir(exist_ok=True)
    for file, text in members.files().items():
        target = folder / _RECORDS / file
        if not target.exists():
            target.write_text(text, "utf-8")
            made.append(f"{_RECORDS}/{file}")
    return made


def show(folder: Path, name: str, progress: Progress) -> Shown:
    """Make an invented business anew, profile its customers, and ask what would make them pay.

    Raises:
        TenureError: the folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MACHINE).is_dir() or not (folder / "sources" / "contracts.yaml").is_file():
            raise TenureError(f"{folder} holds something that is not this demo", "Name another with --workspace.")
        shutil.rmtree(folder)
    example(folder, name)
    ws = open_workspace(folder)
    loaded = import_sources(ws, progress)
    profiles = profile(ws, moment(ws, ASKED_AT), progress)
    with adapters.warehouse(ws) as opened:
        publish_in(ws, opened)
    return Shown(folder, ws.business, tuple(loaded), profiles, whatif(ws, as_of=ASKED_AT))
