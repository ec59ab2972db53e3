"""One row per customer as of a moment: the columns of the profile, in the order users read them.

The relation `features/profile.sql` yields these names in canonical form (money in minor units, moments in
microseconds, flags as 0 or 1); the warehouse publishes them in the form people use, given by `published`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["text", "texts", "moment", "money", "number", "share", "days", "count", "flag"]

PUBLISHED_TYPE: dict[Unit, str] = {
    "text": "VARCHAR", "texts": "VARCHAR[]", "moment": "TIMESTAMP", "money": "DOUBLE", "number": "DOUBLE",
    "share": "DOUBLE", "days": "DOUBLE", "count": "BIGINT", "flag": "BOOLEAN",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProfileColumn:
    """One column of the profile.

    Attributes:
        name: the same in SQL, Python, JSON and on pages.
        unit: what the number is; `days` may be fractional, `share` lies between 0 and 1 unless `about` says otherwise.
        group: the heading under which people find it.
        model: True when only a fitted model can fill it; it is null until one does.
        about: one phrase for the reference page and the pages' hover text.
    """

    name: str
    unit: Unit
    group: str
    model: bool = False
    about: str = ""

    @property
    def published(self) -> str:
        """SQL type of the published column."""
        return PUBLISHED_TYPE[self.unit]


def _group(group: str, *columns: tuple[str, Unit, str] | tuple[str, Unit, str, bool]) -> tuple[ProfileColumn, ...]:
    return tuple(ProfileColumn(c[0], c[1], group, bool(c[3:]), c[2]) for c in columns)


M = True  # filled by a fitted model

COLUMNS: tuple[ProfileColumn, ...] = (
    *_group(
        "who", ("customer_id", "text", "the business's own id"), ("as_of", "moment", "facts before this moment"),
        ("country", "text", "ISO 3166 alpha-2"), ("locale", "text", "language"),
        ("channels", "texts", "channels on which marketing is allowed and an address is known"),
    ),
    *_group(
        "value", ("orders", "count", "orders that were not cancelled"), ("revenue", "money", "sum of order totals"),
        ("discount", "money", "sum of discounts"), ("refunds", "money", "money given back"),
        ("margin", "money", "revenue − refunds − cost of goods"),
        ("cost_to_serve", "money", "costs, tickets and shipping of this customer"),
        ("contact_cost", "money", "what our messages cost"),
        ("profit", "money", "margin − cost to serve − contact cost"),
        ("average_order", "money", "revenue ÷ orders"),
        ("value_rank", "share", "share of buyers whose profit is at most this one's; 1 is best"),
    ),
    *_group(
        "rhythm", ("first_order_at", "moment", "first order"), ("last_order_at", "moment", "latest order"),
        ("recency_days", "days", "days since the latest order"), ("tenure_days", "days", "days since the first order"),
        ("frequency", "count", "days with an order, after the first such day"),
        ("gap_median_days", "days", "median days between order days"),
        ("gap_expected_days", "days", "days we expect between order days, from own gaps shrunk to the base's"),
        ("overdue", "number", "time since the latest order ÷ expected gap, on the seasonal clock"),
        ("next_order_at", "moment", "latest order + expected gap"),
        ("next_order_low", "moment", "early end of the window (tenth percentile of own gaps)"),
        ("next_order_high", "moment", "late end of the window (ninetieth percentile of own gaps)"),
    ),
    *_group(
        "future", ("p_alive", "share", "probability that the customer is still one", M),
        ("expected_orders_90d", "number", "orders expected in 90 days", M),
        ("expected_orders_365d", "number", "orders expected in 365 days", M),
        ("clv_365d", "money", "expected profit of the next 365 days", M),
        ("clv_365d_low", "money", "low end", M), ("clv_365d_high", "money", "high end", M),
        ("churn_90d", "share", "probability of no order in 90 days", M),
        ("churn_reasons", "texts", "why, in words", M),
    ),
    *_group(
        "price", ("discount_share", "share", "orders with any discount ÷ orders"),
        ("sale_share", "share", "orders on sale ÷ orders"),
        ("path", "text", "undecided, hit_and_run, discount or active", M),
        ("p_hit_and_run", "share", "probability", M), ("p_discount", "share", "probability", M),
        ("p_active", "share", "probability", M), ("driver", "text", "price, exclusivity or service", M),
        ("driver_strength", "share", "how strong the evidence is", M),
    ),
    *_group(
        "engagement", ("events_7d", "count", "events in 7 days"), ("events_30d", "count", "events in 30 days"),
        ("events_90d", "count", "events in 90 days"),
        ("engagement_trend", "number", "(last 30 days − the 30 before) ÷ their sum, −1 to 1"),
        ("last_event_at", "moment", "latest event"), ("cart_value", "money", "value of what is in the cart"),
        ("cart_at", "moment", "latest change to the cart"),
    ),
    *_group(
        "care", ("tickets_open", "count", "tickets not closed"), ("last_complaint_at", "moment", "latest complaint"),
        ("csat_last", "number", "latest satisfaction score"), ("nps_last", "number", "latest likelihood to recommend"),
    ),
    *_group(
        "contract", ("plan", "text", "plan of the current contract"), ("plan_price", "money", "its price per period"),
        ("trial_ends_at", "moment", "end of the trial"), ("contract_ends_at", "moment", "end of the contract"),
        ("days_to_end", "days", "days until the contract ends"), ("auto_renew", "flag", "renews by itself"),
        ("last_used_at", "moment", "latest event while under contract"),
    ),
    *_group(
        "taste", ("top_category", "text", "category with most spend"), ("top_brand", "text", "brand with most spend"),
        ("next_product", "text", "product likely to be bought next", M),
        ("better_product", "text", "the better version of a product bought"),
        ("replacement_product", "text", "product whose replacement is due first"),
        ("replacement_due_at", "moment", "when, by the customer's own gap or the product's lifetime"),
    ),
    *_group(
        "loyalty", ("points", "count", "points to spend; this group is null until there is a programme"),
        ("tier", "text", "tier"), ("member", "flag", "paid member"), ("referrals", "count", "friends who bought"),
    ),
    *_group(
        "pressure", ("contacts_7d", "count", "marketing contacts in 7 days"),
        ("contacts_30d", "count", "marketing contacts in 30 days"), ("last_contact_at", "moment", "latest contact"),
    ),
    *_group(
        "standing", ("stage", "text", "prospect, trial, new, active, loyal, at_risk, lapsed or lost"),
        ("stage_since", "moment", "start of the stage"),
        ("investment", "text", "grow, keep, serve or let_go", M),
        ("holdout", "flag", "left alone by all campaigns, to measure their effect"),
    ),
)  # fmt: skip

BY_NAME: dict[str, ProfileColumn] = {c.name: c for c in COLUMNS}
STAGES = ("prospect", "trial", "new", "active", "loyal", "at_risk", "lapsed", "lost")
