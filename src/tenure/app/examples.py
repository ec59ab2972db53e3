"""Invented businesses to try Tenure on: a workspace with records that say so, ready to be imported."""

from __future__ import annotations

from pathlib import Path

from tenure.app.workspace import initialise

EXAMPLES = ("fitness",)
_RECORDS = "exports"


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
