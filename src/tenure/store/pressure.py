"""How often a customer has heard from us by now, as the outbox knows it: the last word on caps before a send."""

from __future__ import annotations

from sqlalchemy import bindparam, case, func, select

from tenure.domain.business import ContactRules
from tenure.domain.message import Plan
from tenure.domain.moments import MICROS_PER_DAY
from tenure.store.connection import Store
from tenure.store.schema import consents, messages, suppressions

# A message in doubt may have arrived, so it counts.
_HEARD = ("sending", "in_doubt", "sent", "unknown")
_OPEN = ("planned", "claimed")


_WEEK = func.sum(case((messages.c.sending_at >= bindparam("week"), 1), else_=0))
_COUNTED = select(func.coalesce(_WEEK, 0), func.count()).where(
    messages.c.customer_id == bindparam("customer"),
    messages.c.purpose == "marketing",
    messages.c.state.in_(_HEARD),
    messages.c.sending_at >= bindparam("month"),
)


def is_overheard(store: Store, plan: Plan, rules: ContactRules, now: int) -> bool:
    """Whether the plan's customer has already had as many marketing messages as the rules allow."""
    windows = {"week": now - 7 * MICROS_PER_DAY, "month": now - 30 * MICROS_PER_DAY}
    with store.read() as connection:
        in_7_days, in_30_days = connection.execute(_COUNTED, {"customer": plan.customer_id, **windows}).one()
    return bool(in_7_days >= rules.per_7_days or in_30_days >= rules.per_30_days)


def concerned(store: Store, customer_ids: list[str]) -> set[str]:
    """Those of the customers whose consents the store must follow: a message is on its way, or a wish is known here."""
    known: set[str] = set()
    with store.read() as connection:
        for start in range(0, len(customer_ids), 500):
            some = customer_ids[start : start + 500]
            for table in (messages, consents, suppressions):
                asked = select(table.c.customer_id).where(table.c.customer_id.in_(some)).distinct()
                if table is messages:
                    asked = asked.where(messages.c.state.in_(_OPEN))
                known.update(connection.execute(asked).scalars())
    return known
