"""Measures what each campaign changed and what all of them together did, and keeps it with what it teaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tenure.domain.arms import EVERYTHING
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.learned import Learned
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.learning.arms import Arm, Stratum
from tenure.learning.effects import Effect, alarm, goal_effect, revenue_effect
from tenure.learning.power import people_needed
from tenure.learning.waste import wasted_discount
from tenure.operations.lessons import Row, lessons, strata_of
from tenure.ports import Lessons, Outcomes, Progress

_COUNTS = ("treated", "control", "waiting", "treated_goals", "control_goals", "people_needed", "sent", "opened",
           "unsubscribed")  # fmt: skip
_WORDS, _MOMENTS = ("campaign", "alarm"), ("as_of", "since")
COLUMNS = (
    "as_of", "campaign", "since", "treated", "control", "waiting", "treated_goals", "control_goals", "treated_rate",
    "control_rate", "effect", "effect_low", "effect_high", "once_low", "once_high", "variance_ratio", "lift",
    "believed", "learned", "people_needed", "weeks_needed", "treated_revenue", "control_revenue", "revenue_effect",
    "revenue_low", "revenue_high", "revenue_variance_ratio", "profit_effect", "profit_low", "profit_high", "discount",
    "wasted", "wasted_low", "wasted_high", "sent", "opened", "unsubscribed", "cost", "alarm",
)  # fmt: skip
_ANSWERS = {"sent": 0, "opened": 0, "unsubscribed": 0, "cost": 0.0}
_WEEK = 7 * MICROS_PER_DAY


def learn(
    campaigns: Sequence[Campaign], outcomes: Outcomes, known: Lessons, as_of: AsOf, business: Business,
    progress: Progress,
) -> pa.Table:  # fmt: skip
    """Measure the effect of each campaign that has assigned anybody before `as_of`, and learn from it.

    Only people whose goal's days are over are compared (`treated`, `control`); the others are `waiting`, for their
    outcome could still change. `treated_rate` and `control_rate` are shares of people who reached the goal; `effect`
    their difference, without what people's past explains, and weighted where the control share changed; `lift` the
    effect relative to the control; revenue is per head in units, cost is what the messages cost in all. The campaign
    `everything` is all marketing against the global holdout, with its profit per head.

    Args:
        campaigns: as their files stand; each with its later steps.
        outcomes: where counts and sums come from, and the effects go.
        known: where what was learned goes, for the decisions that follow.

    Returns:
        One row per campaign, as stored (`COLUMNS`).
    """
    # A later step has no control of its own: whoever it reaches was put into an arm by the first message.
    campaigns = [campaign for campaign in campaigns if campaign.step is None]
    progress.start("learn", len(campaigns))
    counted = outcomes.outcomes(campaigns, as_of, business).to_pylist()
    learned = lessons(
        campaigns, counted, outcomes.redemptions(campaigns, as_of).to_pylist(),
        outcomes.unsubscriptions(as_of).to_pylist(), business,
    )  # fmt: skip
    known.keep(learned, as_of)
    rows = _campaigns(campaigns, counted, learned, as_of)
    answers = {row["campaign"]: row for row in outcomes.answers(campaigns, as_of, business).to_pylist()}
    for row in rows:
        row |= {name: answers.get(row["campaign"], {}).get(name, none) for name, none in _ANSWERS.items()}
    rows = _programme(outcomes.programme(campaigns, as_of, business).to_pylist(), rows, as_of) + rows
    effects = pa.table({name: pa.array([row.get(name) for row in rows], _kind(name)) for name in COLUMNS})
    outcomes.keep_effects(effects)
    progress.finish(f"{len({row['campaign'] for row in counted})} campaigns measured")
    return effects


@dataclass(frozen=True, slots=True)
class Measured:
    """The rows of one campaign, and what follows from those whose days are over."""

    name: str
    rows: Sequence[Row]
    as_of: AsOf

    @property
    def strata(self) -> list[Stratum]:
        """People whose goal's days are over."""
        return strata_of(row for row in self.rows if row["is_over"])

    @property
    def waiting(self) -> int:
        """People whose outcome can still change."""
        return sum(row["people"] for row in self.rows if not row["is_over"])

    @property
    def since(self) -> int:
        """The first assignment, in microseconds UTC."""
        return min(int(row["since"]) for row in self.rows)

    def counts(self) -> dict[str, Any]:
        """Both arms in numbers, and the effect on the goal."""
        over = self.strata
        treated, control = Arm.total(s.treated for s in over), Arm.total(s.control for s in over)
        goals, control_rate = goal_effect(over), _share(control.goals, control.people)
        return {
            "as_of": self.as_of.at, "campaign": self.name, "since": self.since, "treated": treated.people,
            "control": control.people, "waiting": self.waiting, "treated_goals": treated.goals,
            "control_goals": control.goals, "treated_rate": _share(treated.goals, treated.people),
            "control_rate": control_rate, "lift": goals.effect / control_rate if goals and control_rate else None,
            "once_low": goals.once_low if goals else None, "once_high": goals.once_high if goals else None,
            # Who is still waiting was drawn too, so the alarm looks at everybody.
            "alarm": alarm(strata_of(self.rows)),
            **_ends(goals, "effect", "effect_low", "effect_high", "variance_ratio"),
        }  # fmt: skip

    def money(self, *, offers: bool) -> dict[str, Any]:
        """Revenue per head of both arms and, of a campaign that offers something, what it gave away for nothing."""
        over = self.strata
        treated, control = Arm.total(s.treated for s in over), Arm.total(s.control for s in over)
        waste = wasted_discount(over) if offers else None
        return {
            "treated_revenue": _share(treated.revenue, treated.people),
            "control_revenue": _share(control.revenue, control.people),
            **_ends(revenue_effect(over), "revenue_effect", "revenue_low", "revenue_high", "revenue_variance_ratio"),
            "discount": waste.given if waste else None, "wasted": waste.wasted if waste else None,
            "wasted_low": waste.low if waste else None, "wasted_high": waste.high if waste else None,
        }  # fmt: skip


