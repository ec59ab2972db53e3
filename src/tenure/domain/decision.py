"""What was decided for one customer in one run: the chosen contact, its best losers, and the words for each no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

# The rules in the order in which they are asked; the first that says no is the reason. The sentence is completed by
# `decisions/explain.py` with the customer's own figures. `control` comes last: a control group that also held people
# whom nobody would have written to could not be compared with those who were written to.
RULES: dict[str, str] = {
    "stage": "the campaign is for another stage",
    "audience": "the customer is not in the audience",
    "occasion": "there is no occasion to speak now",
    "repeated": "this occasion was already used",
    "goal_reached": "the goal is already reached",
    "stopped": "something happened since that ends the campaign",
    "holdout": "the customer is in the global holdout",
    "consent": "there is no consent, or no address, on any of the campaign's channels",
    "complaint": "the customer complained lately",
    "quiet_after": "the campaign is silent after something that happened lately",
    "cap": "the customer has heard from us enough lately",
    "worth": "the contact would cost more than it brings",
    "capacity": "the channel carries no more today, and others gain more from it",
    "budget": "the money for contacts and offers is spent on those who gain more from it",
    "choice": "another contact is worth more",
    "explore": "something else was drawn for this customer, to learn",
    "control": "the customer is in this campaign's control group",
}
Rule = str

Arm = Literal["treated", "control", "holdout"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One campaign's outcome for one customer: chosen, or refused by a rule."""

    campaign: str
    rule: Rule | None
    worth: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A campaign's candidates out of the whole base.

    Attributes:
        rows: those whom stage, audience and occasion let through, with the figures that the other rules read.
        refused: how many customers each of the first rules refused.
    """

    rows: pa.Table
    refused: dict[Rule, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """The record of a run.

    Attributes:
        decisions: rows of `DECISION_COLUMNS`.
        refusals: customers by campaign and rule.
        limits: what was scarce, how much there was of it, and what one more would have brought.
        assignments: both arms as facts.
    """

    decisions: pa.Table
    refusals: pa.Table
    limits: pa.Table
    assignments: pa.Table


@dataclass(frozen=True, slots=True)
class Usage:
    """What earlier runs took of what is limited.

    Attributes:
        spent: expected cost of contacts and offers chosen in the last 30 days, by campaign (with its steps), in units.
        contacted: contacts chosen today by the business's calendar, by channel.
    """

    spent: Mapping[str, float] = field(default_factory=dict)
    contacted: Mapping[str, int] = field(default_factory=dict)


# The columns of the `decisions` table, in order. Rank 1 is what was chosen (outcome `chosen`), or what would have been
# if the customer were not in its control group (`control`); the best losers (`lost`) follow from rank 2 by worth.
# worth = gain − discount_cost − contact_cost − wear, in units of the currency; price is what it takes of what is
# scarce. `explored` rows were drawn to learn; where silence was drawn the outcome is `silent` and there is no campaign.
DECISION_COLUMNS: tuple[tuple[str, str], ...] = (
    ("run_id", "VARCHAR"), ("as_of", "TIMESTAMP"), ("customer_key", "BIGINT"), ("customer_id", "VARCHAR"),
    ("rank", "BIGINT"), ("outcome", "VARCHAR"), ("rule", "VARCHAR"), ("campaign", "VARCHAR"),
    ("campaign_version", "VARCHAR"), ("channel", "VARCHAR"), ("purpose", "VARCHAR"), ("occasion_key", "VARCHAR"),
    ("occasion_at", "TIMESTAMP"), ("occasion_properties", "VARCHAR"),
    ("offer_kind", "VARCHAR"), ("offer_value", "DOUBLE"), ("stage", "VARCHAR"), ("path", "VARCHAR"),
    ("p0", "DOUBLE"), ("lift", "DOUBLE"), ("goal_value", "DOUBLE"), ("gain", "DOUBLE"),
    ("discount_cost", "DOUBLE"), ("contact_cost", "DOUBLE"), ("wear", "DOUBLE"),
    ("worth", "DOUBLE"), ("price", "DOUBLE"), ("propensity", "DOUBLE"), ("explored", "BOOLEAN"),
)  # fmt: skip
