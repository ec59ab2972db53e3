"""What was decided for one customer in one run: the chosen contact, its best losers, and the words for each no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# The rules in the order in which they are asked; the first that says no is the reason. The sentence is completed by
# `decisions/explain.py` with the customer's own figures.
RULES: dict[str, str] = {
    "stage": "the campaign is for another stage",
    "audience": "the customer is not in the audience",
    "occasion": "there is no occasion to speak now",
    "offer": "the offer is not for this customer",
    "repeated": "this occasion was already used",
    "goal_reached": "the goal is already reached",
    "holdout": "the customer is in the global holdout",
    "control": "the customer is in this campaign's control group",
    "consent": "there is no consent, or no address, on any of the campaign's channels",
    "complaint": "the customer complained lately",
    "quiet_after": "the campaign is silent after something that happened lately",
    "cap": "the customer has heard from us enough lately",
    "worth": "the contact would cost more than it brings",
    "choice": "another contact is worth more",
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


# The columns of the `decisions` table, in order: the chosen contact has rank 1, its losers follow by worth.
DECISION_COLUMNS: tuple[tuple[str, str], ...] = (
    ("run_id", "VARCHAR"), ("as_of", "TIMESTAMP"), ("customer_key", "BIGINT"), ("customer_id", "VARCHAR"),
    ("rank", "BIGINT"), ("outcome", "VARCHAR"), ("rule", "VARCHAR"), ("campaign", "VARCHAR"),
    ("campaign_version", "VARCHAR"), ("channel", "VARCHAR"), ("purpose", "VARCHAR"), ("occasion_key", "VARCHAR"),
    ("occasion_at", "TIMESTAMP"), ("offer_kind", "VARCHAR"), ("offer_value", "DOUBLE"), ("stage", "VARCHAR"),
    ("p0", "DOUBLE"), ("lift", "DOUBLE"), ("goal_value", "DOUBLE"), ("contact_cost", "DOUBLE"), ("wear", "DOUBLE"),
    ("worth", "DOUBLE"), ("propensity", "DOUBLE"),
)  # fmt: skip
