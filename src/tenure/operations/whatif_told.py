"""What a what-if says to people and to machines: the engine's words, and what to know of the records behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tenure.domain.business import Business
from tenure.domain.money import minor_per_unit
from tenure.insights import whatif_words
from tenure.insights.whatif import LEVEL, Figure, Pull, State
from tenure.insights.words import Words
from tenure.operations.whatif import Told

_COUNTS = ("months", "paying", "ratio", "payback")  # figures that are no money


def title(told: Told, words: Words) -> str:
    """What it is about, and as of when."""
    thing = "contracts" if told.of == "contracts" else "orders"
    return f"What if: customers by their {thing}, as of {words.when(told.as_of)}"


def sentences(told: Told, words: Words) -> list[str]:
    """What there is to know: the answer, then what it stands on."""
    found = told.answer.evidence
    said = whatif_words.sentences(told.answer, words)
    said.append(
        f"This stands on {words.count(told.lives)} customers and {words.count(int(found.counts.moves.sum()))} of their "
        f"months; {words.number(found.arrived / found.months)} customers begin in a month."
    )
    return [*said, *_warnings(told, words)]


def _warnings(told: Told, words: Words) -> list[str]:
    said: list[str] = []
    if not told.is_recorded:
        said.append(
            "No cost of acquisition is recorded, so it counts as nothing: give customers an acquisition_cost, book "
            "costs of the kind `acquisition`, or say it with --set cost.acquisition=NUMBER."
        )
    elif told.known < told.new:
        said.append(
            f"The acquisition cost of {words.count(told.known)} of {words.count(told.new)} new customers is recorded; "
            "the others count as the mean of their channel, or as nothing where it has none."
        )
    if told.stale:
        said.append(
            f"No contract began or was cancelled after {words.moment(told.stale)}: if the records end there, ask "
            "--as-of that day, or months in which nobody could be seen to leave are counted."
        )
    if told.returned:
        said.append(
            f"Of those who left, {words.count(told.returned)} came back; they count as gone, which makes a customer "
            "seem worth a little less than they are."
        )
    if told.unread:
        said.append(f"Contracts of a period that is not known are left out: {words.count(told.unread)}.")
    if told.homeless:
        said.append(
            f"{words.money(round(told.homeless))} of costs are booked to segments that are no plan, stage or channel, "
            "and are left out."
        )
    return said


def as_json(told: Told, business: Business) -> dict[str, Any]:
    """The same for machines; money in units of the currency."""
    answer, minor = told.answer, minor_per_unit(business.currency)
    found, chain = answer.evidence, answer.state.likely
    words = Words.of(business)
    return {
        "as_of": words.when(told.as_of),
        "currency": business.currency,
        "of": told.of,
        "customers": told.lives,
        "level": LEVEL,
        "sentences": sentences(told, words),
        "set": {c.lever.path: _plain(float(c.lever.of(chain)[0]), c.lever.kind == "money", minor)
                for c in answer.changes},
        "now": _state(answer.now, minor),
        "then": _state(answer.then, minor) if answer.then else None,
        "difference": _figures(answer.gained, minor) if answer.then else None,
        "chain": [
            {"from": state, "months": int(found.counts.months[i]), "present": int(found.counts.present[i]),
             "to": {name: float(p) for name, p in zip((*chain.states, chain.end), chain.moves[0, i], strict=True) if p},
             "revenue": float(chain.revenue[0, i]) / minor, "cost_to_serve": float(chain.serve[0, i]) / minor}
            for i, state in enumerate(chain.states)
        ],
        "cheapest": answer.cheapest.lever.path if answer.cheapest else None,
        "levers": [_lever(pull, minor) for pull in answer.pulls],
        "groups": [{"group": name, "new": int(group.counts.entry.sum()), **_state(state, minor)}
                   for name, group, state in answer.groups],
    }  # fmt: skip


def _state(state: State, minor: int) -> dict[str, Any]:
    return {
        **_figures(state.figures, minor),
        "sure": state.sure,
        "ahead": [
            {"months": horizon, "cohort": _figure(cohort, True, minor), "whole": _figure(whole, True, minor)}
            for horizon, (cohort, whole) in state.ahead.items()
        ],
    }


def _figures(figures: Mapping[str, Figure], minor: int) -> dict[str, Any]:
    return {name: _figure(figure, name not in _COUNTS, minor) for name, figure in figures.items()}


def _lever(pull: Pull, minor: int) -> dict[str, Any]:
    money = pull.lever.kind == "money"
    return {
        "lever": pull.lever.path, "kind": pull.lever.kind, "value": _figure(pull.value, money, minor),
        "break_even": _figure(pull.needed, money, minor) if pull.needed else None, "move": pull.move,
        "reachable": pull.reachable, "direction": pull.direction, "worth_each": _figure(pull.each, True, minor),
        "worth_month": _figure(pull.monthly, True, minor), "cost": pull.cost,
    }  # fmt: skip


def _figure(figure: Figure, money: bool, minor: int) -> dict[str, float | None]:
    return {name: _plain(getattr(figure, name), money, minor) for name in ("value", "low", "high")}


def _plain(value: float, money: bool, minor: int) -> float | None:
    if not math.isfinite(value):
        return None
    return value / minor if money else value
