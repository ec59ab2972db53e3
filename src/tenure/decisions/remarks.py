"""What is worth saying about a campaign that reads without a mistake: an offer too large, no money, nobody worth it.

Remarks are no refusals: the campaign works as its file says, which may be just what is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tenure.decisions import phrases
from tenure.decisions.eligibility import CODE
from tenure.decisions.options import assess
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.learned import NOTHING, Learned
from tenure.domain.moments import AsOf
from tenure.domain.segment import properties_of

if TYPE_CHECKING:
    import pyarrow as pa

_MONEY = ("amount", "gift")


def remarks(campaign: Campaign, business: Business, usual_order: float | None) -> list[str]:
    """What the file alone tells, the later steps included, as clauses.

    Args:
        usual_order: what an order of this business is worth on the average, in units; None without orders.
    """
    return [*_money(campaign, business), *_offers(campaign, usual_order), *_steps(campaign, business)]


def unprofitable(
    rows: pa.Table, campaign: Campaign, business: Business, as_of: AsOf, learned: Learned = NOTHING
) -> str | None:  # fmt: skip
    """That a campaign is worth more than it costs to nobody, a clause; None where it is to somebody, or cannot be told.

    Args:
        rows: customers with the columns of `warehouse/candidates.py`, whatever the campaign's rules say of them. Those
            in its audience count, with an occasion or without one; where the goal's value depends on the occasion only
            those with one.
    """
    if campaign.purpose == "service" or not rows.num_rows:
        return None
    judged = assess(rows, campaign, business, as_of, learned)
    barred = [CODE["stage"], CODE["audience"]]
    if campaign.goal.value is not None and properties_of(campaign.goal.value):
        barred.append(CODE["occasion"])
    theirs = ~np.isin(judged.verdict, barred)
    count = int(theirs.sum())
    if not count or (judged.worth.worth[theirs] > 0.0).any():
        return None
    whose = f"any of the {count:,} customers of its audience that were looked at" if count > 1 else "the one customer"
    return f"it would cost more than it brings for {whose}"


def _money(campaign: Campaign, business: Business) -> list[str]:
    said = []
    if business.contact.budget == 0:
        said.append("the budget of all campaigns is 0 (`contact.budget` in tenure.yaml)")
    closed = [name for name in campaign.channels if (channel := business.channel(name)) and channel.per_day == 0]
    return said + [f"the channel `{name}` carries 0 messages a day (`per_day` in tenure.yaml)" for name in closed]


def _offers(campaign: Campaign, usual_order: float | None) -> list[str]:
    said = []
    for part in (campaign, *campaign.steps):
        offer, whose = part.offer, f" of the step `{part.step}`" if part.step else ""
        if offer is not None and offer.kind in _MONEY and usual_order and offer.value > usual_order:
            said.append(f"the offer{whose} of {offer.value:,.2f} is more than the average order of {usual_order:,.2f}")
    return said


def _steps(campaign: Campaign, business: Business) -> list[str]:
    said = []
    for step in campaign.steps:
        if not any(business.channel(name) for name in step.channels):
            listed = phrases.listed([f"`{name}`" for name in step.channels], "or")
            said.append(f"the step `{step.step}` reaches nobody: the business has set up no channel {listed}")
        begins = _begins(step, campaign)
        if begins > campaign.goal.within_days:
            said.append(f"the step `{step.step}` speaks {phrases.days(begins)} after the first message, when the "
                        f"{phrases.days(campaign.goal.within_days)} of the goal are over")  # fmt: skip
    return said


def _begins(step: Campaign, campaign: Campaign) -> float:
    """Days from the first message to a step at the earliest."""
    by_name = {each.name: each for each in campaign.steps}
    days, each = 0.0, by_name.get(step.name)
    while each is not None:
        days += each.occasion.wait_days
        each = by_name.get(each.occasion.after or "")
    return days
