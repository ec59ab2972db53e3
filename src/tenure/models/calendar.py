"""Where a day stands in its year, for many days at once (proleptic Gregorian, days since 1970)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def year_starts(year: NDArray[np.int64]) -> Numbers:
    """The day on which each year begins."""
    return (np.asarray(year, dtype=np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.float64)


def day_place(day: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """For each day: the first day of its year, the share of the year gone by (0 up to 1), and the year's length."""
    whole = np.floor(day).astype(np.int64).astype("datetime64[D]")
    year = whole.astype("datetime64[Y]")
    start = year.astype("datetime64[D]").astype(np.float64)
    length = (year + 1).astype("datetime64[D]").astype(np.float64) - start
    return start, (day - start) / length, length
