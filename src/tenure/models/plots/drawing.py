"""Charts drawn with matplotlib: calm, labelled, and legible to those who tell few colours apart.

The one place that knows matplotlib, which is an extra and imported only here, only when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tenure.domain.errors import TenureError

if TYPE_CHECKING:
    from tenure.models.plots.chart import Chart, Matrix, Series

_SEEN, _SAID, _THIRD = "#1a1a1a", "#0072b2", "#d55e00"  # Okabe & Ito's, told apart by everyone; black is what was seen
_QUIET = "#767676"
_SIZE = (7.0, 4.2)  # inches


def draw(chart: Chart, ax: Any = None) -> Any:
    """The chart as matplotlib axes, drawn into `ax` or a new figure.

    Raises:
        TenureError: matplotlib is not installed.
    """
    axes = _axes() if ax is None else ax
    if chart.matrix is not None:
        _matrix(axes, chart.matrix)
    else:
        _series(axes, chart)
    axes.set_title(chart.title, loc="left", fontsize=11, pad=12)
    axes.set_xlabel(chart.x_label, color=_QUIET)
    axes.set_ylabel(chart.y_label, color=_QUIET)
    axes.tick_params(colors=_QUIET, length=3)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#c4c4c4")
    return axes


def _axes() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise TenureError("matplotlib is not installed", "Run pip install 'tenure[plots]'.") from None
    return plt.subplots(figsize=_SIZE, layout="constrained")[1]


def _matrix(axes: Any, matrix: Matrix) -> None:
    shown = np.ma.masked_invalid(matrix.values)
    axes.set_facecolor("#f2f2f2")  # where no customer can be
    drawn = axes.pcolormesh(
        matrix.x, matrix.y, shown, cmap="cividis", vmin=0, vmax=matrix.top, shading="nearest", rasterized=True
    )
    bar = axes.figure.colorbar(drawn, ax=axes, pad=0.02)
    bar.set_label(matrix.label, color=_QUIET)
    bar.ax.tick_params(colors=_QUIET, length=3)
    bar.outline.set_visible(False)


def _series(axes: Any, chart: Chart) -> None:
    colours = iter((_SAID, _THIRD))
    for each in chart.series:
        _one(axes, each, _SEEN if each.kind == "points" else next(colours))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=0)
    if chart.y_is_share:
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    else:
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    if chart.ticks:
        axes.set_xticks(range(len(chart.ticks)), chart.ticks)
    elif all((each.x >= 0).all() for each in chart.series):
        axes.set_xlim(left=0)
    if chart.split is not None:
        axes.axvline(chart.split, color=_QUIET, linestyle=(0, (4, 3)), linewidth=1)
        height = 0.02 if len(chart.series) > 1 else 0.94  # a density is low on the right, and two lines may be anywhere
        axes.annotate(
            chart.split_label, (chart.split, height), xycoords=("data", "axes fraction"), xytext=(5, 0),
            textcoords="offset points", color=_QUIET, fontsize=9,
        )  # fmt: skip
    if len(chart.series) > 1:
        axes.legend(frameon=False, loc="best")


def _one(axes: Any, series: Series, colour: str) -> None:
    if series.kind == "points":
        size = 6 if len(series.x) <= 30 else 3
        line = ":" if len(series.x) <= 30 else "none"
        axes.plot(series.x, series.y, marker="o", markersize=size, linestyle=line, linewidth=1, color=colour,
                  label=series.label, clip_on=False, zorder=3)  # fmt: skip
    elif series.kind == "area":
        axes.fill_between(series.x, series.y, color=colour, alpha=0.18, linewidth=0)
        axes.plot(series.x, series.y, color=colour, linewidth=1.8, label=series.label)
    else:
        axes.plot(series.x, series.y, color=colour, linewidth=1.8, label=series.label,
                  marker="s" if len(series.x) <= 12 else None, markersize=4)  # fmt: skip
