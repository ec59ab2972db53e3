"""One policy through one day of the past, and what it comes to over all days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyarrow import compute

from tenure.decisions.options import assess
from tenure.decisions.rivals import Thirds, rival
from tenure.decisions.scarcity import Scarcity
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.learned import Learned, Lift
from tenure.domain.moments import AsOf
from tenure.domain.silence import Silent
from tenure.learning.ground import Earned, Exposure, earned
from tenure.operations.decide import decide
from tenure.operations.record import record
from tenure.ports import Candidates, Decisions


@dataclass(frozen=True, slots=True)
class Policy:
    """Who decides: the engine with a set of campaigns, or a rival among the same.

    Attributes:
        name: as the user asked for it.
        rival: of `RIVALS`, None for the engine.
    """

    name: str
    campaigns: tuple[Campaign, ...]
    rival: str | None = None


@dataclass(slots=True)
class Tally:
    """What a policy came to.

    Attributes:
        contacts: marketing contacts by campaign.
        customers: keys of those who were written to.
        held: customers left alone to learn.
        exposures: value, gain and cost by campaign, in units.
        promised: contacts with an offer.
    """

    policy: Policy
    contacts: Counter[str] = field(default_factory=Counter)
    customers: set[int] = field(default_factory=set)
    held: int = 0
    promised: int = 0
    contact_cost: float = 0.0
    discount_cost: float = 0.0
    exposures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, chosen: pa.Table) -> None:
        """Count the contacts of a day."""
        for row in chosen.to_pylist():
            name = row["campaign"].partition("/")[0]
            self.contacts[name] += 1
            self.customers.add(row["customer_key"])
            self.promised += row["offer_kind"] is not None
            self.contact_cost += row["contact_cost"]
            self.discount_cost += row["discount_cost"]
            sums = self.exposures.setdefault(name, [0.0, 0.0, 0.0])
            sums[0] += row["gain"] / row["lift"] if row["lift"] else 0.0
            sums[1] += row["gain"]
            sums[2] += row["contact_cost"] + row["discount_cost"]

    def earned(self, lifts: Mapping[str, Lift]) -> Earned:
        """What it would have earned beyond silence, and on what that rests."""
        return earned([Exposure(name, self.contacts[name], *sums) for name, sums in sorted(self.exposures.items())],
                      lifts)  # fmt: skip


def replay_day(
    policy: Policy, candidates: Candidates, decisions: Decisions, as_of: AsOf, business: Business, run_id: str,
    learned: Learned, thirds: Thirds, tally: Tally,
) -> pa.Table:  # fmt: skip
    """Let a policy decide as of a moment, by what was known then; returns its contacts, service messages included."""
    if policy.rival is None:
        decided = decide(policy.campaigns, candidates, decisions, as_of, business, run_id, Silent(), learned)
        tally.held += sum(decided.control.values())
        rows = decided.decisions
    else:
        rows = _rival(policy, candidates, decisions, as_of, business, run_id, learned, thirds)
    chosen = rows.filter(compute.equal(rows["outcome"], "chosen"))
    tally.add(chosen.filter(compute.equal(chosen["purpose"], "marketing")))
    return chosen


def _rival(
    policy: Policy, candidates: Candidates, decisions: Decisions, as_of: AsOf, business: Business, run_id: str,
    learned: Learned, thirds: Thirds,
) -> pa.Table:  # fmt: skip
    judged = [assess(candidates.draw(one, as_of, business).rows, one, business, as_of, learned)
              for one in policy.campaigns]  # fmt: skip
    chosen = rival(policy.rival or "none", judged, business, thirds)
    kept = record(run_id, as_of, judged, chosen, Scarcity(), {})
    decisions.keep(run_id, kept)
    return kept.decisions


@dataclass(frozen=True, slots=True)
class Outcome:
    """One policy's line in the comparison; money in units of the currency.

    Attributes:
        measured: contacts whose goal is an order.
        came: of these, those who ordered within the goal's days, as records tell, without this policy's message.
        given_away: what the offers promised to them would have cost.
    """

    policy: str
    contacts: int
    customers: int
    held: int
    promised: int
    contact_cost: float
    discount_cost: float
    earned: Earned
    measured: int
    came: int
    given_away: float
    campaigns: Mapping[str, int]

    @classmethod
    def of(cls, tally: Tally, lifts: Mapping[str, Lift], anyway: tuple[int, int, float]) -> Outcome:
        """The line of a policy.

        Args:
            anyway: contacts with an order as goal, how many of these came, and what their offers would have cost.
        """
        return cls(
            tally.policy.name, sum(tally.contacts.values()), len(tally.customers), tally.held, tally.promised,
            tally.contact_cost, tally.discount_cost, tally.earned(lifts), *anyway, dict(tally.contacts),
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The line for machines."""
        return {
            "policy": self.policy, "contacts": self.contacts, "customers": self.customers, "held_back": self.held,
            "offers_promised": self.promised, "contact_cost": round(self.contact_cost, 2),
            "discount_cost": round(self.discount_cost, 2), "earned_low": round(self.earned.low, 2),
            "earned_high": round(self.earned.high, 2), "measured_share": round(self.earned.measured, 4),
            "rests_on": self.earned.rests_on, "contacts_for_an_order": self.measured, "came_anyway": self.came,
            "discount_given_away": round(self.given_away, 2), "campaigns": dict(self.campaigns),
        }  # fmt: skip


def lifts_of(campaigns: Sequence[Campaign], learned: Learned) -> dict[str, Lift]:
    """The measured lift of each campaign as a whole."""
    found = {one.folder: learned.lift(one.folder, None, None) for one in campaigns}
    return {name: lift for name, lift in found.items() if lift is not None}
