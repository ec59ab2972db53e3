"""Everyone who ever ordered, read out of profiles as the models of purchases and of value see them.

Ages run on the customer's seasonal clock, which is the calendar where nothing is seasonal. Two profiles of the same
customers, as of two days, are a held-out time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.moments import AsOf
from tenure.models.backtest import CANDIDATES, Choice, Rescaling, choose, measured, rescaling
from tenure.models.holdouts import Holdout
from tenure.models.kinds.contract import plain
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

YEAR = 365
A_WHOLE_YEAR = 330  # held-out days from which every season has had its turn
_HELD_OUT = 28, 90  # days: the least that tell anything, and what `churn_90d` speaks of
_TRUST = 5.0  # order days with which a customer's own ratio weighs as much as that of all
_INSTANT = 1e-3  # days: repeats at which the seasonal clock stood still


@dataclass(frozen=True, slots=True)
class Buyers:
    """One entry per customer who ever ordered.

    Attributes:
        keys: of the customers, ascending. `rows`: where they stand in the profiles.
        summary: `frequency`, `recency`, `T` in days, `monetary` (mean spend of all days with an order) and
            `spend_days` (how many these are).
        orders, revenue, margin, cost: to date; cost is that to serve.
    """

    keys: Whole
    rows: Whole
    summary: dict[str, Numbers]
    orders: Numbers
    revenue: Numbers
    margin: Numbers
    cost: Numbers

    @classmethod
    def of(cls, profiles: pa.Table) -> Buyers:
        """Those among the customers of a batch (`models/kinds/contract.py`)."""
        rows = np.flatnonzero(plain(profiles, "orders") > 0)
        column = {name: plain(profiles, name)[rows] for name in _COLUMNS}
        x = column["frequency"]
        recency = np.where(x > 0, np.maximum(column["span_milli"] / 1000, _INSTANT), 0.0)
        age = recency + np.maximum(column["since_milli"] / 1000, 0.0)
        spent = np.maximum(column["revenue"], 0.0) / (x + 1)
        summary = {"frequency": x, "recency": recency, "T": age, "monetary": spent, "spend_days": x + 1}
        keys = profiles.column("customer_key").to_numpy()[rows]
        return cls(
            keys, rows, summary, column["orders"], column["revenue"], column["margin"], column["cost_to_serve"]
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def days(self) -> Numbers:
        """Days with an order."""
        return self.summary["spend_days"]

    def per_day(self, amount: Numbers, of_all: float) -> Numbers:
        """An amount per order day, the customer's own drawn towards that of all by how few days there are."""
        return np.asarray((amount + _TRUST * of_all) / (self.days + _TRUST))

    def among(self, others: Buyers) -> Whole:
        """Where these customers stand among others, who must include them."""
        return np.asarray(np.searchsorted(others.keys, self.keys), dtype=np.int64)


_COLUMNS = ("frequency", "span_milli", "since_milli", "orders", "revenue", "margin", "cost_to_serve")


def held_out(then: Buyers, now: Buyers) -> Holdout:
    """What those who had ordered by an earlier day did until a later one."""
    place = then.among(now)
    # On a seasonal clock the held-out time is as long as it was for the customers.
    passed = float(np.mean(now.summary["T"][place] - then.summary["T"])) if len(then) else 0.0
    orders = np.maximum(now.summary["frequency"][place] - then.summary["frequency"], 0.0)
    spend = np.maximum(now.revenue[place] - then.revenue, 0.0)
    return Holdout(then.summary, orders, max(passed, _INSTANT), spend)


def held_out_days(past: Past) -> int | None:
    """How many of the last days are held out: a third, at least 28 and at most 90; None in too short a past."""
    days = past.days()
    least, most = _HELD_OUT
    if days is None or past.as_of.day - days[0] < 2 * least:
        return None
    return max(least, min(most, (past.as_of.day - days[0]) // 3))


def year_split(past: Past) -> AsOf:
    """Where to cut a past to check forecasts of a year: a year ago, or in the middle of a shorter past."""
    days = past.days()
    span = past.as_of.day - days[0] if days else 0
    return past.earlier(max(1, min(YEAR, span // 2)))


def buyers(past: Past, as_of: AsOf) -> Buyers:
    """Everyone who had ever ordered by a moment."""
    return Buyers.of(past.profiles(as_of))


@dataclass(frozen=True, slots=True)
class Trial:
    """The purchase model that did best on the last held-out days.

    Attributes:
        then, now: customers at the cut and at the end. `biases`: of the model's orders on these days and, as far as
            there is a past, on as many before them; the latest first.
    """

    split: AsOf
    then: Buyers
    now: Buyers
    holdout: Holdout
    choice: Choice
    biases: tuple[float, ...]

    @property
    def rescaling(self) -> Rescaling:
        """By what to multiply forecasts of orders."""
        return rescaling(self.biases)


def trial(past: Past, held: int) -> Trial:
    """Hold out the last days, and choose among all purchase models; the same for every kind that asks.

    Raises:
        TenureError: none can be fitted on the days before.
    """
    return past.once(f"trial of {held} days", lambda: _tried(past, held))


def _tried(past: Past, held: int) -> Trial:
    split = past.earlier(held)
    then, now = buyers(past, split), buyers(past, past.as_of)
    holdout = held_out(then, now)
    choice = choose(holdout, CANDIDATES)
    days, biases = past.days(), [choice.figures.bias]
    if days is not None and past.as_of.day - 3 * held >= days[0]:
        before = buyers(past, past.earlier(2 * held))
        biases += biases_of(choice, held_out(before, then))
    return Trial(split, then, now, holdout, choice, tuple(biases))


def biases_of(choice: Choice, holdout: Holdout) -> list[float]:
    """The bias of the chosen kind of model on other held-out days; none where it cannot be fitted on those before."""
    from tenure.domain.errors import TenureError

    try:
        model = type(choice.model)(**choice.model.get_params()).fit(holdout.summary)
    except TenureError:
        return []
    return [measured(model, holdout).bias]
