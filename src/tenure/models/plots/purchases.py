"""Charts of purchase models: what they say of whom, and how what they said compares with what came.

Each takes a fitted model and gives a `Chart`, whose numbers are its table. Lengths are in the unit in which the model
was fitted; `unit` is its name for the axes, such as `week`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError
from tenure.frames import columns
from tenure.models.plots.chart import Chart, Matrix, Series, many, one, parameters
from tenure.models.plots.orders import purchases

Numbers = NDArray[np.float64]


class Purchases(Protocol):
    """What these charts ask of a model."""

    def expected_purchases(self, t: ArrayLike, summary: Any = None) -> Any:
        """Purchases in the next `t`."""

    def p_alive(self, summary: Any) -> Numbers:
        """The probability to be a customer still."""

    def expected_cumulative(self, t: ArrayLike, first_purchases: ArrayLike) -> Numbers:
        """Repeat purchases of all together up to each moment."""


def frequency_recency(
    model: Purchases, summary: Any = None, *, t: float = 1.0, T: float | None = None,  # noqa: N803
    max_frequency: int | None = None, unit: str = "period",
) -> Chart:  # fmt: skip
    """How many purchases to expect in the next `t`, by how often and how lately somebody bought."""
    grid = _Grid.of(summary, T, max_frequency)
    label = f"purchases expected in the next {t:g} {many(unit)}"
    return grid.chart("Who will buy, by how often and how lately they bought", label, unit, None, lambda rows:
                      model.expected_purchases(t, rows))  # fmt: skip


def p_alive(
    model: Purchases, summary: Any = None, *, T: float | None = None, max_frequency: int | None = None,  # noqa: N803
    unit: str = "period",
) -> Chart:  # fmt: skip
    """How likely each still is a customer, by how often and how lately they bought."""
    grid = _Grid.of(summary, T, max_frequency)
    label = "probability of being a customer still"
    return grid.chart(
        "Who is still a customer, by how often and how lately they bought", label, unit, 1.0, model.p_alive
    )


def calibration(
    model: Purchases, calibration: Any, holdout: Any, *, t: float, most: int = 7, unit: str = "period"
) -> Chart:
    """Purchases in a holdout of length `t` beside those expected, by the number of repeat purchases before it.

    Args:
        calibration: the histories that the model was fitted to.
        holdout: the purchases of the same customers after it, in the same order: an array, or a frame with `purchases`.
        most: customers with at least so many repeat purchases are put together.

    Raises:
        TenureError: the two do not have the same length.
    """
    frequency = columns(calibration, ["frequency"])["frequency"]
    seen = _holdout(holdout, len(frequency))
    said = np.asarray(model.expected_purchases(t, calibration))
    group = np.minimum(frequency, most).astype(int)
    places = np.unique(group)
    counts = np.bincount(group)[places]
    means = [np.bincount(group, values)[places] / counts for values in (seen, said)]
    ticks = tuple(f"{most}+" if place == most else str(place) for place in range(places.max() + 1))
    at = places.astype(np.float64)
    return Chart(
        f"Purchases in the following {t:g} {many(unit)}, by repeat purchases before",
        "repeat purchases before", "mean purchases after, per customer",
        (Series("seen", at, means[0], "points"), Series("expected", at, means[1])), ticks=ticks,
    )  # fmt: skip


def tracking(
    model: Purchases, orders: Any, *, unit: str | float = "day", fitted_until: float | None = None,
    until: float | None = None, cumulative: bool = True, customer: str = "customer_id", at: str = "ordered_at",
) -> Chart:  # fmt: skip
    """Repeat purchases of all customers together, as they came and as expected from the first purchases alone.

    Args:
        orders: one row an order, before and after the end of the fit, of the customers of the fit.
        unit: that of the model: day, week, month, or a number of days.
        fitted_until: the end of what the model was fitted to, in its unit since the first of all purchases; marked.
        until: the end of the chart in the same unit; the last purchase if not given.
        cumulative: sums up to each moment; otherwise the purchases of each unit of time.
        customer, at: names of the columns, as in `summary`.

    Raises:
        TenureError: a column is missing or has gaps, or holds no dates.
    """
    found = purchases(orders, unit, customer, at)
    grid = np.arange(np.floor((found.last if until is None else until) + 1e-9) + 1)
    seen = np.searchsorted(np.sort(found.repeats), grid, side="right").astype(np.float64)
    said = model.expected_cumulative(grid, found.first)
    if not cumulative:
        grid, seen, said = grid[1:], np.diff(seen), np.diff(said)
    each = unit if isinstance(unit, str) else f"{unit:g} days"
    what = "so far" if cumulative else f"in each {each}"
    x_label = f"{many(unit) if isinstance(unit, str) else f'times {each}'} since the first purchase of all"
    return Chart(
        f"Repeat purchases of all customers {what}", x_label, "repeat purchases",
        (Series("seen", grid, seen, "points"), Series("expected", grid, said)),
        split=fitted_until, split_label="end of the fit",
    )  # fmt: skip


def purchase_rates(model: Purchases, unit: str = "period") -> Chart:
    """How customers differ in the rate at which they buy: the gamma distribution with parameters r and alpha."""
    from scipy.stats import gamma

    every = getattr(model, "k_", 1)  # of a regular buyer's hidden events only every k-th is a purchase
    params = parameters(model)
    spread = gamma(params["r"], scale=1 / (every * params["alpha"]))
    return _density(spread, None, "How customers differ in how often they buy", f"purchases per {one(unit)}")


def dropout(model: Purchases, unit: str = "period") -> Chart:
    """How customers differ in how they stop: a chance after each purchase, or a rate in time (Pareto/NBD)."""
    from scipy.stats import beta, gamma

    params = parameters(model)
    if "s" in params:
        spread = gamma(params["s"], scale=1 / params["beta"])
        return _density(spread, None, "How customers differ in how soon they stop", f"rate of stopping per {one(unit)}")
    spread = beta(params["a"], params["b"])
    return _density(spread, 1.0, "How customers differ in how easily they stop", "chance to stop after a purchase")


def _density(spread: Any, end: float | None, title: str, x_label: str) -> Chart:
    """A density from just above 0, where it may have no end, to where a hundredth is left."""
    high = float(spread.ppf(0.99)) if end is None else end
    x = np.linspace(0, high, 402)[1:-1]
    y = np.asarray(spread.pdf(x))
    mean = float(spread.mean())
    return Chart(
        title, x_label, "density", (Series("density", x, y, "area"),), split=mean, split_label=f"mean {mean:.3g}"
    )


class _Grid:
    """All histories up to a number of purchases and an age, at that age."""

    def __init__(self, age: float, most: int) -> None:
        self.frequency = np.arange(most + 1.0)
        self.recency = np.linspace(0, age, 101) if age > 100 or age < 20 else np.arange(np.floor(age) + 1)
        self.age = age

    @classmethod
    def of(cls, summary: Any, age: float | None, most: int | None) -> _Grid:
        if summary is None and (age is None or most is None):
            raise TenureError(
                "the chart has no edges", "Give the histories that the model was fitted to, or `T` and `max_frequency`."
            )
        known = columns(summary, ["frequency", "T"]) if summary is not None else {}
        age = float(known["T"].max()) if age is None else float(age)
        most = int(known["frequency"].max()) if most is None else int(most)
        if not age > 0 or most < 1:
            raise TenureError("nobody has bought again", "Give a larger `T` or `max_frequency`.")
        return cls(age, most)

    def chart(self, title: str, label: str, unit: str, top: float | None, answer: Any) -> Chart:
        x, recency = (each.ravel() for each in np.meshgrid(self.frequency, self.recency))
        # Who never bought again bought last when they came, and nobody else did.
        can_be = (x == 0) == (recency == 0)
        rows = {"frequency": x[can_be], "recency": recency[can_be], "T": np.full(can_be.sum(), self.age)}
        values = np.full(len(x), np.nan)
        values[can_be] = answer(rows)
        shape = (len(self.recency), len(self.frequency))
        matrix = Matrix(label, self.frequency, self.recency, values.reshape(shape), top)
        y_label = f"age at the last purchase ({many(unit)}, now {self.age:.3g})"
        return Chart(title, "repeat purchases", y_label, matrix=matrix)


def _holdout(holdout: Any, customers: int) -> Numbers:
    if isinstance(holdout, dict) or hasattr(holdout, "column_names") or hasattr(holdout, "columns"):
        seen = columns(holdout, ["purchases"])["purchases"]
    else:
        seen = np.asarray(holdout, dtype=np.float64)
    if len(seen) != customers:
        raise TenureError(
            f"there are {customers:,} customers before and {len(seen):,} after", "Give the same, in the same order."
        )
    return seen
