"""The reason to speak now, as SQL: one row per customer who has one, from facts, the profile or a calendar.

Yields `customer_key, occasion_key, occasion_at, since_at, properties` over a published profile. Which moments count:
- an event: in [as_of − within, as_of − wait], the latest per customer; facts count as events (`implied.py`);
- a date of the profile: due within the next `before` days, or overdue by no more than `late`; or its yearly return;
- the business's calendar, a release, a period (`calendars.py`, `releases.py`), an earlier message (`sequels.py`);
- a key alone: whenever the key is known; its moment is the key's own if it is one.
What happens after `since_at` can end the campaign: the occasion's own moment, the day on which a date or calendar
opens, or the decision of the first message. A key that is not known gives no occasion, since nothing could tell a
second contact from the first.
"""

from __future__ import annotations

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign, Occasion
from tenure.domain.moments import AsOf
from tenure.domain.profile import BY_NAME
from tenure.warehouse.calendars import calendar_sql, schedule_sql, yearly_sql
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.implied import FACTS_ALONE, implied_sql
from tenure.warehouse.occasion_keys import key_sql, latest_sql, micros
from tenure.warehouse.releases import release_sql
from tenure.warehouse.sequels import sequel_sql

ORDER_COMPLETED = "Order Completed"


def occasion_sql(campaign: Campaign, as_of: AsOf, business: Business, source: str) -> str:
    """The relation of occasions over the profiles named `source`."""
    if campaign.occasion.after is not None:
        return sequel_sql(campaign, as_of, source)
    found = _found(campaign.occasion, as_of, business, source)
    return f"SELECT *, {_since(campaign.occasion, as_of)} AS since_at FROM ({found})"


def happened_sql(event: str, as_of: AsOf, currency: str) -> str:
    """Everything of one name that is known to have happened before `as_of`: customer_key, at, properties (JSON)."""
    implied = implied_sql(event, as_of.at, currency)
    if implied is not None and event in FACTS_ALONE:
        return implied
    # An event of somebody who signed in later belongs to the customer only from that moment on.
    recorded = f"""
        SELECT customer_key, "at", properties FROM facts.events
        WHERE name = {text_literal(event)} AND customer_key IS NOT NULL
            AND "at" < {as_of.at} AND COALESCE(known_at, "at") < {as_of.at}"""
    return recorded if implied is None else f"{implied} UNION ALL {recorded}"


def span(occasion: Occasion) -> int:
    """The occasion's window in microseconds."""
    return micros(occasion.within_days)


def _found(occasion: Occasion, as_of: AsOf, business: Business, source: str) -> str:
    zone = business.timezone
    if occasion.event is not None:
        return _from_events(occasion, as_of, business.currency, source)
    if occasion.every is not None:
        return yearly_sql(occasion, as_of, zone, source)
    if occasion.calendar is not None:
        return calendar_sql(occasion, as_of, zone, source)
    if occasion.release is not None:
        return release_sql(occasion, as_of, business.currency, source)
    if occasion.schedule is not None:
        return schedule_sql(occasion, as_of, zone, source)
    return _from_profile(occasion, as_of, source)


def _since(occasion: Occasion, as_of: AsOf) -> str:
    if occasion.date is not None or occasion.calendar is not None:
        return f"occasion_at - {micros(occasion.before_days)}"
    return f"CASE WHEN occasion_at < {as_of.at} THEN occasion_at END"  # a key alone may be a moment to come


def _from_events(occasion: Occasion, as_of: AsOf, currency: str, source: str) -> str:
    waited = as_of.at - micros(occasion.wait_days)
    rows = f"""SELECT * FROM ({happened_sql(occasion.event or "", as_of, currency)})
        WHERE "at" >= {as_of.at - span(occasion)} AND "at" <= {waited}"""
    theirs = "p.customer_key = h.customer_key"
    if occasion.wait_days and occasion.key in BY_NAME and BY_NAME[occasion.key].unit == "moment":
        # A cart that is still being filled is not left behind: the wait counts from the key's own moment too.
        moment = f"epoch_us(p.{BY_NAME[occasion.key].name})"
        theirs += f" AND NOT ({moment} > {waited} AND {moment} < {as_of.at})"
    return latest_sql(rows, source, occasion, 'h."at" DESC', theirs)


def _from_profile(occasion: Occasion, as_of: AsOf, source: str) -> str:
    if occasion.date is not None:
        moment = f"epoch_us(p.{BY_NAME[occasion.date].name})"
        first, last = as_of.at - micros(occasion.late_days), as_of.at + micros(occasion.before_days)
        due = f"{moment} >= {first} AND {moment} < {last}"
    else:
        is_moment = BY_NAME[occasion.key].unit == "moment"
        moment = f"epoch_us(p.{occasion.key})" if is_moment else "CAST(NULL AS BIGINT)"
        due = "TRUE"
    return f"""
        SELECT p.customer_key, {key_sql(occasion)} AS occasion_key, {moment} AS occasion_at,
            CAST(NULL AS VARCHAR) AS properties
        FROM {source} p WHERE {due} AND {key_sql(occasion)} IS NOT NULL"""
