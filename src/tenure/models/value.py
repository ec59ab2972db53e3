"""Customer lifetime value: what each customer is expected to bring in a time to come, and how far that may be off.

Expected purchases × expected spend × what of it is kept, discounted to today. The interval is that of the predictive
distribution: how often customers buy, whether they still do, how much they spend, and the doubt about the parameters of
all that. Sources: Fader, Hardie & Lee 2005, J. Marketing Research 42, for the product of purchases and spend;
Angelopoulos & Bates 2023, Foundations and Trends in Machine Learning 16(4), for putting intervals right by what was
seen of held-out days (conformal prediction), of which the levels here are a variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError
from tenure.frames import columns
from tenure.models import metrics
from tenure.models.backtest import Rescaling, rescaling, restored
from tenure.models.base import Estimator, Params, Table
from tenure.models.gamma_gamma import GammaGamma
from tenure.models.holdouts import Holdout
from tenure.models.intervals import Outlook, level_for, surprise
from tenure.models.purchase_model import PurchaseModel
from tenure.models.totals import Totals

Numbers = NDArray[np.float64]

DISCOUNT_RATE = 0.10  # yearly, continuous, where nobody says otherwise
_PARTS = (0.2, 0.5, 1.0)  # of the horizon, whose ends stand for all moments
_SEED = 20_050  # of the draws behind the table: the same customers always get the same intervals


@dataclass(frozen=True, slots=True)
class Correction:
    """What held-out days taught about a model: by what to multiply, how surprised it was, and what to tell readers."""

    factor: float = 1.0
    surprise: float = 1.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Prospect:
    """One entry per customer, in money of today: what is expected, and the ends of the interval around it."""

    expected: Numbers
    low: Numbers
    high: Numbers


class CustomerValue(Estimator):
    """What each customer is expected to bring over a horizon, with an interval.

    Args:
        horizon: how far to look, in the unit of T.
        year: length of a year in that unit: 365 for days, 52.18 for weeks.
        discount_rate: yearly, continuous: money a year from now is worth exp(−rate) of itself.
        coverage: share of all customers' totals that intervals should hold.

    Attributes:
        purchases_, spend_: the fitted models. correction_: what held-out days taught.
        params_: `factor` by which forecasts are multiplied, `missed` (totals outside their intervals on held-out days ÷
            how many the model expected there), and `level` of the intervals.
    """

    purchases_: PurchaseModel
    spend_: GammaGamma
    correction_: Correction
    params_: Params
    notes_: tuple[str, ...]

    def __init__(
        self, *, horizon: float = 365.0, year: float = 365.0, discount_rate: float = DISCOUNT_RATE,
        coverage: float = 0.8,
    ) -> None:  # fmt: skip
        self.horizon, self.year, self.discount_rate, self.coverage = horizon, year, discount_rate, coverage

    def fit(self, summary: Any, purchases: PurchaseModel | None = None, correction: Correction | None = None) -> Self:
        """Learn how much customers will spend.

        Args:
            summary: any frame with `frequency`, `recency`, `T` and `monetary`, the mean spend of as many days as
                `spend_days` says (where that is missing, `frequency`).
            purchases: a purchase model that is fitted on these customers; without it, MBG/NBD is.
            correction: what held-out days taught about a model of earlier days, from `corrected`.

        Raises:
            TenureError: a setting is no number that makes sense, or one of the two models cannot be fitted.
        """
        from tenure.models.modified_beta_geo import ModifiedBetaGeo

        self._refuse_settings()
        x, age, spent = _read(summary)
        self.purchases_ = purchases if purchases is not None else ModifiedBetaGeo().fit(summary)
        self.spend_ = GammaGamma().fit(spent)
        rng = np.random.default_rng(_SEED)
        self.totals_ = Totals.drawn(self.purchases_, self.spend_, x, age, self.horizon, rng)
        return self.correct(correction or Correction(), summary)

    def correct(self, correction: Correction, summary: Any) -> Self:
        """Take over what held-out days taught; the level is chosen anew for these customers."""
        self.correction_ = correction
        rng = np.random.default_rng(_SEED)
        self._take(level_for(self.outlook(summary), self.coverage, correction.surprise, rng))
        return self

    def predict(self, summary: Any, worth: ArrayLike = 1.0) -> Prospect:
        """What each customer will bring, discounted.

        Args:
            worth: what is kept of a unit of spend, one for all or one each; it may be negative: then so is the value.
        """
        self._check_fitted()
        outlook = self.outlook(summary)
        low, high = outlook.interval(self.params_["level"])
        kept = np.asarray(worth, np.float64) * self._today(summary)
        ends = kept * low, kept * high
        return Prospect(kept * outlook.mean, np.minimum(*ends), np.maximum(*ends))

    def outlook(self, summary: Any, factor: float | None = None) -> Outlook:
        """The distribution of each customer's total spend over the horizon, not discounted.

        Args:
            factor: by which forecasts are multiplied; without it, that of the correction.
        """
        x, age, spent = _read(summary)
        factor = self.correction_.factor if factor is None else factor
        active = np.asarray(self.purchases_.p_active(self.horizon, summary))
        expected = np.asarray(self.purchases_.expected_purchases(self.horizon, summary))
        mean = factor * expected * self.spend_.expected_spend(spent)
        # A faster or slower shop: chances of nothing grow or shrink as those of a longer or shorter time would.
        return Outlook(self.totals_, x, age, mean, -np.expm1(factor * np.log1p(-np.minimum(active, 1 - 1e-12))))

    def corrected(self, holdout: Holdout, earlier: tuple[float, ...] = ()) -> Correction:
        """What held-out days teach about this model, which must be fitted on the days before them, with their horizon.

        Args:
            earlier: biases of like forecasts on earlier held-out days, for telling a season from a bias that lasts.

        Raises:
            TenureError: the held-out spend is not known, or the horizon is another one.
        """
        self._check_fitted()
        seen = _seen(holdout, self.horizon)
        bias = metrics.bias(self.outlook(holdout.summary, factor=1.0).mean, seen)
        found: Rescaling = rescaling((bias, *earlier), "spend")
        outlook = self.outlook(holdout.summary, factor=found.factor)
        wrong = surprise(outlook, seen, self.coverage, np.random.default_rng(_SEED))
        return Correction(found.factor, wrong, found.note)

    def summary(self) -> Table:
        """The two models and what held-out days taught, in a few rows."""
        self._check_fitted()
        rows = [
            ("expected spend of a purchase", self.spend_.mean_, repr(self.spend_)),
            ("forecasts are multiplied by", self.params_["factor"], "1 where held-out days showed no lasting bias"),
            ("totals missed", self.params_["missed"], "totals outside intervals ÷ how many the model expects there"),
            ("level of the intervals", self.params_["level"], f"so that {self.coverage:.0%} of totals are held"),
        ]
        title = f"{self!r}\n{self.purchases_!r}"
        return Table(("figure", "value", "meaning"), rows, "\n".join((title, *self.notes_)))

    def _today(self, summary: Any) -> Numbers:
        """What an expected unit of spend is worth today, by when in the horizon purchases are expected.

        Those of a part of the horizon count as if made in its middle; the early parts are shorter, since whoever stops
        does so soon. With a tenth a year that is true to two thousandths.
        """
        yearly = self.discount_rate / self.year * self.horizon
        upto = [np.asarray(self.purchases_.expected_purchases(end * self.horizon, summary)) for end in _PARTS]
        made = np.diff(upto, axis=0, prepend=0.0)
        middle = np.array(_PARTS) - np.diff(_PARTS, prepend=0.0) / 2
        whole: Numbers = upto[-1]
        worth: Numbers = np.exp(-yearly * middle) @ made / np.maximum(whole, 1e-300)
        return np.where(whole > 0, worth, np.exp(-yearly / 2))

    def _take(self, level: float) -> None:
        told = self.correction_
        self.params_ = Params({"factor": told.factor, "missed": told.surprise, "level": level})
        self.notes_ = tuple(note for note in (told.note, *self.spend_.notes_, *self.purchases_.notes_) if note)

    def _refuse_settings(self) -> None:
        if not (self.horizon > 0 and self.year > 0 and self.discount_rate >= 0):
            raise TenureError(
                "a value needs a positive `horizon` and `year`, and a `discount_rate` from 0", "Give them in one unit."
            )
        if not 0 < self.coverage < 1:
            raise TenureError(f"a coverage of {self.coverage} is no share", "Give one between 0 and 1, such as 0.8.")

    def _learned(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "purchases": self.purchases_.to_json(), "spend": self.spend_.to_json(), "totals": self.totals_.to_json(),
            "correction": asdict(self.correction_), "level": self.params_["level"],
        }  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.purchases_ = restored(learned["purchases"])
        self.spend_ = GammaGamma.from_json(learned["spend"])
        self.totals_, self.correction_ = Totals.from_json(learned["totals"]), Correction(**learned["correction"])
        self._take(learned["level"])


def _read(summary: Any) -> tuple[Numbers, Numbers, dict[str, Numbers]]:
    """Repeat purchases, ages, and what Gamma-Gamma reads of each customer."""
    found = columns(summary, ("frequency", "T", "monetary"), ("spend_days",))
    days = found.get("spend_days", found["frequency"])
    return found["frequency"], found["T"], {"frequency": days, "monetary": found["monetary"]}


def _seen(holdout: Holdout, horizon: float) -> Numbers:
    if holdout.spend is None:
        raise TenureError("nothing is known of what was spent on the held-out days", "Give orders with amounts.")
    if abs(holdout.horizon - horizon) > 1e-6 * horizon:
        raise TenureError(
            f"the held-out time is {holdout.horizon:.4g} long and the model looks {horizon:.4g} ahead",
            "Fit a `CustomerValue(horizon=…)` of that length on the days before the cut.",
        )
    return holdout.spend
