"""Finds what a folder holds: the file's name is the key, so growing means adding a file.

Third parties add their own through entry points named after the folders: `tenure.features`, `tenure.campaigns`, …
An entry point of a relations or campaigns group names a package whose files are read just like ours.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.metadata import entry_points
from importlib.resources.abc import Traversable

from tenure import relations
from tenure.domain.errors import TenureError
from tenure.relations import Relation


@cache
def folders(group: str) -> tuple[Traversable, ...]:
    """The package folder of a group and those that others registered for it, ours first."""
    ours: list[Traversable] = [resources.files("tenure").joinpath(group)]
    theirs = sorted(entry_points(group=f"tenure.{group}"), key=lambda point: point.name)
    return (*ours, *(resources.files(point.value) for point in theirs))


@cache
def relations_of(group: str) -> dict[str, Relation]:
    """Every relation of a group (`facts`, `features`, `insights`), by name.

    Raises:
        TenureError: two files have one name.
    """
    found: dict[str, Relation] = {}
    for folder in folders(group):
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            if not entry.name.endswith(".sql"):
                continue
            name = entry.name.removesuffix(".sql")
            if name in found:
                raise TenureError(f"the relation `{name}` is registered twice in `{group}`", "Rename one of them.")
            found[name] = relations.read(name, entry.read_text("utf-8"))
    return found
