"""Measures what each campaign changed, and keeps the figures as of the moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.moments import AsOf
from tenure.learning.effects import Arm, Effect, Stratum, alarm, goal_effect, revenue_effect
from tenure.ports import Outcomes, Progress

_COUNTS = ("treated", "control", "waiting", "treated_goals", "control_goals", "sent", "opened", "unsubscribed")
_WORDS = ("campaign", "alarm")
COLUMNS = (
    "as_of", "campaign", "treated", "control", "waiting", "treated_goals", "control_goals", "treated_rate",
    "control_rate", "effect", "effect_low", "effect_high", "once_low", "once_high", "lift", "treated_revenue",
    "control_revenue", "revenue_effect", "revenue_low", "revenue_high", "sent", "opened", "unsubscribed", "cost",
    "alarm",
)  # fmt: skip
NOTHING = {"sent": 0, "opened": 0, "unsubscribed": 0, "cost": 0.0}


def learn(
    campaigns: Sequence[Campaign], outcomes: Outcomes, as_of: AsOf, business: Business, progress: Progress
) -> pa.Table:
    """Measure the effect of each campaign that has assigned anybody before `as_of`.

    Only people whose goal's days are over are compared (`treated`, `control`); the others are `waiting`, for their
    outcome could still change. `treated_rate` and `control_rate` are shares of people who reached the goal; `effect`
    their difference, weighted where the control share changed; `lift` the effect relative to the control; revenue is
    per head in units, cost is what the messages cost in all.

    Returns:
        One row per campaign, as stored (`COLUMNS`).
    """
    progress.start("learn", len(campaigns))
    counted: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in outcomes.outcomes(campaigns, as_of, business).to_pylist():
        counted[row["campaign"]].append(row)
    answers = {row["campaign"]: row for row in outcomes.answers(campaigns, as_of, business).to_pylist()}
    rows = [_measured(name, found, answers.get(name, {}), as_of) for name, found in sorted(counted.items())]
    effects = pa.table({name: pa.array([row[name] for row in rows], _kind(name)) for name in COLUMNS})
    outcomes.keep_effects(effects)
    progress.finish(f"{len(rows)} campaigns measured")
    return effects


def _measured(name: str, rows: list[dict[str, Any]], answers: dict[str, Any], as_of: AsOf) -> dict[str, Any]:
    over = strata_of([row for row in rows if row["is_over"]])
    treated, control = _sum([s.treated for s in over]), _sum([s.control for s in over])
    goals, revenue = goal_effect(over), revenue_effect(over)
    control_rate = _share(control.goals, control.people)
    figures = {
        "as_of": as_of.at, "campaign": name, "treated": treated.people, "control": control.people,
        "waiting": sum(row["people"] for row in rows if not row["is_over"]),
        "treated_goals": treated.goals, "control_goals": control.goals,
        "treated_rate": _share(treated.goals, treated.people), "control_rate": control_rate,
        "lift": goals.effect / control_rate if goals and control_rate else None,
        "treated_revenue": _share(treated.revenue, treated.people),
        "control_revenue": _share(control.revenue, control.people),
        # Who is still waiting was drawn too, so the alarm looks at everybody.
        "alarm": alarm(strata_of(rows)),
    }  # fmt: skip
    figures |= _ends(goals, "effect", "effect_low", "effect_high") | _ends(revenue, "revenue_effect", "revenue_low",
                                                                          "revenue_high")  # fmt: skip
    figures |= {"once_low": goals.once_low if goals else None, "once_high": goals.once_high if goals else None}
    return figures | {key: answers.get(key, empty) for key, empty in NOTHING.items()}


def strata_of(rows: Sequence[dict[str, Any]]) -> list[Stratum]:
    """Rows of outcomes, gathered by the chance of being treated."""
    arms: dict[float, dict[str, Arm]] = defaultdict(dict)
    for row in rows:
        chance = row["propensity"] if row["arm"] == "treated" else 1.0 - row["propensity"]
        # 1 − 0.1 and 0.9 are the same chance, whatever their last bits say.
        found = arms[round(chance, 9)]
        more = Arm(row["people"], row["goals"], row["revenue"], row["revenue_squared"])
        found[row["arm"]] = _sum([found.get(row["arm"], Arm()), more])
    return [
        Stratum(chance, pair.get("treated", Arm()), pair.get("control", Arm())) for chance, pair in sorted(arms.items())
    ]


def _sum(arms: Sequence[Arm]) -> Arm:
    return Arm(
        sum(a.people for a in arms), sum(a.goals for a in arms), sum(a.revenue for a in arms),
        sum(a.revenue_squared for a in arms),
    )  # fmt: skip


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _ends(found: Effect | None, effect: str, low: str, high: str) -> dict[str, float | None]:
    if found is None:
        return dict.fromkeys((effect, low, high))
    return {effect: found.effect, low: found.low, high: found.high}


def _kind(name: str) -> pa.DataType:
    if name == "as_of":
        return pa.timestamp("us")
    return pa.int64() if name in _COUNTS else pa.string() if name in _WORDS else pa.float64()
