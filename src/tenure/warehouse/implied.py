"""Facts as events: an order is `Order Completed`, a ticket `Ticket Opened`, a second payment `Subscription Renewed`.

Each text yields `customer_key, at, properties` (JSON) of everything known before `as_of`, over the tables of facts.
What was set later on the same row (a ticket closed, a subscription cancelled) counts only if that moment lies before
`as_of`. The names and their properties are those of `domain/happenings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tenure.domain.happenings import IMPLIED_EVENTS
from tenure.domain.money import minor_per_unit

# These become orders and refunds when they arrive as events, so the events themselves would count twice.
FACTS_ALONE = ("Order Completed", "Order Refunded")

_KEPT = "status IS DISTINCT FROM 'cancelled'"
_PAID = "COALESCE(status, 'paid') = 'paid'"
_STARTED = """(SELECT *, CASE WHEN trial_ends_at > "at" THEN trial_ends_at ELSE "at" END AS paid_from
    FROM facts.subscriptions)"""
# A trial that was left before its end never became a subscription.
_WENT_ON = 'NOT COALESCE(paid_from > "at" AND cancelled_at < paid_from, FALSE)'
# Which payment of its contract each one is; of two at one moment the id decides.
_NUMBERED = f"""(SELECT *, row_number() OVER (PARTITION BY subscription_id ORDER BY "at", payment_id) AS number
    FROM facts.payments WHERE {_PAID} AND "at" < {{as_of}})"""

# event: (rows, moment, condition)
_SOURCES: dict[str, tuple[str, str, str]] = {
    "Order Completed": ("facts.orders", '"at"', _KEPT),
    "Order Refunded": ("facts.refunds", '"at"', "TRUE"),
    "Ticket Opened": ("facts.tickets", '"at"', "TRUE"),
    "Ticket Closed": ("facts.tickets", "closed_at", "TRUE"),
    "Feedback Given": ("facts.feedback", '"at"', "TRUE"),
    "Trial Started": ("facts.subscriptions", '"at"', 'trial_ends_at > "at"'),
    "Subscription Started": (_STARTED, "paid_from", _WENT_ON),
    "Subscription Cancelled": ("facts.subscriptions", "cancelled_at", "TRUE"),
    "Subscription Renewed": (_NUMBERED, '"at"', "number > 1"),
    "Payment Succeeded": ("facts.payments", '"at"', _PAID),
    "Payment Failed": ("facts.payments", '"at"', "status = 'failed'"),
}  # fmt: skip
_MONEY = ("total", "amount", "price")
_NAMED: Mapping[tuple[str, str], str] = {
    ("Subscription Cancelled", "reason"): "cancel_reason",
    ("Payment Succeeded", "automatic"): "automatic = 1",
}


def implied_sql(event: str, as_of: int, currency: str) -> str | None:
    """The facts that mean an event, or None for an event that no fact implies.

    Args:
        event: its name.
        as_of: microseconds UTC; facts at or after it do not exist.
        currency: of the workspace, in whose units money stands in properties.
    """
    if event not in _SOURCES:
        return None
    rows, moment, condition = _SOURCES[event]
    pairs = ", ".join(f"'{name}', {_value(event, name, currency)}" for name in IMPLIED_EVENTS[event])
    return f"""
        SELECT customer_key, {moment} AS "at", CAST(json_object({pairs}) AS VARCHAR) AS properties
        FROM {rows.format(as_of=as_of)} WHERE customer_key IS NOT NULL AND {moment} < {as_of} AND ({condition})"""


def _value(event: str, name: str, currency: str) -> str:
    if name in _MONEY:
        return f"{name} / {float(minor_per_unit(currency))!r}"
    return _NAMED.get((event, name), name)
