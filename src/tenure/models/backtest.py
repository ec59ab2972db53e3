"""Purchase models on days that they have not seen, beside simple rules; and which of them to take.

Among models the one with the least deviance of held-out orders is taken: unlike the absolute error it is not least for
a forecast that is too low (nearly everyone orders nothing), and unlike the squared one it is not decided by a handful.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.models import metrics
from tenure.models.base import Table
from tenure.models.holdouts import Holdout
from tenure.models.purchase_model import PurchaseModel

Numbers = NDArray[np.float64]

# Cheapest first; a later one is taken only if it is better by more than a split of other days would tell.
CANDIDATES = ("ModifiedBetaGeo", "BetaGeo", "ParetoNBD", "CondensedBetaGeo")
_TIE = 0.005  # of the deviance
BIASED = 0.15  # from which a forecast is rescaled
_FURTHEST = 3.0  # by which it is rescaled at most: what is further off is not the same shop any more


@dataclass(frozen=True, slots=True)
class Figures:
    """How one forecast did.

    Attributes:
        name: of the model or rule.
        mae, rmse: mean absolute and root mean squared error of a customer's orders.
        deviance: Poisson deviance of the same, a customer.
        correlation: of orders said and seen.
        bias: sum said ÷ sum seen − 1, customer by customer, given what each had done.
        tracking: the same of all repeat orders since the beginning, from nothing but first orders; None for rules.
        top_tenth: share of the orders that went to the tenth of customers with the highest forecast.
        auc: how well those who ordered at all were ranked.
    """

    name: str
    mae: float
    rmse: float
    deviance: float
    correlation: float
    bias: float
    tracking: float | None
    top_tenth: float
    auc: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The model to take.

    Attributes:
        model: fitted on the days before the cut. figures: its own. others: those of all candidates, in their order.
    """

    model: PurchaseModel
    figures: Figures
    others: tuple[Figures, ...]


@dataclass(frozen=True, slots=True)
class Rescaling:
    """By what the forecasts of a model are multiplied, and what a reader is told about it (empty: nothing)."""

    factor: float = 1.0
    note: str = ""


def backtest(holdout: Holdout, models: Iterable[PurchaseModel | str] = CANDIDATES) -> Table:
    """Models and simple rules side by side.

    Args:
        models: purchase models, fitted anew on the days before the cut, or their names.

    Returns:
        One row each, models first; the rules are `own past rate` (repeats ÷ age continues), `last period again`
        (as many as in the time of the same length just before), `mean of all` (everyone at the mean rate of all) and
        `recency` (whoever ordered lately first; it ranks and says no number).
    """
    rows = [measured(_fitted(model, holdout), holdout) for model in models]
    names = ("model", "MAE", "RMSE", "deviance", "correlation", "bias", "tracking", "top tenth", "AUC")
    cells = [[_cell(value) for value in astuple(found)] for found in (*rows, *_rules(holdout))]
    return Table(names, cells, f"{len(holdout):,} customers over {holdout.horizon:.4g} held-out units of time")


def choose(holdout: Holdout, models: Iterable[PurchaseModel | str] = CANDIDATES) -> Choice:
    """The model with the least deviance of held-out orders; among those within half a percent, the first.

    Raises:
        TenureError: none of them can be fitted on the days before the cut.
    """
    found: list[tuple[PurchaseModel, Figures]] = []
    refusal = TenureError("there is no model to choose from", "Give at least one.")
    for each in models:
        try:
            model = _fitted(each, holdout)
        except TenureError as refused:
            refusal = refused
        else:
            found.append((model, measured(model, holdout)))
    if not found:
        raise refusal
    least = min(figures.deviance for _, figures in found)
    best, figures = next(pair for pair in found if pair[1].deviance <= least * (1 + _TIE))
    return Choice(best, figures, tuple(each for _, each in found))


def measured(model: PurchaseModel, holdout: Holdout) -> Figures:
    """How a model that is fitted on the days before the cut did after it."""
    said = np.asarray(model.expected_purchases(holdout.horizon, holdout.summary))
    active = np.asarray(model.p_active(holdout.horizon, holdout.summary))
    now = float(holdout.summary["T"].max())
    so_far = float(holdout.summary["frequency"].sum())
    tracked = float(model.expected_cumulative(now + holdout.horizon, holdout.first)[0])
    seen = so_far + float(holdout.orders.sum())
    return _figures(type(model).__name__, said, active, holdout, tracked / seen - 1 if seen else None)


