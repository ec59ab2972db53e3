"""What every fitted model has in common: named parameters, a summary, a file, and scikit-learn's habits.

A model is a small object: settings given to the constructor and kept under their own names, and, after `fit`, learned
values whose names end in an underscore. It never holds the data it was fitted on.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError

FORMAT = 1  # the shape of a saved model; a newer one is refused, never guessed at


class Params(Mapping[str, float]):
    """Parameters by name, in the order of their paper: `params["r"]`, `params.r`, `dict(params)`."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = {name: float(value) for name, value in values.items()}

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __getattr__(self, name: str) -> float:
        try:
            return self.__dict__["_values"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(f"no parameter `{name}`") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(list(self._values.values()), dtype=dtype)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<8}{value:.6g}" for name, value in self._values.items())

    @property
    def index(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._values)

    def to_dict(self) -> dict[str, float]:
        """A plain dict."""
        return dict(self._values)


class Table:
    """A small table for reading: rows of named cells, shown as text or HTML, handed over as dicts or a frame."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
        self.names, self.rows, self.title = tuple(names), [tuple(row) for row in rows], title

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict per row."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    def to_arrow(self) -> Any:
        """An Arrow table."""
        import pyarrow as pa

        return pa.Table.from_pylist(self.to_dicts())

    def to_pandas(self) -> Any:
        """A pandas frame (pandas must be installed)."""
        return self.to_arrow().to_pandas()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        cells = [self.names, *([_shown(value) for value in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.names))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        return "\n".join([*([self.title] if self.title else []), *lines])

    def _repr_html_(self) -> str:
        from html import escape

        def row(cells: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(row([_shown(value) for value in cells], "td") for cells in self.rows)
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        return f"<table>{caption}<thead>{row(self.names, 'th')}</thead><tbody>{body}</tbody></table>"


class Estimator:
    """The habits of every model; a model adds `fit`, its predictions, and `_learned` and `_restore`."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings given to the constructor, by name (`deep` is scikit-learn's and changes nothing)."""
        return {name: getattr(self, name) for name in _defaults(type(self))}

    def set_params(self, **settings: Any) -> Self:
        """Change settings by name; what was learned stays until the next `fit`.

        Raises:
            TenureError: there is no such setting.
        """
        for name, value in settings.items():
            if name not in self.get_params():
                raise TenureError(f"{type(self).__name__} has no setting `{name}`", "")
            setattr(self, name, value)
        return self

    def to_json(self) -> dict[str, Any]:
        """Settings and learned values as plain data."""
        return {
            "model": type(self).__name__, "format": FORMAT, "settings": self.get_params(), "learned": self._learned(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The model that `to_json` described.

        Raises:
            TenureError: it is another model's, or a newer version's.
        """
        if stored.get("model") != cls.__name__:
            raise TenureError(f"this is a {stored.get('model')}, not a {cls.__name__}", "Load it with its own class.")
        if stored["format"] > FORMAT:
            raise TenureError("this model was saved by a newer version of Tenure", "Upgrade Tenure, or fit it again.")
        model = cls(**stored["settings"])
        model._restore(stored["learned"])
        return model

    def save(self, path: str | Path) -> None:
        """Write the model into a JSON file, whole or not at all."""
        target = Path(path)
        unfinished = target.with_name(f".{target.name}.part")
        unfinished.write_text(json.dumps(self.to_json(), indent=1), "utf-8")
        unfinished.replace(target)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The model in a JSON file.

        Raises:
            TenureError: the file is no saved model of this class.
        """
        try:
            stored = json.loads(Path(path).read_text("utf-8"))
        except (OSError, ValueError):
            raise TenureError(f"{path} is not a saved model", "Give a file that `save` has written.") from None
        return cls.from_json(stored)

    def __repr__(self) -> str:
        default = _defaults(type(self))
        given = ", ".join(f"{n}={v!r}" for n, v in self.get_params().items() if v != default[n])
        params = getattr(self, "params_", None)
        fitted = ", ".join(f"{n} {v:.4g}" for n, v in params.items()) if isinstance(params, Params) else ""
        return (
            f"<{type(self).__name__}({given}){': ' + fitted if fitted else '' if self.is_fitted else ', not fitted'}>"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the summary of a fitted model, else the line of `repr`."""
        from html import escape

        summary = getattr(self, "summary", None) if self.is_fitted else None
        shown = summary() if summary is not None else None
        return shown._repr_html_() if isinstance(shown, Table) else f"<pre>{escape(repr(self))}</pre>"

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` has learned anything."""
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _check_fitted(self) -> None:
        if not self.is_fitted:
            raise TenureError(f"this {type(self).__name__} has not been fitted", "Call `fit` first.")

    def _learned(self) -> dict[str, Any]:
        """What was learned, as plain data."""
        raise TypeError(f"{type(self).__name__} cannot be saved")

    def _restore(self, learned: Mapping[str, Any]) -> None:
        """Take over what `_learned` gave."""
        raise TypeError(f"{type(self).__name__} cannot be loaded")


def _defaults(model: type[Estimator]) -> dict[str, Any]:
    """The settings of a model and their defaults; none for a model without a constructor of its own."""
    if model.__init__ is object.__init__:
        return {}
    return {n: p.default for n, p in inspect.signature(model.__init__).parameters.items() if n != "self"}


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
