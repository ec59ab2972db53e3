"""Small drawings made on the server: sparklines, bars and intervals, as SVG that needs neither script nor style."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT = 120, 32
_EDGE = 3


def sparkline(values: Sequence[float | int | None]) -> Markup:
    """A line without axes; its figures stand elsewhere, so it is hidden from screen readers."""
    known = [(i, float(v)) for i, v in enumerate(values) if v is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(v for _, v in known), max(v for _, v in known)
    step = (_WIDTH - 2 * _EDGE) / (len(values) - 1)
    points = [
        (_EDGE + i * step, _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * ((v - low) / (high - low) if high > low else 0.5))
        for i, v in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"{points[0][0]:.1f},{_HEIGHT} {line} {points[-1][0]:.1f},{_HEIGHT}"
    x, y = points[-1]
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true" focusable="false">'
        '<polygon class="spark-area" points="{area}"/><polyline class="spark-line" points="{line}"/>'
        '<circle class="spark-end" cx="{x}" cy="{y}" r="2.5"/></svg>'
    ).format(w=_WIDTH, h=_HEIGHT, area=area, line=line, x=f"{x:.1f}", y=f"{y:.1f}")


def bar(share: float | None, kind: str = "") -> Markup:
    """A bar as long as the share; the figure stands beside it."""
    width = 100 * min(max(share or 0.0, 0.0), 1.0)
    return Markup(
        '<svg class="bar {kind}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="bar-track" width="100" height="8"/><rect class="bar-fill" width="{width}" height="8"/></svg>'
    ).format(kind=kind, width=f"{width:.2f}")


def interval(low: float | None, middle: float | None, high: float | None, reach: float) -> Markup:
    """An effect with its interval around the line of no effect; `reach` is the largest distance from it on the page."""
    if low is None or middle is None or high is None or reach <= 0:
        return Markup("")

    def place(value: float) -> float:
        return 60 + 56 * min(max(value / reach, -1.0), 1.0)

    kind = "good" if low > 0 else "bad" if high < 0 else "open"
    return Markup(
        '<svg class="interval {kind}" viewBox="0 0 120 16" width="120" height="16" aria-hidden="true" '
        'focusable="false"><line class="zero" x1="60" y1="0" x2="60" y2="16"/>'
        '<line class="range" x1="{low}" y1="8" x2="{high}" y2="8"/><circle cx="{middle}" cy="8" r="3.5"/></svg>'
    ).format(kind=kind, low=f"{place(low):.1f}", high=f"{place(high):.1f}", middle=f"{place(middle):.1f}")
