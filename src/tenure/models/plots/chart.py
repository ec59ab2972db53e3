"""A chart before it is drawn: its numbers, and what its axes, its lines and its title say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.models.base import Params, Table

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """Values along the horizontal axis.

    Attributes:
        label: what they are, for the legend.
        kind: `line` for what a model says, `points` for what was seen, `area` for a density.
    """

    label: str
    x: Numbers
    y: Numbers
    kind: Literal["line", "points", "area"] = "line"


@dataclass(frozen=True, slots=True)
class Matrix:
    """One value for each cell of a grid; NaN where there can be none.

    Attributes:
        label: what the values are, with their unit.
        values: one row per `y`, one column per `x`.
        top: the value of the strongest colour; the largest when None.
    """

    label: str
    x: Numbers
    y: Numbers
    values: Numbers
    top: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture as numbers and words.

    Attributes:
        x_label, y_label: what the axes count, with the unit.
        ticks: words for the places 0, 1, 2, … of the horizontal axis, where these are no numbers.
        split: a moment of the horizontal axis to mark, and `split_label` what ends there.
        y_is_share: the vertical axis runs from 0 to 1 and is read in percent.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...] = ()
    matrix: Matrix | None = None
    ticks: tuple[str, ...] = ()
    split: float | None = None
    split_label: str = ""
    y_is_share: bool = False

    def table(self) -> Table:
        """The numbers: a row for each place on the horizontal axis, or for each cell of the grid."""
        if self.matrix is not None:
            return self._cells(self.matrix)
        places = np.unique(np.concatenate([each.x for each in self.series]))
        found = [dict(zip(each.x.tolist(), each.y.tolist(), strict=True)) for each in self.series]
        rows = [
            (self.ticks[int(x)] if self.ticks else x, *(_known(values.get(x)) for values in found))
            for x in places.tolist()
        ]
        return Table((self.x_label, *(each.label for each in self.series)), rows, self.title)

    def draw(self, ax: Any = None) -> Any:
        """The picture as matplotlib axes, drawn into `ax` or a new figure.

        Raises:
            TenureError: matplotlib is not installed.
        """
        from tenure.models.plots.drawing import draw

        return draw(self, ax)

    def _cells(self, matrix: Matrix) -> Table:
        rows = [
            (float(x), float(y), float(matrix.values[j, i]))
            for i, x in enumerate(matrix.x)
            for j, y in enumerate(matrix.y)
            if not np.isnan(matrix.values[j, i])
        ]
        return Table((self.x_label, self.y_label, matrix.label), rows, self.title)


def parameters(model: Any) -> Params:
    """The parameters of a fitted model.

    Raises:
        TenureError: it has not been fitted.
    """
    found = getattr(model, "params_", None)
    if not isinstance(found, Params):
        raise TenureError(f"this {type(model).__name__} has not been fitted", "Call `fit` first.")
    return found


def one(unit: str) -> str:
    """A unit of time for one: `week`, also where `weeks` was given."""
    return unit.removesuffix("s")


def many(unit: str) -> str:
    """A unit of time for several: `weeks`."""
    return f"{one(unit)}s"


def _known(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else value
