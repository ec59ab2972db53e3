"""What a policy's contacts were truly worth, campaign by campaign, beside what the policy believed of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tenure.simulation.people import Numbers


@dataclass(slots=True)
class Worths:
    """One campaign under one policy; money in units, expected on the morning of the contact, before wear.

    Attributes:
        contacts, worth: how many were sent, and what they were worth by the truth.
        believed: what the policy took them to be worth; 0 for a policy that believes nothing.
        held, held_worth: how many were held back to learn, and what they would have been worth.
    """

    contacts: int = 0
    worth: float = 0.0
    believed: float = 0.0
    held: int = 0
    held_worth: float = 0.0


@dataclass(slots=True)
class Tally:
    """All campaigns of one policy, by name."""

    campaigns: dict[str, Worths] = field(default_factory=dict)

    def sent(self, campaign: str, worth: Numbers, believed: Numbers | None = None) -> None:
        """Count contacts that were sent."""
        mine = self.campaigns.setdefault(campaign, Worths())
        mine.contacts += len(worth)
        mine.worth += float(worth.sum())
        mine.believed += float(believed.sum()) if believed is not None else 0.0

    def kept(self, campaign: str, worth: Numbers) -> None:
        """Count contacts that were held back to learn."""
        mine = self.campaigns.setdefault(campaign, Worths())
        mine.held += len(worth)
        mine.held_worth += float(worth.sum())

    @property
    def total(self) -> Worths:
        """All campaigns together."""
        every = list(self.campaigns.values())
        return Worths(*(sum(getattr(one, name) for one in every) for name in Worths.__slots__))

    def as_json(self) -> dict[str, dict[str, Any]]:
        """Plain data by campaign, those with most contacts first."""
        ranked = sorted(self.campaigns.items(), key=lambda item: (-item[1].contacts, item[0]))
        return {name: {part: round(getattr(one, part), 2) for part in Worths.__slots__} for name, one in ranked}