def past_rate(holdout: Holdout) -> Numbers:
    """Orders if each customer's own past rate continues: repeats ÷ age · horizon."""
    age = np.maximum(holdout.summary["T"], 1e-9)
    return np.where(holdout.summary["T"] > 0, holdout.summary["frequency"] / age * holdout.horizon, 0.0)


def rmse(said: Numbers, seen: Numbers) -> float:
    """Root of the mean squared difference between a forecast and what was seen, in its unit."""
    return float(np.sqrt(np.mean((said - seen) ** 2)))


def silence(summary: Any) -> Numbers:
    """Time since the latest order."""
    return np.asarray(summary["T"] - summary["recency"])


def rescaling(biases: Sequence[float], what: str = "orders") -> Rescaling:
    """What to multiply forecasts by, from how far those of past times were off.

    Only a bias that every one of these times had, in one direction, is taken for one that will last; the smallest of
    them is put right. A bias that changes its direction is a season's, and putting it right would double the error.

    Args:
        biases: sum said ÷ sum seen − 1, one a held-out time, the latest first.
        what: the forecast thing, for the note.
    """
    known = [bias for bias in biases if np.isfinite(bias)]
    if not known or abs(known[0]) <= BIASED:
        return Rescaling()
    way = "high" if known[0] > 0 else "low"
    missed = f"forecasts of {what} were too {way} by {abs(known[0]):.0%} on the held-out days"
    if any(np.sign(bias) != np.sign(known[0]) or abs(bias) <= BIASED for bias in known[1:]):
        return Rescaling(note=f"{missed}, but not on earlier ones: seasons do that, and nothing is rescaled")
    factor = float(np.clip(1 / (1 + min(known, key=abs)), 1 / _FURTHEST, _FURTHEST))
    return Rescaling(factor, f"{missed}: they are multiplied by {factor:.2f}")


def restored(stored: dict[str, Any]) -> PurchaseModel:
    """The purchase model that `to_json` described, whichever it is."""
    return _class(stored["model"]).from_json(stored)


def _fitted(model: PurchaseModel | str, holdout: Holdout) -> PurchaseModel:
    made = _class(model)() if isinstance(model, str) else type(model)(**model.get_params())
    return made.fit(holdout.summary)


def _class(name: str) -> type[PurchaseModel]:
    found = getattr(import_module("tenure.models"), name)
    if not issubclass(found, PurchaseModel):
        raise TenureError(f"{name} is no purchase model", f"Take one of {', '.join(CANDIDATES)}.")
    return cast(type[PurchaseModel], found)


def _figures(name: str, said: Numbers, active: Numbers, holdout: Holdout, tracking: float | None) -> Figures:
    seen = holdout.orders
    return Figures(
        name, metrics.mean_absolute_error(said, seen), rmse(said, seen), _deviance(said, seen),
        _correlation(said, seen), metrics.bias(said, seen), tracking, metrics.share_of_top(said, seen),
        metrics.auc(active, seen > 0),
    )  # fmt: skip


def _rules(holdout: Holdout) -> list[Figures]:
    summary, nan = holdout.summary, float("nan")
    own = past_rate(holdout)
    everyone = np.full(len(holdout), summary["frequency"].sum() / max(summary["T"].sum(), 1e-9) * holdout.horizon)
    lately = metrics.auc(-silence(summary), holdout.orders > 0)
    rules = [_figures("own past rate", own, own, holdout, None)]
    if holdout.recent is not None:
        rules.append(_figures("last period again", holdout.recent, holdout.recent, holdout, None))
    rules.append(_figures("mean of all", everyone, everyone, holdout, None))
    top = metrics.share_of_top(-silence(summary), holdout.orders)
    return [*rules, Figures("recency", nan, nan, nan, nan, nan, None, top, lately)]


def _deviance(said: Numbers, seen: Numbers) -> float:
    """2 · mean of seen · ln(seen ÷ said) − (seen − said); a forecast of nothing counts as one of a thousandth."""
    from scipy.special import xlogy

    forecast = np.maximum(said, 1e-3)
    return float(2 * np.mean(xlogy(seen, np.where(seen > 0, seen / forecast, 1.0)) - (seen - forecast)))


def _correlation(said: Numbers, seen: Numbers) -> float:
    if not (np.ptp(said) > 0 and np.ptp(seen) > 0):
        return float("nan")
    return float(np.corrcoef(said, seen)[0, 1])


def _cell(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
