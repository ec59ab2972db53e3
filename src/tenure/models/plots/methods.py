"""The charts as methods of the models, for notebooks: `m.plot_survival(survivors)` draws and gives matplotlib axes.

Each takes what the function of the chart takes, and `ax` to draw into axes that are there. The numbers of a chart
without matplotlib: `tenure.models.plots.purchases.calibration(m, …).table()`.
"""

from __future__ import annotations

from typing import Any

from tenure.models.plots import contracts, purchases


class PurchasePlots:
    """The charts of a purchase model."""

    def plot_frequency_recency(self, summary: Any = None, *, ax: Any = None, **how: Any) -> Any:
        """Draw the purchases expected in the next `t`, by how often and how lately somebody bought.

        Args:
            summary: the histories, whose largest frequency and T are the edges; or give `T` and `max_frequency`.
            how: `t`, `T`, `max_frequency`, `unit`.
        """
        return purchases.frequency_recency(self, summary, **how).draw(ax)  # type: ignore[arg-type]

    def plot_p_alive(self, summary: Any = None, *, ax: Any = None, **how: Any) -> Any:
        """Draw the probability of being a customer still, by how often and how lately somebody bought.

        Args:
            summary: the histories, whose largest frequency and T are the edges; or give `T` and `max_frequency`.
            how: `T`, `max_frequency`, `unit`.
        """
        return purchases.p_alive(self, summary, **how).draw(ax)  # type: ignore[arg-type]

    def plot_calibration(self, calibration: Any, holdout: Any, *, t: float, ax: Any = None, **how: Any) -> Any:
        """Draw the purchases in a holdout of length `t` beside those expected, by repeat purchases before it.

        Args:
            calibration: the histories that the model was fitted to.
            holdout: purchases of the same customers after it, as an array or a frame with `purchases`.
            how: `most`, `unit`.
        """
        return purchases.calibration(self, calibration, holdout, t=t, **how).draw(ax)  # type: ignore[arg-type]

    def plot_tracking(self, orders: Any, *, ax: Any = None, **how: Any) -> Any:
        """Draw the repeat purchases of all customers together, as they came and as expected.

        Args:
            orders: one row an order, before and after the end of the fit, of the customers of the fit.
            how: `unit` (that of the model, as in `summary`), `fitted_until`, `until`, `cumulative`, `customer`, `at`.
        """
        return purchases.tracking(self, orders, **how).draw(ax)  # type: ignore[arg-type]

    def plot_purchase_rates(self, *, ax: Any = None, **how: Any) -> Any:
        """Draw how customers differ in the rate at which they buy."""
        return purchases.purchase_rates(self, **how).draw(ax)  # type: ignore[arg-type]

    def plot_dropout(self, *, ax: Any = None, **how: Any) -> Any:
        """Draw how customers differ in how easily they stop."""
        return purchases.dropout(self, **how).draw(ax)  # type: ignore[arg-type]


class RenewalPlots:
    """The charts of a contract model."""

    def plot_survival(self, survivors: Any = None, *, ax: Any = None, **how: Any) -> Any:
        """Draw the share still there after each renewal, beside what was seen.

        Args:
            survivors: what was seen, in the form of `fit`.
            how: `until`, `fitted_until`, `unit`.
        """
        return contracts.survival(self, survivors, **how).draw(ax)  # type: ignore[arg-type]

    def plot_retention(self, survivors: Any = None, *, ax: Any = None, **how: Any) -> Any:
        """Draw the share that stays at each renewal, beside what was seen; arguments as for `plot_survival`."""
        return contracts.retention(self, survivors, **how).draw(ax)  # type: ignore[arg-type]

    def plot_leaving(self, *, ax: Any = None) -> Any:
        """Draw how customers differ in their chance to leave."""
        return contracts.leaving(self).draw(ax)  # type: ignore[arg-type]
