"""Purchase histories as the purchase models read them: how many repeats, the age at the last one, and the age now.

Ages are in one unit of the caller's choice and run from the first purchase. What cannot be a history is refused in a
sentence here, so that no model meets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import columns

Numbers = NDArray[np.float64]

COLUMNS = ("frequency", "recency", "T")
FEWEST = 10  # customers; below that the four parameters of a purchase model follow single people
_SHORTEST, _LONGEST = 1.0, 20_000.0  # of the median T: 20,000 days are 55 years
_SLACK = 1e-9  # relative: recency and T may come from different divisions of the same days


@dataclass(frozen=True, slots=True)
class Histories:
    """Customers' histories, one entry a customer.

    Attributes:
        x: repeat purchases. `recency`: age at the last purchase. `age`: age at the end of observation (T).
        weight: how many customers such an entry stands for.
        log_gaps: sum of the logarithms of the gaps between purchases; None where not known.
    """

    x: Numbers
    recency: Numbers
    age: Numbers
    weight: Numbers
    log_gaps: Numbers | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def customers(self) -> float:
        """How many customers they stand for."""
        return float(self.weight.sum())


def histories(summary: Any) -> Histories:
    """The histories in a frame with the columns frequency, recency and T (`weight` and `log_gaps` where there).

    Raises:
        TenureError: a column is missing or has gaps, or a row cannot be a history; it says which.
    """
    found = columns(summary, COLUMNS, ("weight", "log_gaps"))
    x, recency, age = (found[name] for name in COLUMNS)
    weight = found.get("weight", np.ones(len(x)))
    # Several divisions of the same days may leave the last purchase a rounding error after the end.
    recency = np.where((recency > age) & (recency <= age * (1 + _SLACK)), age, recency)
    _refuse(x < 0, "a negative `frequency`", "It counts repeat purchases, from 0.")
    _refuse(x != np.floor(x), "a `frequency` that is no whole number", "It counts repeat purchases.")
    _refuse(recency < 0, "a negative `recency`", "It is the age at the last purchase, counted from the first.")
    _refuse(recency > age, "a `recency` beyond T", "Both are ages, counted from the first purchase in one unit.")
    _refuse((x == 0) & (recency > 0), "a `recency` without any repeat", "It is 0 where `frequency` is 0.")
    _refuse((x > 0) & (recency == 0), "repeats at age 0", "Count several purchases at one time as one.")
    _refuse(weight < 0, "a negative `weight`", "It counts customers.")
    return Histories(x, recency, age, weight, found.get("log_gaps"))


def refuse_unfit(found: Histories) -> None:
    """Refuse histories (those of distinct cells will do) that no purchase model can learn from.

    Raises:
        TenureError: too few customers, nobody bought again, or the unit of time is implausible.
    """
    if found.customers < FEWEST:
        raise TenureError(
            f"{found.customers:,.0f} customers are too few to fit a purchase model", f"Give at least {FEWEST}."
        )
    if not ((found.x > 0) & (found.weight > 0)).any():
        raise TenureError(
            "nobody has bought twice, so nothing is known of how often customers return",
            "Wait for repeat purchases, or look at a longer period.",
        )
    middle = _weighted_median(found.age, found.weight)
    if not _SHORTEST <= middle <= _LONGEST:
        raise TenureError(
            f"half of the customers have a T below {middle:.3g}, which is no plausible age in days, weeks or months",
            f"Give ages in a unit in which the median lies between {_SHORTEST:.0f} and {_LONGEST:,.0f}.",
        )


def new_customers(count: int) -> Histories:
    """Histories of people who have just bought for the first time."""
    return Histories(np.zeros(count), np.zeros(count), np.zeros(count), np.ones(count))


def times(t: Any, count: int) -> Numbers:
    """A horizon for each of `count` customers from one for all, or from as many.

    Raises:
        TenureError: it is negative, no number, or of another length.
    """
    try:
        given = np.asarray(t, dtype=np.float64)
    except (TypeError, ValueError):
        raise TenureError("the horizon `t` is no number", "Give it in the unit of T.") from None
    if given.ndim > 1 or (given.ndim == 1 and len(given) != count):
        raise TenureError(f"`t` has {given.size:,} values for {count:,} customers", "Give one, or one for each.")
    if not np.isfinite(given).all() or (given < 0).any():
        raise TenureError("the horizon `t` must be finite and not negative", "Give it in the unit of T.")
    return np.broadcast_to(given, (count,))


def _weighted_median(values: Numbers, weight: Numbers) -> float:
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])


def _refuse(bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    if bad.any():
        raise TenureError(f"{int(bad.sum()):,} rows have {what}, the first is row {int(bad.argmax()) + 1}", remedy)
