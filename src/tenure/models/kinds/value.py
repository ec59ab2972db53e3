"""Value: what each customer is expected to bring in the next 365 days, and between which ends it will lie.

Expected order days × expected spend of such a day × what of it is kept, discounted at the business's yearly rate. What
is kept is the customer's own margin share, drawn towards that of all, less the cost to serve an order day, own and all
likewise; both follow orders, so a customer who is gone costs nothing more. Four fifths of all customers' totals should
lie within their intervals; how sure or timid the model is, is learned from held-out days.
"""

from __future__ import annotations

from copy import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf, from_micros
from tenure.models import metrics
from tenure.models.backtest import rmse
from tenure.models.buyers import (
    A_WHOLE_YEAR,
    YEAR,
    Buyers,
    Trial,
    buyers,
    held_out,
    held_out_days,
    trial,
    year_split,
)
from tenure.models.cards import Card, Score
from tenure.models.holdouts import Holdout
from tenure.models.kinds.contract import Batch, State, Trained
from tenure.models.value import CustomerValue, Prospect
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS: tuple[str, ...] = ()
FILLS = ("clv_365d", "clv_365d_low", "clv_365d_high")
AFTER = ("season", "purchases")
DUE_DAYS = 28

Numbers = NDArray[np.float64]

COVERAGE = 0.8


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What of spend is kept, of all customers together.

    Attributes:
        share: margin ÷ revenue. `average`: revenue of an order day. `cost`: to serve one, in money.
    """

    share: float
    average: float
    cost: float

    @classmethod
    def of(cls, some: Buyers, margin: float) -> Upkeep:
        """That of a base, drawn towards the margin that the business itself states."""
        days = max(float(some.days.sum()), 1.0)
        average = max(float(some.revenue.sum()) / days, 1e-9)
        share = (float(some.margin.sum()) + margin * average) / (float(some.revenue.sum()) + average)
        return cls(share, average, float(some.cost.sum()) / days)

    def worth(self, some: Buyers, spend: Numbers) -> Numbers:
        """What each customer leaves of a unit of spend: their margin share less cost to serve ÷ expected spend."""
        revenue = np.maximum(some.per_day(some.revenue, self.average), 1e-3 * self.average)
        share = some.per_day(some.margin, self.share * self.average) / revenue
        return np.asarray(np.clip(share, -1.0, 1.0) - some.per_day(some.cost, self.cost) / np.maximum(spend, 1e-9))


@dataclass(frozen=True, slots=True)
class _Cut:
    """A past cut where forecasts of a year are checked: the customers then and now, and what they did in between."""

    split: AsOf
    then: Buyers
    now: Buyers
    holdout: Holdout

    @property
    def profit(self) -> Numbers:
        """What each brought in the held-out time: margin − cost to serve."""
        place = self.then.among(self.now)
        margin = self.now.margin[place] - self.then.margin
        return np.asarray(margin - (self.now.cost[place] - self.then.cost))


def train(past: Past, business: Business) -> Trained | None:
    """Fit and check; None with less than 56 days of orders, or too few customers who spent anything."""
    held = held_out_days(past)
    if held is None:
        return None
    try:
        found = trial(past, held)
        cut = _cut(past)
        tried = _fitted(found, cut.then, cut.holdout.horizon, 0.0)
        right = tried.corrected(cut.holdout, _earlier(found, cut, past.as_of))
        model = _fitted(found, found.now, float(YEAR), business.value.discount_rate).correct(right, found.now.summary)
    except TenureError:
        return None
    upkeep = Upkeep.of(cut.then, float(business.margin))
    said, apart = _said(tried, cut.then, upkeep), _apart(tried, cut, upkeep)
    card = Card(
        "value", from_micros(past.as_of.at).isoformat(), from_micros(cut.split.at).isoformat(), len(found.now),
        len(cut.then), _scores(cut, past, said, apart), _notes(model, apart, cut), _curve(said, cut.profit),
    )  # fmt: skip
    return Trained({"value": model.to_json(), "upkeep": asdict(Upkeep.of(found.now, float(business.margin)))}, card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the days that `train` would hold out."""
    if held_out_days(past) is None:
        return ()
    cut = _cut(past)
    if not len(cut.then):
        return ()
    model, upkeep = _restored(state)
    try:
        again = CustomerValue(horizon=cut.holdout.horizon, discount_rate=0.0, coverage=COVERAGE)
        again.fit(cut.then.summary, model.purchases_, model.correction_)
    except TenureError:
        return ()
    return _scores(cut, past, _said(again, cut.then, upkeep), _said(again, cut.then, upkeep))


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """Value and interval of everyone who ever ordered, in units of the currency."""
    import pyarrow as pa

    some, (model, upkeep) = Buyers.of(batch.customers), _restored(state)
    said, found = _said(model, some, upkeep), {}
    for name, column in zip(FILLS, (said.expected, said.low, said.high), strict=True):
        whole = np.full(batch.customers.num_rows, np.nan)
        whole[some.rows] = column
        found[name] = pa.array(whole, pa.float64(), from_pandas=True)
    return found


