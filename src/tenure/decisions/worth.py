"""What a contact is worth in money, compared with leaving the same customer alone.

    worth = gain − discount − contact cost − wear
    gain     = τ · margin · value of the goal
    discount = p1 · price of the offer · P(redeem | buys)
    wear     = P(unsubscribe) · what later contacts would bring + fatigue of the next contacts

p0 is the chance of the goal if the customer is left alone, τ the lift, p1 = p0 + τ ≤ 1. The discount is paid on p1, not
on τ, because those who would have come anyway take it too: there most retention money is lost. Silence is worth 0.
Money is in units of the currency as doubles: these are expectations, not bookings.

τ begins as the campaign file's belief and moves with results, by stage and path (`domain/learned.py`). The file names
its channels best first; each later one is believed to move people by a fixed share of the one before it, for a channel
that costs less would otherwise always win over the one that its author trusts more.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.eligibility import numbers
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign, Offer
from tenure.domain.learned import NOTHING, Learned
from tenure.domain.money import minor_per_unit

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
# Everyone who buys with an offer in hand is taken to redeem it: the dearest belief, until redemptions are measured.
REDEMPTION = 1.0
NEXT_CHANNEL = 0.8  # what a later channel of the file moves, for 1 of the channel before it
_LONGEST = 700.0  # exp() of more overflows a double; the chance is zero long before


@dataclass(frozen=True, slots=True)
class Worth:
    """The parts of each candidate's worth, one entry per row; money in units."""

    p0: Numbers
    lift: Numbers
    margin: Numbers
    goal_value: Numbers
    gain: Numbers
    discount: Numbers
    contact_cost: Numbers
    wear: Numbers

    @property
    def worth(self) -> Numbers:
        """What is left of the gain."""
        return self.gain - self.discount - self.contact_cost - self.wear

    @property
    def cost(self) -> Numbers:
        """The money that it takes out of a budget: the contact, and the offer as far as it will be redeemed."""
        return self.contact_cost + self.discount

    def take(self, index: NDArray[np.int64]) -> Worth:
        """The parts of some of the rows."""
        return Worth(*(getattr(self, part.name)[index] for part in fields(self)))


class Appraisal:
    """Values each candidate of one campaign (columns of `warehouse/candidates.py`), way by way.

    What does not depend on the way is worked out once. The margin is the customer's own share of revenue that is left
    after the goods and after what serving them costs, between −1 and 1, or the business's where there is no revenue:
    who costs more than they bring is worth no effort to bring them more often.
    """

    def __init__(self, rows: pa.Table, campaign: Campaign, business: Business, learned: Learned = NOTHING) -> None:
        self.campaign, self.business, self.learned = campaign, business, learned
        self.rows = rows
        self.p0 = chance_alone(rows, campaign, learned)
        self.goal_value = numbers(rows, "goal_value", 0.0)
        self.margin = _margin(rows, business)
        self.lift, self.doubt = _lifts(rows, campaign, learned)
        self._promised = _promised(campaign.offer, self.goal_value, rows)
        self._pace = np.maximum(numbers(rows, "pressure_30d", 0.0), 1.0)

    def by(self, place: int, offered: NDArray[np.bool_]) -> Worth:
        """The worth of speaking on the campaign's channel of that place, with the offer to those `offered` it."""
        campaign, business = self.campaign, self.business
        channel = campaign.channels[place] if campaign.channels else ""
        lift = np.clip((self.lift + self._of_the_offer(offered)) * NEXT_CHANNEL**place, -self.p0, 1.0 - self.p0)
        gain = lift * self.margin * self.goal_value
        redeemed = self.learned.redeemed.get(campaign.folder, REDEMPTION)
        discount = (self.p0 + lift) * self._promised * offered * redeemed
        wear = np.zeros(len(gain)) if campaign.purpose == "service" else self._wear(np.maximum(gain, 0.0), channel)
        cost = np.full(len(gain), _price(business, channel))
        return Worth(self.p0, lift, self.margin, self.goal_value, gain, discount, cost, wear)

    def _of_the_offer(self, offered: NDArray[np.bool_]) -> Numbers:
        """What the offer adds to the lift, or its absence takes away.

        A stated lift is that of the plain message. A measured one is that of all messages of the campaign, of which a
        share promised the offer, so that much of the offer's lift is in it already.
        """
        offer = self.campaign.offer
        added = offer.lift if offer else 0.0
        is_measured = self.learned.lift(self.campaign.name, None, None) is not None
        share = self.learned.promised.get(self.campaign.folder, 0.0) if is_measured else 0.0
        return np.where(offered, added, 0.0) - share * added

    def _wear(self, gain: Numbers, channel: str) -> Numbers:
        """What this contact takes from those that follow.

        The customer is taken to hear from us in the next 30 days as often as in the last 30, at least once, and each of
        those contacts to bring as much as this one. An unsubscription loses a year of them, fatigue a share of each in
        the next 30 days.
        """
        contact = self.business.contact
        risk = self.learned.unsubscribed.get(channel, contact.unsubscribe_risk)
        wear: Numbers = gain * self._pace * (risk * 365.0 / 30.0 + contact.fatigue)
        return wear


