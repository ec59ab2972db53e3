"""Purchases: how many orders to expect of each customer, who is still one, and who will not order for a while.

Four purchase models are tried on the last days, and the best is fitted on all. Whether forecasts lie too high or too
low is looked at on two held-out times; only what lasts is put right. The chance of no order in 90 days is
1 − P(at least one order | history), never 1 − P(alive), and is given only if it ranks customers better than the plain
recency rule; the kind `churn` says it better where there is enough of a past.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import from_micros
from tenure.models import metrics
from tenure.models.backtest import Rescaling, past_rate, rescaling, restored, rmse, silence
from tenure.models.buyers import (
    A_WHOLE_YEAR,
    Buyers,
    Trial,
    biases_of,
    buyers,
    held_out,
    held_out_days,
    trial,
    year_split,
)
from tenure.models.cards import Card, Score
from tenure.models.holdouts import Holdout
from tenure.models.kinds.contract import Batch, State, Trained
from tenure.models.purchase_model import PurchaseModel
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS: tuple[str, ...] = ()
FILLS = ("p_alive", "expected_orders_90d", "expected_orders_365d", "churn_90d")
AFTER = ("season",)
DUE_DAYS = 28

Numbers = NDArray[np.float64]

_RANKING = "AUC of no order"


@dataclass(frozen=True, slots=True)
class _Forecast:
    """A fitted model and what turns its order days into orders.

    Attributes:
        per_day: orders per order day, of all customers.
        quarter, year: by what orders of 90 and 365 days are multiplied.
        ranks: whether it ranks those who stay away better than recency does.
    """

    model: PurchaseModel
    per_day: float
    quarter: float = 1.0
    year: float = 1.0
    ranks: bool = True

    def orders(self, some: Buyers, days: float, factor: float) -> Numbers:
        """Orders expected of each customer."""
        expected = np.asarray(self.model.expected_purchases(days, some.summary))
        return factor * expected * some.per_day(some.orders, self.per_day)

    def silent(self, some: Buyers, days: float) -> Numbers:
        """The chance of no order; where orders are multiplied it shrinks or grows as that of a longer time would."""
        active = np.minimum(self.model.p_active(days, some.summary), 1 - 1e-12)
        return np.asarray(np.exp(self.quarter * np.log1p(-active)))


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Choose, check and fit; None with less than 56 days of orders, or nobody of whom to learn."""
    held = held_out_days(past)
    if held is None:
        return None
    try:
        found = trial(past, held)
        model = type(found.choice.model)(**found.choice.model.get_params()).fit(found.now.summary)
    except TenureError:
        return None
    quarter, year = found.rescaling, _of_a_year(past, found)
    tried = _Forecast(found.choice.model, _per_day(found.then))
    scores = _scores(tried, found.then, found.now, found.holdout)
    ranks = any(score.name == _RANKING and score.beats_naive for score in scores)
    state = {
        "purchases": model.to_json(), "per_day": _per_day(found.now), "quarter": quarter.factor, "year": year.factor,
        "ranks": ranks,
    }  # fmt: skip
    card = Card(
        "purchases", from_micros(past.as_of.at).isoformat(), from_micros(found.split.at).isoformat(), len(found.now),
        len(found.then), scores, _notes(found, quarter, year, ranks),
        _curve(tried.orders(found.then, found.holdout.horizon, 1.0), _later_orders(found.then, found.now)),
    )  # fmt: skip
    return Trained(state, card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the days that `train` would hold out."""
    held = held_out_days(past)
    if held is None:
        return ()
    then, now = buyers(past, past.earlier(held)), buyers(past, past.as_of)
    return _scores(_restored(state), then, now, held_out(then, now)) if len(then) else ()


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """The forecasts of everyone who ever ordered."""
    some, forecast = Buyers.of(batch.customers), _restored(state)
    silent = forecast.silent(some, 90) if forecast.ranks else np.full(len(some), np.nan)
    columns = (
        forecast.model.p_alive(some.summary), forecast.orders(some, 90, forecast.quarter),
        forecast.orders(some, 365, forecast.year), silent,
    )  # fmt: skip
    return {
        name: _placed(column, some, batch.customers.num_rows) for name, column in zip(FILLS, columns, strict=True)
    }  # fmt: skip


def _restored(state: State) -> _Forecast:
    return _Forecast(restored(state["purchases"]), state["per_day"], state["quarter"], state["year"], state["ranks"])


def _placed(values: Numbers, some: Buyers, count: int) -> pa.Array:
    import pyarrow as pa

    whole = np.full(count, np.nan)
    whole[some.rows] = values
    return pa.array(whole, pa.float64(), from_pandas=True)


def _per_day(some: Buyers) -> float:
    return float(some.orders.sum() / max(some.days.sum(), 1.0))


def _of_a_year(past: Past, found: Trial) -> Rescaling:
    """By what to multiply orders of a year: read from a whole held-out year if there is one, which has no season."""
    split = year_split(past)
    if past.as_of.day - split.day < A_WHOLE_YEAR:
        return found.rescaling
    biases = biases_of(found.choice, held_out(buyers(past, split), found.now))
    return rescaling(biases, "a year's orders")


def _later_orders(then: Buyers, now: Buyers) -> Numbers:
    return np.maximum(now.orders[then.among(now)] - then.orders, 0.0)


def _scores(forecast: _Forecast, then: Buyers, now: Buyers, holdout: Holdout) -> tuple[Score, ...]:
    seen = _later_orders(then, now)
    said = forecast.orders(then, holdout.horizon, forecast.quarter)
    ruled = past_rate(holdout) * then.per_day(then.orders, forecast.per_day)
    rule = "each customer's own past rate"
    silent, idle = forecast.silent(then, holdout.horizon), seen <= 0
    scores = (
        # What is forecast is a mean, and means have the least squared error; the least absolute one has the median.
        Score("RMSE of orders", rmse(said, seen), rmse(ruled, seen), "lower", rule),
        Score("MAE of orders", metrics.mean_absolute_error(said, seen), metrics.mean_absolute_error(ruled, seen),
              "lower", rule, decides=False),
        Score(_RANKING, metrics.auc(silent, idle), metrics.auc(silence(holdout.summary), idle), "higher",
              "the days of silence alone", decides=False),
        Score("bias of all orders", abs(metrics.bias(said, seen)), abs(metrics.bias(ruled, seen)), "lower", rule,
              decides=False),
    )  # fmt: skip
    return tuple(score for score in scores if np.isfinite((score.model, score.naive)).all())


def _notes(found: Trial, quarter: Rescaling, year: Rescaling, ranks: bool) -> tuple[str, ...]:
    names = ", ".join(each.name for each in found.choice.others)
    notes = [f"{found.choice.figures.name} is used, out of {names}", quarter.note]
    if year.note != quarter.note:
        notes.append(year.note)
    if not ranks:
        notes.append("who stays away is not said: days of silence alone rank customers better")
    return tuple(note for note in notes if note) + found.choice.model.notes_


def _curve(said: Numbers, seen: Numbers) -> tuple[dict[str, float], ...]:
    return tuple({"said": p.said, "seen": p.seen, "count": float(p.count)} for p in metrics.calibration(said, seen))
