"""Style sheet, script and vendored files, read once and served from memory under addresses that change with them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    compressed: bytes
    media_type: str
    digest: str


class Assets:
    """The files of `static/`, by their path in it."""

    def __init__(self) -> None:
        root = resources.files("tenure.web").joinpath("static")
        self._found = dict(_read(root, ""))

    def get(self, path: str) -> Asset | None:
        """The file, or None; no path reaches anything that was not read at the start."""
        return self._found.get(path)

    def address(self, path: str) -> str:
        """Where a page finds the file; the address changes when the file does, so it can be kept for ever.

        Raises:
            KeyError: there is no such file.
        """
        return f"/static/{path}?v={self._found[path].digest}"


def _read(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read(entry, f"{prefix}{entry.name}/")
            continue
        media_type = next((kind for suffix, kind in _TYPES.items() if entry.name.endswith(suffix)), None)
        if media_type:
            content = entry.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found.append((prefix + entry.name, Asset(content, gzip.compress(content, 9, mtime=0), media_type, digest)))
    return found