def _campaigns(
    campaigns: Sequence[Campaign], counted: Sequence[Row], learned: Learned, as_of: AsOf
) -> list[dict[str, Any]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in counted:
        rows[row["campaign"]].append(row)
    found = []
    for campaign in sorted((one for one in campaigns if one.name in rows), key=lambda one: one.name):
        measured = Measured(campaign.name, rows[campaign.name], as_of)
        counts = measured.counts()
        found.append(
            counts | measured.money(offers=_offers(campaign)) | _needed(campaign, measured, counts, learned)
            | {"believed": campaign.effect.lift, "learned": _learned_lift(campaign.name, learned)}
        )  # fmt: skip
    return found


def _offers(campaign: Campaign) -> bool:
    return any(part.offer is not None for part in (campaign, *campaign.steps))


def _needed(campaign: Campaign, measured: Measured, counts: Row, learned: Learned) -> dict[str, Any]:
    """How many more people, and weeks at the pace so far, until the lift that the file states would show."""
    share = learned.alone.get(campaign.name)
    if share is None or counts["effect"] is None:
        return {}
    needed = people_needed(share, campaign.effect.lift, campaign.control, counts["variance_ratio"])
    if needed is None:
        return {}
    people = sum(row["people"] for row in measured.rows)
    weeks = max((measured.as_of.at - measured.since) / _WEEK, 1.0)
    more = max(needed - people, 0)
    return {"people_needed": more, "weeks_needed": more / people * weeks}


def _learned_lift(name: str, learned: Learned) -> float | None:
    """The mean of the campaign's learned lifts over the people it has met; its own where no stage is known."""
    stages = [lift for (campaign, stage, path), lift in learned.lifts.items()
              if campaign == name and stage is not None and path is None]  # fmt: skip
    if not stages:
        whole = learned.lift(name, None, None)
        return whole.mean if whole else None
    return sum(lift.mean * lift.people for lift in stages) / sum(lift.people for lift in stages)


def _programme(counted: Sequence[Row], campaigns: Sequence[Row], as_of: AsOf) -> list[dict[str, Any]]:
    """The row of all campaigns together; none where nobody is held out.

    The number of people hardly moves while their profit grows, so the sequence is tightest at the number there is.
    """
    if not counted:
        return []
    measured = Measured(EVERYTHING, counted, as_of)
    strata = measured.strata
    profit = revenue_effect(strata, tightest_at=max(sum(s.people for s in strata), 1))
    answers = {name: sum(row[name] for row in campaigns) for name in _ANSWERS}
    ends = _ends(profit, "profit_effect", "profit_low", "profit_high", "revenue_variance_ratio")
    return [measured.counts() | ends | answers]


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _ends(found: Effect | None, effect: str, low: str, high: str, ratio: str) -> dict[str, float | None]:
    if found is None:
        return dict.fromkeys((effect, low, high, ratio))
    return {effect: found.effect, low: found.low, high: found.high, ratio: found.variance_ratio}


def _kind(name: str) -> pa.DataType:
    if name in _MOMENTS:
        return pa.timestamp("us")
    return pa.int64() if name in _COUNTS else pa.string() if name in _WORDS else pa.float64()
