"""The reason to speak now, as SQL: one row per customer who has one, from events, orders or a date in the profile.

Yields `customer_key, occasion_key, occasion_at, properties` over a published profile. Which moments count:
- an event: in [as_of − within, as_of), its latest per customer; `Order Completed` means orders that were not cancelled;
- a date of the profile: due within the next `within` days, or overdue by no more than as many;
- a key alone: whenever the key is known; its moment is the key's own if it is one.
A key that is not known gives no occasion, since nothing could tell a second contact from the first.
"""

from __future__ import annotations

import re

from tenure.domain.campaign import Campaign, Occasion
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.domain.money import minor_per_unit
from tenure.domain.profile import BY_NAME
from tenure.domain.segment import And
from tenure.warehouse.dialect import render, text_literal

ORDER_COMPLETED = "Order Completed"
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def occasion_sql(campaign: Campaign, as_of: AsOf, currency: str, source: str) -> str:
    """The relation of occasions over the profiles named `source`."""
    occasion = campaign.occasion
    if occasion.event is None:
        return _from_profile(occasion, as_of, source)
    where = "TRUE"
    if occasion.where is not None:
        tree = And(tuple(condition for _, condition in occasion.where.terms))
        where = render(tree, alias="p", properties="h.properties")
    first = as_of.at - span(occasion)
    return f"""
        SELECT customer_key, occasion_key, occasion_at, properties FROM (
            SELECT p.customer_key, {key_sql(occasion)} AS occasion_key, h."at" AS occasion_at, h.properties,
                row_number() OVER (
                    PARTITION BY p.customer_key ORDER BY h."at" DESC, {key_sql(occasion)} DESC, h.properties DESC
                ) AS place
            FROM ({happened_sql(occasion.event, as_of, currency)}) h JOIN {source} p ON p.customer_key = h.customer_key
            WHERE h."at" >= {first} AND {where} AND {key_sql(occasion)} IS NOT NULL
        ) WHERE place = 1"""


def happened_sql(event: str, as_of: AsOf, currency: str) -> str:
    """Everything of one name that is known to have happened before `as_of`: customer_key, at, properties (JSON)."""
    if event == ORDER_COMPLETED:
        return f"""
            SELECT customer_key, "at", CAST(json_object(
                'order_id', order_id, 'total', total / {float(minor_per_unit(currency))!r}) AS VARCHAR) AS properties
            FROM facts.orders WHERE "at" < {as_of.at} AND status IS DISTINCT FROM 'cancelled'"""
    # An event of somebody who signed in later belongs to the customer only from that moment on.
    return f"""
        SELECT customer_key, "at", properties FROM facts.events
        WHERE name = {text_literal(event)} AND customer_key IS NOT NULL
            AND "at" < {as_of.at} AND COALESCE(known_at, "at") < {as_of.at}"""


def key_sql(occasion: Occasion) -> str:
    """The key as text: a profile column (alias p) or, for an event, one of its properties (alias h)."""
    if occasion.key in BY_NAME:
        return f"CAST(p.{BY_NAME[occasion.key].name} AS VARCHAR)"
    name = occasion.key.removeprefix("properties.")
    if not _PROPERTY.fullmatch(name):
        raise ValueError(f"`{name}` is not the name of a property")
    return f"(CASE WHEN json_valid(h.properties) THEN json_extract_string(h.properties, '$.{name}') END)"


def span(occasion: Occasion) -> int:
    """The occasion's window in microseconds."""
    return round(occasion.within_days * MICROS_PER_DAY)


def _from_profile(occasion: Occasion, as_of: AsOf, source: str) -> str:
    if occasion.date is not None:
        moment = f"epoch_us(p.{BY_NAME[occasion.date].name})"
        due = f"{moment} >= {as_of.at - span(occasion)} AND {moment} < {as_of.at + span(occasion)}"
    else:
        is_moment = BY_NAME[occasion.key].unit == "moment"
        moment = f"epoch_us(p.{occasion.key})" if is_moment else "CAST(NULL AS BIGINT)"
        due = "TRUE"
    return f"""
        SELECT p.customer_key, {key_sql(occasion)} AS occasion_key, {moment} AS occasion_at,
            CAST(NULL AS VARCHAR) AS properties
        FROM {source} p WHERE {due} AND {key_sql(occasion)} IS NOT NULL"""
