"""A past cut in two at a day: what was known of each customer before it, and what they then did.

A forecast is worth what it says of days that it has not seen. The cut is made from a list of orders, or given as it
stands, by whoever knows both halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import arrow
from tenure.models.summary import UNITS, summary

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Holdout:
    """One entry per customer who had ordered before the cut.

    Attributes:
        summary: `frequency`, `recency`, `T` and, as far as money is known, `monetary` and `spend_days` (over how many
            purchase days `monetary` is the mean), all as of the cut.
        orders: purchases in the held-out time (days with one).
        horizon: length of that time, in the unit of T.
        spend: what was spent in it; None where no amounts are known.
        recent: purchases in a time of the same length just before the cut; None where not known.
    """

    summary: dict[str, Numbers]
    orders: Numbers
    horizon: float
    spend: Numbers | None = None
    recent: Numbers | None = None

    def __len__(self) -> int:
        return len(self.orders)

    def among(self, rows: NDArray[Any]) -> Holdout:
        """That of some customers: a mask or places."""
        kept = {name: column[rows] for name, column in self.summary.items()}
        spend, recent = (None if each is None else each[rows] for each in (self.spend, self.recent))
        return Holdout(kept, self.orders[rows], self.horizon, spend, recent)

    @property
    def first(self) -> Numbers:
        """The moment of each first purchase, on a clock that stands at the greatest T at the cut."""
        age = self.summary["T"]
        return np.asarray(age.max() - age)


def split(
    orders: Any, cut: str | date | datetime, until: str | date | datetime | None = None, *, unit: str | float = "day",
    **columns: Any,
) -> Holdout:  # fmt: skip
    """A list of orders cut at a moment.

    Args:
        orders: any data frame with one row an order, as for `tenure.models.summary.summary`.
        cut: where the past ends. `until`: where the held-out time ends; without it, the day after the last order.
        unit: of recency, T and the horizon.
        columns: names of columns, as for `summary`: `customer`, `at`, `amount`.

    Raises:
        TenureError: there is no order before the cut, or no time after it.
    """
    table = arrow(orders)
    before, after = (summary(table, moment, unit=unit, **columns) for moment in (cut, until))
    then, now = _columns(before), _columns(after.take(_place(before, after)))
    horizon = float(now["T"][0] - then["T"][0])
    if not horizon > 0:
        raise TenureError(f"no time lies between {cut} and {until or 'the last order'}", "Cut earlier.")
    spend = None
    if "monetary" in then:
        later = now["frequency"] * now["monetary"] - then["frequency"] * then["monetary"]
        spend = np.where(now["frequency"] > then["frequency"], later, 0.0)
    recent = None
    if then["T"].max() > horizon:
        days = horizon * (UNITS[unit] if isinstance(unit, str) else unit)
        earlier = summary(table, _earlier(cut, days), unit=unit, **columns)
        known = earlier.column("frequency").to_numpy()
        recent = then["frequency"] - np.append(known, -1)[_place(before, earlier)]  # the newer ones' first counts too
    return Holdout(then, now["frequency"] - then["frequency"], horizon, spend, recent)


def _columns(table: pa.Table) -> dict[str, Numbers]:
    found = {
        name: np.asarray(table.column(name).to_numpy(), np.float64)
        for name in ("frequency", "recency", "T", "monetary") if name in table.column_names
    }  # fmt: skip
    return found | ({"spend_days": found["frequency"]} if "monetary" in found else {})


def _place(some: pa.Table, among: pa.Table) -> NDArray[np.int64]:
    """The row of each customer of one summary in another, −1 where there is none."""
    from pyarrow import compute

    found = compute.index_in(some.column("customer_id"), value_set=among.column("customer_id").combine_chunks())
    return np.asarray(compute.fill_null(found, -1).to_numpy(), dtype=np.int64)


def _earlier(cut: str | date | datetime, days: float) -> date | datetime:
    moment = datetime.fromisoformat(cut) if isinstance(cut, str) else cut
    return moment - timedelta(days=round(days))
