"""What can give an occasion, and the properties that each of them has for `where`, `key` and the message.

Facts become events although no event row exists: an order is `Order Completed`, a ticket `Ticket Opened`. Events that a
business records under the same name count as well, and may carry other properties besides. Money in properties is in
units of the workspace currency, moments are ISO 8601 in UTC, days are YYYY-MM-DD on the business's calendar.
"""

from __future__ import annotations

IMPLIED_EVENTS: dict[str, tuple[str, ...]] = {
    "Order Completed": ("order_id", "total"),
    "Order Refunded": ("order_id", "amount", "refund_id"),
    "Ticket Opened": ("ticket_id", "kind", "severity"),
    "Ticket Closed": ("ticket_id", "kind", "severity"),
    "Feedback Given": ("feedback_id", "kind", "score", "reason"),
    "Trial Started": ("subscription_id", "plan", "price"),
    "Subscription Started": ("subscription_id", "plan", "price"),
    "Subscription Cancelled": ("subscription_id", "plan", "reason"),
    "Subscription Renewed": ("subscription_id", "payment_id", "amount"),
    "Payment Succeeded": ("payment_id", "subscription_id", "amount", "automatic"),
    "Payment Failed": ("payment_id", "subscription_id", "amount", "failure"),
}

CALENDAR = ("occasion_id", "name", "kind", "starts_on", "ends_on", "country", "category")
RELEASE = ("product_id", "name", "category", "brand", "price", "released_at", "replaces")
SCHEDULE = ("period", "starts_on")
YEARLY = ("year", "years")

CALENDAR_KINDS = ("sale", "holiday", "season", "launch")
RELEASES = ("any", "category", "brand", "better")
PERIODS = ("day", "week", "month")
BIRTHDAY = "birthday"
