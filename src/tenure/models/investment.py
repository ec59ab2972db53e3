"""How much retention money each customer justifies: grow, keep, serve or let go, from future profit against cost.

In this order, for a customer with a lifetime value:

    let_go  the next year brings nothing even at the high end of its interval, or neither the next year nor the past did
    keep    an effort to keep the customer pays: lift · churn_90d · clv_365d > cost of the effort
    grow    the next year is expected to bring more than the past did per year
    serve   all others: they earn their keep, but no retention money

The effort's cost and the share of leavers it keeps are the business's own (`value.retention_cost`,
`value.retention_lift`). The first test is what acceptable churn rests on: a customer whose loss costs less than keeping
them is allowed to leave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
KINDS = ("grow", "keep", "serve", "let_go")
_DAYS = 365.0
_SHORTEST = 90.0  # a first week's profit is not a year's fifty-second part


@dataclass(frozen=True, slots=True)
class Prospects:
    """What is known of each customer's money, one entry per customer; money in units, NaN where unknown.

    Attributes:
        clv, clv_high: expected profit of the next 365 days, and the high end of its interval.
        churn: chance of leaving in 90 days.
        profit: lifetime to date; `tenure_days`: over how many days.
    """

    clv: Numbers
    clv_high: Numbers
    churn: Numbers
    profit: Numbers
    tenure_days: Numbers


def effort_gain(clv: Numbers, churn: Numbers, cost: float, lift: float) -> Numbers:
    """What one effort to keep each customer is expected to bring beyond its cost, in units; negative where it loses.

    Args:
        cost: of one effort, offer and contact together; lift: the share of leavers whom it keeps.
    """
    return np.asarray(lift * churn * clv - cost)


def assign(prospects: Prospects, cost: float, lift: float) -> NDArray[np.object_]:
    """The investment of each customer, None where there is no lifetime value."""
    clv, past_year = prospects.clv, _DAYS * prospects.profit / np.maximum(prospects.tenure_days, _SHORTEST)
    chosen = np.full(len(clv), "serve", dtype=object)
    with np.errstate(invalid="ignore"):
        chosen[clv > past_year] = "grow"
        chosen[effort_gain(clv, prospects.churn, cost, lift) > 0] = "keep"
        chosen[(prospects.clv_high <= 0) | ((clv <= 0) & (prospects.profit <= 0))] = "let_go"
    chosen[np.isnan(clv)] = None
    return chosen
