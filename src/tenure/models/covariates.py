"""What is known about each row, as numbers for a linear model: centred, scaled, and words turned into one column each.

Numbers and flags are taken as they are; a column of words becomes one column of 0 and 1 for every word but the most
common one, with which the others are compared. A word never seen before counts as the average of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
_MOST_WORDS = 50  # more than this in one column are names or ids, and no model learns from those


@dataclass(frozen=True, slots=True)
class Covariate:
    """One column of the linear model.

    Attributes:
        column: of the frame; `word` is the word that it marks, None for a column of numbers.
        versus: the word that it is compared with.
        is_flag: whether it is 0 or 1 in every row.
        mean, spread: over the rows it was learned from; the spread is 1 where all rows are alike.
    """

    column: str
    word: str | None
    versus: str | None
    is_flag: bool
    mean: float
    spread: float

    @property
    def name(self) -> str:
        """As shown: the column, or column and word."""
        return self.column if self.word is None else f"{self.column} = {self.word}"

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {name: getattr(self, name) for name in ("column", "word", "versus", "is_flag", "mean", "spread")}


def learned(table: pa.Table, names: Sequence[str], weights: Numbers) -> tuple[Covariate, ...]:
    """The columns of the linear model for the named columns of a table.

    Raises:
        TenureError: a column is missing, has gaps, or holds too many different words.
    """
    found: list[Covariate] = []
    for name in names:
        values = _column(table, name)
        if values.dtype == object:
            found += _words(name, values, weights)
        else:
            is_flag = bool(np.isin(values, (0.0, 1.0)).all())
            found.append(_scaled(name, None, None, values, weights, is_flag))
    return tuple(found)


def matrix(table: pa.Table, covariates: Sequence[Covariate]) -> Numbers:
    """The rows of a table as centred and scaled numbers, one column per covariate.

    Raises:
        TenureError: a column is missing or has gaps, or is of another kind than it was learned from.
    """
    columns: dict[str, NDArray[Any]] = {}
    known: dict[str, set[str]] = {}
    for each in covariates:
        if each.column not in columns:
            columns[each.column] = _column(table, each.column)
            if (columns[each.column].dtype == object) is (each.word is None):
                raise TenureError(f"the column `{each.column}` held {'words' if each.word else 'numbers'} before", "")
        known.setdefault(each.column, set()).update(w for w in (each.word, each.versus) if w is not None)
    rows = np.zeros((table.num_rows, len(covariates)))
    for place, each in enumerate(covariates):
        values = columns[each.column]
        if each.word is None:
            rows[:, place] = (values - each.mean) / each.spread
        else:
            is_known = np.isin(values, list(known[each.column]))
            rows[:, place] = np.where(is_known, ((values == each.word) - each.mean) / each.spread, 0.0)
    return rows


def from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Covariate, ...]:
    """The covariates that `as_json` described."""
    return tuple(Covariate(**each) for each in stored)


def _words(name: str, values: NDArray[Any], weights: Numbers) -> list[Covariate]:
    words, places = np.unique(values.astype(str), return_inverse=True)
    if len(words) > _MOST_WORDS:
        raise TenureError(
            f"the column `{name}` holds {len(words):,} different words", "Leave it out, or put the rare ones together."
        )
    common = str(words[np.argmax(np.bincount(places, weights))])
    return [_scaled(name, str(w), common, (values == w).astype(float), weights, True) for w in words if w != common]


def _scaled(
    name: str, word: str | None, versus: str | None, values: Numbers, weights: Numbers, is_flag: bool
) -> Covariate:
    mean = float(np.average(values, weights=weights))
    spread = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    return Covariate(name, word, versus, is_flag, mean, spread if spread > 1e-12 * max(1.0, abs(mean)) else 1.0)


def _column(table: pa.Table, name: str) -> NDArray[Any]:
    import pyarrow as pa
    from pyarrow import compute

    if name not in table.column_names:
        raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = compute.cast(column, column.type.value_type)
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    try:
        values = column.to_numpy() if is_text else compute.cast(column, pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TenureError(f"the column `{name}` holds neither numbers nor words", "Leave it out.") from None
    gaps = np.flatnonzero(column.is_null().to_numpy()) if is_text else np.flatnonzero(~np.isfinite(values))
    if gaps.size:
        raise TenureError(
            f"the column `{name}` has {gaps.size:,} missing or infinite values, the first in row {gaps[0] + 1}",
            "Fill them, or leave those rows out.",
        )
    return np.asarray(values, dtype=object) if is_text else np.asarray(values, dtype=np.float64)