def chance_alone(rows: pa.Table, campaign: Campaign, learned: Learned = NOTHING) -> Numbers:
    """p0: the chance that the customer reaches the goal within its days if left alone.

    With a fitted model it follows from `churn_90d`, the chance of no order in 90 days: a constant rate gives
    1 − churn^(days/90). Without one the customer's own rhythm speaks: orders as a Poisson process at one per expected
    gap, as long as the customer is still one,

        p0 = P(alive) · (1 − exp(−days / gap)),      P(alive) = 1 / (1 + exp(overdue) / (orders' days + 1)).

    P(alive) is that of the BG/NBD model for one customer of known rate λ and drop-out chance p after each order,
    1 / (1 + p/(1−p) · exp(λ·t)) (Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way", eq. for
    P(active | λ, p)), with λ·t = overdue, the silence in expected gaps, and p = 1/(n + 2) by Laplace's rule of
    succession after n repeat order days survived. It fades as the silence grows, later for those who came often.

    A goal that is no order has no rhythm: p0 is the share of the campaign's control group that reached it. Before there
    is one it is 0, which flatters no offer: its price is then charged on τ alone.
    """
    if campaign.goal.event != "Order Completed":
        return np.full(rows.num_rows, learned.alone.get(campaign.folder, 0.0))
    days = campaign.goal.within_days
    gap, overdue = numbers(rows, "gap_expected_days"), numbers(rows, "overdue")
    repeats = numbers(rows, "frequency", 0.0)
    with np.errstate(all="ignore"):
        alive = 1.0 / (1.0 + np.exp(np.minimum(overdue, _LONGEST)) / (repeats + 1.0))
        own = alive * -np.expm1(-days / gap)
        fitted = 1.0 - np.clip(numbers(rows, "churn_90d"), 0.0, 1.0) ** (days / 90.0)
    known = np.isfinite(own) & (gap > 0)
    unknown = learned.alone.get(campaign.folder, 0.0)
    chance: Numbers = np.where(np.isfinite(fitted), fitted, np.where(known, own, unknown))
    return np.clip(chance, 0.0, 1.0)


def _lifts(rows: pa.Table, campaign: Campaign, learned: Learned) -> tuple[Numbers, Numbers]:
    """τ of each row and how unsure it is, by the customer's stage and path, else what the file believes."""
    belief = campaign.effect
    lift, doubt = np.full(rows.num_rows, belief.lift), np.full(rows.num_rows, belief.sd)
    if learned.lift(campaign.name, None, None) is None:
        return lift, doubt
    stages, paths = rows["stage"].to_pylist(), rows["path"].to_pylist()
    cells = np.unique(np.asarray([f"{stage}\x00{path}" for stage, path in zip(stages, paths, strict=True)]),
                      return_index=True, return_inverse=True)  # fmt: skip
    for number, first in enumerate(cells[1].tolist()):
        found = learned.lift(campaign.name, stages[first], paths[first])
        if found is not None:
            mine = cells[2] == number
            lift[mine], doubt[mine] = found.mean, found.sd
    return lift, doubt


def _margin(rows: pa.Table, business: Business) -> Numbers:
    revenue, margin = numbers(rows, "revenue", 0.0), numbers(rows, "margin")
    with np.errstate(all="ignore"):
        own = np.clip((margin - numbers(rows, "cost_to_serve", 0.0)) / revenue, -1.0, 1.0)
    share: Numbers = np.where((revenue > 0) & np.isfinite(own), own, float(business.margin))
    return share


def _promised(offer: Offer | None, goal_value: Numbers, rows: pa.Table) -> Numbers:
    """What the offer costs when it is redeemed; an amount is never more than what is bought."""
    if offer is None:
        return np.zeros(len(goal_value))
    if offer.kind == "percent":
        return goal_value * offer.value / 100.0
    if offer.kind == "amount":
        return np.minimum(offer.value, np.maximum(goal_value, 0.0))
    if offer.kind == "free_shipping":
        return numbers(rows, "shipping", 0.0)
    return np.full(len(goal_value), float(offer.value))


def _price(business: Business, channel: str) -> float:
    settings = business.channel(channel)
    return settings.cost_milli_minor / (1000.0 * minor_per_unit(business.currency)) if settings else 0.0
