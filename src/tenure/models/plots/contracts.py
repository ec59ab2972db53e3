"""Charts of contract models: the share still there, and the share that stays at each renewal, said beside seen."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from tenure.models.plots.chart import Chart, Series, many, one, parameters
from tenure.models.survivors import survivors


class Renewals(Protocol):
    """What these charts ask of a model."""

    def survival(self, t: ArrayLike) -> Any:
        """The share still there after `t` renewals."""

    def retention(self, t: ArrayLike) -> Any:
        """The share that stays at renewal `t`."""


def survival(
    model: Renewals, observed: Any = None, *, until: int | None = None, fitted_until: int | None = None,
    unit: str = "period",
) -> Chart:  # fmt: skip
    """The share of the start that is still there after each renewal.

    Args:
        observed: survivors to lay beside it, in the form of `fit`; of several cohorts the product of their retention.
        until: the last renewal; that of `observed`, or 12, if not given.
        fitted_until: the last renewal that the model saw, to be marked.
    """
    seen = _retention(observed)
    end = until or max(len(seen), 12 if observed is None else 0)
    t = np.arange(end + 1.0)
    shares = np.concatenate([[1.0], np.cumprod(seen)])
    points = (Series("seen", np.arange(len(shares) * 1.0), shares, "points"),) if observed is not None else ()
    return Chart(
        "Customers still there", f"{many(unit)} since the start", "share of the start",
        (*points, Series("expected", t, np.asarray(model.survival(t)))), split=fitted_until,
        split_label="end of the fit", y_is_share=True,
    )  # fmt: skip


def retention(
    model: Renewals, observed: Any = None, *, until: int | None = None, fitted_until: int | None = None,
    unit: str = "period",
) -> Chart:  # fmt: skip
    """The share of those who came to each renewal and stayed; arguments as for `survival`."""
    seen = _retention(observed)
    t = np.arange(1.0, (until or max(len(seen), 12 if observed is None else 0)) + 1)
    points = (Series("seen", np.arange(1.0, len(seen) + 1), seen, "points"),) if observed is not None else ()
    return Chart(
        "Customers who stay at each renewal", f"renewal, one each {one(unit)}", "share that stays",
        (*points, Series("expected", t, np.asarray(model.retention(t)))), split=fitted_until,
        split_label="end of the fit", y_is_share=True,
    )  # fmt: skip


def leaving(model: Renewals) -> Chart:
    """How customers differ in their chance to leave at the first renewal: the beta distribution of alpha and beta."""
    from scipy.stats import beta

    x = np.linspace(0, 1, 402)[1:-1]
    params = parameters(model)
    spread = beta(params["alpha"], params["beta"])
    mean = float(spread.mean())
    return Chart(
        "How customers differ in how easily they leave", "chance to leave at the first renewal", "density",
        (Series("density", x, np.asarray(spread.pdf(x)), "area"),), split=mean, split_label=f"mean {mean:.3g}",
    )  # fmt: skip


def _retention(observed: Any) -> Any:
    """Seen retention up to the last renewal that somebody came to."""
    if observed is None:
        return np.empty(0)
    found = survivors(observed).retention
    return found[: int(np.argmax(np.isnan(found))) if np.isnan(found).any() else len(found)]
