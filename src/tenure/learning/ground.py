"""What contacts would have earned, and on what that statement rests: on measured campaigns, or on belief alone.

A contact earns its lift times what one success brings, less what the offer costs and the contact. Where a campaign has
been measured against people left alone, its lift and how unsure that is are known, and all contacts of the campaign
share that doubt:

    earned = Σ (lift · v − cost),      sd² = Σ over campaigns (sd(lift) · Σ v)²,      v = margin · value of the goal

Where it has not, nothing better is known than what its file believes: the range then goes from no effect at all, so
that everything it costs is lost, to the stated lift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenure.domain.learned import Lift

_Z = 1.96


@dataclass(frozen=True, slots=True)
class Exposure:
    """All contacts of one campaign.

    Attributes:
        value: sum of what one more success of each would bring, margin included, in units.
        gain: sum of what the file's belief, or the lift that the decision used, makes of it.
        cost: sum of what contacts and offers cost.
        contacts: how many.
    """

    campaign: str
    contacts: int
    value: float
    gain: float
    cost: float


@dataclass(frozen=True, slots=True)
class Earned:
    """A range, and its ground.

    Attributes:
        low, high: in units.
        measured: share of the contacts whose campaigns have been measured.
        rests_on: the ground in words, a whole sentence.
    """

    low: float
    high: float
    measured: float
    rests_on: str


def earned(exposures: Sequence[Exposure], lifts: Mapping[str, Lift]) -> Earned:
    """What all contacts of a policy would have earned beyond silence.

    Args:
        exposures: one per campaign.
        lifts: of campaigns that were measured, by name.
    """
    low = high = variance = 0.0
    known = 0
    for one in exposures:
        lift = lifts.get(one.campaign)
        if lift is None or not lift.people:
            low, high = low - one.cost, high + max(one.gain - one.cost, -one.cost)
            continue
        known += one.contacts
        middle = lift.mean * one.value - one.cost
        low, high, variance = low + middle, high + middle, variance + (lift.sd * one.value) ** 2
    spread = _Z * math.sqrt(variance)
    contacts = sum(one.contacts for one in exposures)
    return Earned(low - spread, high + spread, known / contacts if contacts else 0.0, _ground(exposures, lifts))


def _ground(exposures: Sequence[Exposure], lifts: Mapping[str, Lift]) -> str:
    contacts = sum(one.contacts for one in exposures)
    if not contacts:
        return "Nothing was said, so nothing was earned or lost."
    measured = [one for one in exposures if (lift := lifts.get(one.campaign)) and lift.people]
    people = sum(lifts[one.campaign].people for one in measured)
    share = sum(one.contacts for one in measured) / contacts
    if not measured:
        return "Rests on belief alone: none of its campaigns has been measured; the low end is no effect at all."
    said = f"Rests on {people:,} people of measured campaigns"
    if share > 0.995:
        return f"{said}."
    return f"{said} for {share:.0%} of the contacts, on belief alone for the others."
