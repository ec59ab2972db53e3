"""What a contact is worth in money, compared with leaving the same customer alone.

    worth = gain − discount − contact cost − wear
    gain     = τ · margin · value of the goal
    discount = p1 · price of the offer · P(redeem | buys)
    wear     = P(unsubscribe) · what later contacts would bring + fatigue of the next contacts

p0 is the chance of the goal if the customer is left alone, τ the lift, p1 = p0 + τ ≤ 1. The discount is paid on p1, not
on τ, because those who would have come anyway take it too: there most retention money is lost. Silence is worth 0.
Money is in units of the currency as doubles: these are expectations, not bookings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.eligibility import flags, numbers
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign, Offer
from tenure.domain.money import minor_per_unit

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
# Everyone who buys with an offer in hand is taken to redeem it: the dearest belief, until redemptions are measured.
REDEMPTION = 1.0
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


def value(rows: pa.Table, campaign: Campaign, business: Business) -> Worth:
    """Value each candidate (columns of `warehouse/candidates.py`).

    The margin is the customer's own share of revenue between 0 and 1, or the business's where there is no revenue.
    """
    p0 = chance_alone(rows, campaign)
    lift = np.minimum(campaign.effect.lift, 1.0 - p0)
    goal_value = numbers(rows, "goal_value", 0.0)
    margin = _margin(rows, business)
    gain = lift * margin * goal_value
    promised = _promised(campaign.offer, goal_value, rows) * flags(rows, "offer_ok")
    service = campaign.purpose == "service"
    wear = np.zeros(rows.num_rows) if service else _wear(rows, np.maximum(gain, 0.0), business)
    return Worth(p0, lift, margin, goal_value, gain, (p0 + lift) * promised * REDEMPTION, _cost(rows, business), wear)


def chance_alone(rows: pa.Table, campaign: Campaign) -> Numbers:
    """p0: the chance that the customer reaches the goal within its days if left alone.

    With a fitted model it follows from `churn_90d`, the chance of no order in 90 days: a constant rate gives
    1 − churn^(days/90). Without one the customer's own rhythm speaks: orders as a Poisson process at one per expected
    gap, as long as the customer is still one,

        p0 = P(alive) · (1 − exp(−days / gap)),      P(alive) = 1 / (1 + exp(overdue) / (orders' days + 1)).

    P(alive) is that of the BG/NBD model for one customer of known rate λ and drop-out chance p after each order,
    1 / (1 + p/(1−p) · exp(λ·t)) (Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way", eq. for
    P(active | λ, p)), with λ·t = overdue, the silence in expected gaps, and p = 1/(n + 2) by Laplace's rule of
    succession after n repeat order days survived. It fades as the silence grows, later for those who came often.

    A goal that is no order has no rhythm yet and p0 = 0, which flatters no offer: its price is then charged on τ alone.
    """
    if campaign.goal.event != "Order Completed":
        return np.zeros(rows.num_rows)
    days = campaign.goal.within_days
    gap, overdue = numbers(rows, "gap_expected_days"), numbers(rows, "overdue")
    repeats = numbers(rows, "frequency", 0.0)
    with np.errstate(all="ignore"):
        alive = 1.0 / (1.0 + np.exp(np.minimum(overdue, _LONGEST)) / (repeats + 1.0))
        own = alive * -np.expm1(-days / gap)
        fitted = 1.0 - np.clip(numbers(rows, "churn_90d"), 0.0, 1.0) ** (days / 90.0)
    known = np.isfinite(own) & (gap > 0)
    chance: Numbers = np.where(np.isfinite(fitted), fitted, np.where(known, own, 0.0))
    return np.clip(chance, 0.0, 1.0)


def _margin(rows: pa.Table, business: Business) -> Numbers:
    revenue, margin = numbers(rows, "revenue", 0.0), numbers(rows, "margin")
    with np.errstate(all="ignore"):
        own = np.clip(margin / revenue, 0.0, 1.0)
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


def _cost(rows: pa.Table, business: Business) -> Numbers:
    per_unit = 1000.0 * minor_per_unit(business.currency)
    prices = {c.name: c.cost_milli_minor / per_unit for c in business.channels}
    return np.asarray([prices.get(name, 0.0) for name in rows["channel"].to_pylist()], dtype=np.float64)


def _wear(rows: pa.Table, gain: Numbers, business: Business) -> Numbers:
    """What this contact takes from those that follow.

    The customer is taken to hear from us in the next 30 days as often as in the last 30, at least once, and each of
    those contacts to bring as much as this one. An unsubscription loses a year of them, fatigue a share of each in the
    next 30 days.
    """
    pace = np.maximum(numbers(rows, "pressure_30d", 0.0), 1.0)
    contactability = gain * pace * 365.0 / 30.0
    wear: Numbers = business.contact.unsubscribe_risk * contactability + business.contact.fatigue * gain * pace
    return wear
