"""Where fitted models are kept: one dated JSON file each, in `.tenure/models/KIND/`, readable by anybody.

A file appears whole or not at all and is never changed afterwards, so a profile as of any day finds the model that was
in place on that day.
"""

from __future__ import annotations

import json
from pathlib import Path

from tenure.domain.errors import Place, TenureError
from tenure.domain.fitted import FORMAT, Fitted
from tenure.domain.moments import from_micros


class FolderShelf:
    """A folder of fitted models (`ports.Shelf`).

    Args:
        folder: made when the first model is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, Fitted] = {}

    def keep(self, fitted: Fitted) -> None:
        """Write a model; one of the same kind and moment is replaced.

        Raises:
            TenureError: the disk is full or not ours.
        """
        folder = self._folder / fitted.kind
        file = folder / f"{from_micros(fitted.as_of):%Y-%m-%dT%H%M%SZ}.json"
        unfinished = file.with_name(f".{file.name}.part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(_written(fitted), "utf-8")
            unfinished.replace(file)
        except OSError as error:
            raise TenureError(
                f"the {fitted.kind} model could not be kept ({error.strerror or 'the disk is full'})",
                "Free some space and run `tenure fit` again.",
            ) from None
        finally:
            unfinished.unlink(missing_ok=True)
        self._read.pop(file, None)

    def all(self) -> list[Fitted]:
        """Every kept model, by kind and then by moment, oldest first.

        Raises:
            TenureError: a file is no kept model.
        """
        found = [model for file in sorted(self._folder.glob("*/*.json")) if (model := self._load(file)) is not None]
        return sorted(found, key=lambda model: (model.kind, model.as_of))

    def in_place(self, as_of: int) -> dict[str, Fitted]:
        """The model of each kind that is used at a moment: the latest promoted one that saw nothing after it."""
        return {model.kind: model for model in self.all() if model.is_promoted and model.as_of <= as_of}

    def _load(self, file: Path) -> Fitted | None:
        if file not in self._read:
            try:
                stored = json.loads(file.read_text("utf-8"))
                if stored["format"] > FORMAT:
                    return None
                self._read[file] = Fitted.from_json(stored)
            except (OSError, ValueError, KeyError, TypeError):
                raise TenureError(
                    "this is not a fitted model", "Delete it and run `tenure fit` again.",
                    Place(f"models/{file.parent.name}/{file.name}"),
                ) from None  # fmt: skip
        return self._read[file]


def _written(fitted: Fitted) -> str:
    """A line for everything that stands in the file; indenting what lies deeper takes twenty times as long."""
    lines = (f"{json.dumps(name)}: {json.dumps(part, allow_nan=False)}" for name, part in fitted.as_json().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"
