"""Turns counted outcomes into what the next decisions believe: lifts, and the shares that price a contact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.learned import Learned
from tenure.learning.arms import SUMS, Arm, Stratum
from tenure.learning.lifts import Cell, lifts
from tenure.learning.shares import Count, alone, redeemed, unsubscribed

Row = Mapping[str, Any]


def lessons(
    campaigns: Sequence[Campaign], outcomes: Iterable[Row], redemptions: Iterable[Row], messages: Iterable[Row],
    business: Business,
) -> Learned:  # fmt: skip
    """What results have taught, from rows of the port `Outcomes`; only people whose goal's days are over count."""
    redemptions = list(redemptions)
    over = [row for row in outcomes if row["is_over"]]
    control: dict[str, Count] = defaultdict(Count)
    for row in over:
        if row["arm"] == "control":
            control[row["campaign"]] += Count(row["goals"], row["people"])
    return Learned(
        lifts(cells_of(over), {campaign.name: campaign.effect for campaign in campaigns}),
        alone(control, {campaign.name: campaign.goal.event for campaign in campaigns}),
        redeemed({row["campaign"]: Count(row["redeemed"], row["buyers"]) for row in redemptions}),
        unsubscribed({row["channel"]: Count(row["unsubscribed"], row["messages"]) for row in messages},
                     business.contact.unsubscribe_risk),
        {row["campaign"]: row["promised"] / row["told"] for row in redemptions if row["told"]},
    )  # fmt: skip


def cells_of(rows: Iterable[Row]) -> list[Cell]:
    """Rows of outcomes, gathered by campaign, stage and path."""
    gathered: dict[tuple[str, str | None, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        gathered[row["campaign"], row["stage"], row["path"]].append(row)
    return [Cell(*key, tuple(strata_of(found))) for key, found in gathered.items()]


def strata_of(rows: Iterable[Row]) -> list[Stratum]:
    """Rows of outcomes, gathered by the chance of being treated."""
    arms: dict[float, dict[str, list[Arm]]] = defaultdict(lambda: {"treated": [], "control": []})
    for row in rows:
        chance = row["propensity"] if row["arm"] == "treated" else 1.0 - row["propensity"]
        # 1 − 0.1 and 0.9 are the same chance, whatever their last bits say.
        arms[round(chance, 9)][row["arm"]].append(Arm(**{name: row[name] for name in SUMS}))
    return [
        Stratum(chance, Arm.total(pair["treated"]), Arm.total(pair["control"])) for chance, pair in sorted(arms.items())
    ]
