"""How the fitted models do on days that they had not seen, each beside a simple rule."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.domain.fitted import Fitted
from tenure.domain.moments import AsOf, from_micros
from tenure.insights.table import Column, Report, axis_chart
from tenure.insights.words import Words

FORMULA = (
    "each model is trained on the days before a split and checked on those after it; it is used only if it beats the "
    "simple rule and the model in place"
)
NO_MODELS = "No model has been fitted as of this moment or before it; `tenure fit` trains them."


def models_report(fitted: Sequence[Fitted], as_of: AsOf, words: Words) -> Report:
    """The latest model of each kind, whether it is used, and its figures against the simple rule's.

    Args:
        fitted: every kept model, by kind and then by moment, oldest first.
    """
    latest = {model.kind: model for model in fitted if model.as_of <= as_of.at}
    used = {model.kind: model for model in fitted if model.as_of <= as_of.at and model.is_promoted}
    shown = [used.get(kind, model) for kind, model in latest.items()]
    return Report(
        kind="models",
        title="Models on days they had not seen",
        as_of=words.when(as_of),
        columns=_COLUMNS,
        rows=tuple(row for model in shown for row in _rows(model)),
        sentences=tuple(_sentences(latest, used)),
        formula=FORMULA,
        chart=_chart(shown),
        figures={"fitted": len(latest), "used": len(used)},
        rows_name="models",
        currency=words.currency,
    )


def _rows(model: Fitted) -> list[tuple[str | float | int | bool | None, ...]]:
    card = model.card
    return [
        (
            model.kind, from_micros(model.as_of).date().isoformat(), model.is_promoted, score["name"], score["model"],
            score["naive"], score["rule"], card["checked"],
        )
        for score in card["scores"]
    ]  # fmt: skip


def _sentences(latest: dict[str, Fitted], used: dict[str, Fitted]) -> list[str]:
    if not latest:
        return [NO_MODELS]
    said = [model.verdict for kind, model in used.items()]
    said += [model.verdict for kind, model in latest.items() if kind not in used]
    notes = [f"{kind}: {note}" for kind, model in used.items() for note in model.card["notes"]]
    return said + notes


def _chart(shown: Sequence[Fitted]) -> dict[str, object] | None:
    """Each model's first deciding figure as a share of the simple rule's: how much of the error is left, or gained."""
    bars = {model.kind: _relative(next((s for s in model.card["scores"] if s["decides"]), None)) for model in shown}
    known = {kind: share for kind, share in bars.items() if share is not None}
    if not known:
        return None
    return axis_chart("bar", list(known), {"Better than the simple rule": list(known.values())}, "share")


def _relative(score: dict[str, float | str] | None) -> float | None:
    """By how much a figure is better than the rule's, as a share of the rule's own."""
    if score is None:
        return None
    model, naive = float(score["model"]), float(score["naive"])
    if not naive:
        return None
    return (model / naive - 1) if score["better"] == "higher" else (1 - model / naive)


_COLUMNS = (
    Column("model", "Model"), Column("fitted", "Fitted as of", is_aside=True),
    Column("is_used", "In use", "flag", is_aside=True), Column("figure", "Figure"),
    Column("value", "Model's", "number", "on held-out days"),
    Column("naive", "Simple rule's", "number", "on the same days"), Column("rule", "The simple rule", is_aside=True),
    Column("checked", "Checked on", "count", "customers", is_aside=True),
)  # fmt: skip
