"""Finds the kinds of models: the modules of this folder, and those that others register, each after those it reads.

Third parties name a module of their own under the entry point group `tenure.models.kinds`; the entry point's name is
the kind's.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, resources
from importlib.metadata import entry_points
from typing import cast

from tenure.domain.errors import TenureError
from tenure.models.kinds.contract import Kind

_NOT_KINDS = frozenset({"__init__", "contract", "order"})


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name, each after the kinds named in its `AFTER`.

    Raises:
        TenureError: two kinds have one name, or wait for each other.
    """
    names = {entry.name.removesuffix(".py") for entry in resources.files(__package__).iterdir()
             if entry.name.endswith(".py")} - _NOT_KINDS  # fmt: skip
    found = {name: cast(Kind, import_module(f"{__package__}.{name}")) for name in sorted(names)}
    for point in sorted(entry_points(group="tenure.models.kinds"), key=lambda p: p.name):
        if point.name in found:
            raise TenureError(f"the kind of model `{point.name}` is registered twice", "Rename one of them.")
        found[point.name] = cast(Kind, import_module(point.value))
    return _in_order(found)


def _in_order(waiting: dict[str, Kind]) -> dict[str, Kind]:
    done: dict[str, Kind] = {}
    while len(done) < len(waiting):
        ready = [
            name
            for name, kind in waiting.items()
            if name not in done and all(before in done or before not in waiting for before in kind.AFTER)
        ]
        if not ready:
            raise TenureError(
                f"the kinds of models {', '.join(sorted(set(waiting) - set(done)))} wait for each other", ""
            )
        done.update({name: waiting[name] for name in ready})
    return done