def _restored(state: State) -> tuple[CustomerValue, Upkeep]:
    return CustomerValue.from_json(state["value"]), Upkeep(**state["upkeep"])


def _cut(past: Past) -> _Cut:
    split = year_split(past)
    then, now = buyers(past, split), buyers(past, past.as_of)
    return _Cut(split, then, now, held_out(then, now))


def _fitted(found: Trial, some: Buyers, horizon: float, rate: float) -> CustomerValue:
    """The value of some customers, on the purchase model that did best."""
    chosen = found.choice.model
    purchases = type(chosen)(**chosen.get_params()).fit(some.summary)
    return CustomerValue(horizon=horizon, discount_rate=rate, coverage=COVERAGE).fit(some.summary, purchases)


def _said(model: CustomerValue, some: Buyers, upkeep: Upkeep) -> Prospect:
    spent = {"frequency": some.days, "monetary": some.summary["monetary"]}
    return model.predict(some.summary, upkeep.worth(some, model.spend_.expected_spend(spent)))


def _earlier(found: Trial, cut: _Cut, now: AsOf) -> tuple[float, ...]:
    """Biases that a lasting one must agree with; none are needed where a whole year was held out."""
    return () if now.day - cut.split.day >= A_WHOLE_YEAR else found.biases


def _apart(tried: CustomerValue, cut: _Cut, upkeep: Upkeep) -> Prospect:
    """What is said of each half of the customers when the other half alone has taught the correction."""
    ends = np.zeros((3, len(cut.then)))
    for half in (0, 1):
        mine = np.arange(len(cut.then)) % 2 == half
        if mine.any() and not mine.all():
            taught = copy(tried).correct(tried.corrected(cut.holdout.among(~mine)), cut.then.summary)
            said = _said(taught, cut.then, upkeep)
            ends[:, mine] = np.stack([said.expected, said.low, said.high])[:, mine]
    return Prospect(*ends)


def _scores(cut: _Cut, past: Past, said: Prospect, apart: Prospect) -> tuple[Score, ...]:
    seen, last = cut.profit, _last_profit(cut, past)
    rule, alike = "last period's profit", "one interval for all, from last period's profits"
    low, high = np.quantile(last, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2))
    same = Prospect(last, np.full(len(seen), low), np.full(len(seen), high))
    scores = (
        # A value is a mean, and means have the least squared error; the least absolute one has the median, which is
        # near nothing where most customers buy nothing.
        Score("RMSE of profit", rmse(said.expected, seen), rmse(last, seen), "lower", rule),
        Score("MAE of profit", metrics.mean_absolute_error(said.expected, seen),
              metrics.mean_absolute_error(last, seen), "lower", rule, decides=False),
        Score("bias of all profit", abs(metrics.bias(said.expected, seen)), abs(metrics.bias(last, seen)), "lower",
              rule, decides=False),
        Score("distance of the intervals from holding 80%", abs(float(_holds(apart, seen).mean()) - COVERAGE),
              abs(float(_holds(same, seen).mean()) - COVERAGE), "lower", alike, decides=False),
        Score("interval score", _interval_score(apart, seen), _interval_score(same, seen), "lower", alike,
              decides=False),
    )  # fmt: skip
    return tuple(score for score in scores if np.isfinite((score.model, score.naive)).all())


def _last_profit(cut: _Cut, past: Past) -> Numbers:
    """What each brought in as many days before the cut as were held out after it."""
    so_far = cut.then.margin - cut.then.cost
    days = past.days()
    begin = past.as_of.day - 2 * (past.as_of.day - cut.split.day)
    if days is None or begin <= days[0] + 1:  # the odd day of a past cut in its middle is no time to be counted apart
        return so_far
    before = buyers(past, past.earlier(past.as_of.day - begin))
    so_far[before.among(cut.then)] -= before.margin - before.cost
    return so_far


def _holds(said: Prospect, seen: Numbers) -> NDArray[np.bool_]:
    """Whether each interval, ends included, holds what was seen, to the hundredth of a cent."""
    return np.asarray((seen >= said.low - 1e-4) & (seen <= said.high + 1e-4))


def _interval_score(said: Prospect, seen: Numbers) -> float:
    """Width plus 2 ÷ (1 − coverage) times by how much it missed, a customer (Gneiting & Raftery 2007, equation 43)."""
    missed = np.maximum(said.low - seen, 0.0) + np.maximum(seen - said.high, 0.0)
    return float(np.mean(said.high - said.low + 2 / (1 - COVERAGE) * missed))


def _notes(model: CustomerValue, apart: Prospect, cut: _Cut) -> tuple[str, ...]:
    held, spent = _holds(apart, cut.profit), cut.holdout.spend
    among = f" and {held[spent > 0].mean():.0%} of those who spent" if spent is not None and (spent > 0).any() else ""
    return (
        f"80% intervals held {held.mean():.0%} of what all customers brought{among}, each read on the half of the "
        "customers that had not taught them",
        *model.notes_,
    )


def _curve(said: Prospect, seen: Numbers) -> tuple[dict[str, float], ...]:
    parts = metrics.calibration(said.expected, seen)
    return tuple({"said": part.said, "seen": part.seen, "count": float(part.count)} for part in parts)
