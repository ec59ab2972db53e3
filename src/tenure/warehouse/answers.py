"""What came back from messages: opens, unsubscriptions, costs, and offers redeemed, counted and as of a moment.

A campaign's later steps count with it: whoever was put into its treated group got them too.
"""

from __future__ import annotations

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.domain.money import minor_per_unit
from tenure.warehouse.dialect import text_literal

ANSWER_DAYS = 7  # who unsubscribes because of a message does so within days; later it had other reasons


def answers_sql(campaign: Campaign, as_of: AsOf, business: Business) -> str:
    """One row: the campaign's messages sent, opened (or clicked), unsubscribed from, and their cost in units."""
    name, per_unit = text_literal(campaign.name), 1000.0 * minor_per_unit(business.currency)
    return f"""
        WITH messages AS (
            SELECT message_id, max(COALESCE(cost, 0)) AS cost FROM facts.contacts
            WHERE split_part(campaign, '/', 1) = {name} AND state = 'sent' AND "at" < {as_of.at} GROUP BY message_id
        ), answered AS (
            SELECT message_id, max(CASE WHEN kind IN ('opened', 'clicked') THEN 1 ELSE 0 END) AS opened,
                max(CASE WHEN kind = 'unsubscribed' THEN 1 ELSE 0 END) AS unsubscribed
            FROM facts.deliveries WHERE "at" < {as_of.at} GROUP BY message_id
        )
        SELECT {name} AS campaign, count(*) AS sent, COALESCE(sum(a.opened), 0) AS opened,
            COALESCE(sum(a.unsubscribed), 0) AS unsubscribed,
            CAST(COALESCE(sum(m.cost), 0) AS DOUBLE) / {per_unit!r} AS cost
        FROM messages m LEFT JOIN answered a ON a.message_id = m.message_id"""


def redemptions_sql(campaign: Campaign, as_of: AsOf) -> str:
    """One row: who was written to, who was promised the offer, who of these ordered in its days, and who redeemed it.

    An order that was reduced, or that carried a coupon, redeemed it. Only offers whose days are over count, so that
    early birds do not stand for all.
    """
    days = round(campaign.goal.within_days * MICROS_PER_DAY)
    return f"""
        WITH told AS (
            SELECT customer_key, epoch_us(as_of) AS begun_at, offer_kind FROM decisions
            WHERE split_part(campaign, '/', 1) = {text_literal(campaign.name)} AND outcome = 'chosen'
                AND epoch_us(as_of) + {days} <= {as_of.at}
        ), hand AS (
            SELECT DISTINCT customer_key, begun_at FROM told WHERE offer_kind IS NOT NULL
        ), bought AS (
            SELECT h.customer_key, h.begun_at,
                max(CASE WHEN o.coupon IS NOT NULL OR COALESCE(o.discount, l.discount, 0) > 0 THEN 1 ELSE 0 END)
                    AS redeemed
            FROM hand h JOIN facts.orders o ON o.customer_key = h.customer_key
                AND o."at" >= h.begun_at AND o."at" < h.begun_at + {days}
            LEFT JOIN order_reductions l ON l.order_id = o.order_id
            WHERE o.status IS DISTINCT FROM 'cancelled' GROUP BY ALL
        )
        SELECT {text_literal(campaign.name)} AS campaign, count(*) AS buyers, COALESCE(sum(redeemed), 0) AS redeemed,
            (SELECT count(*) FROM told) AS told, (SELECT count(*) FROM told WHERE offer_kind IS NOT NULL) AS promised
        FROM bought"""


def unsubscriptions_sql(as_of: AsOf) -> str:
    """One row per channel: marketing messages sent long enough ago, and those that made somebody unsubscribe."""
    days = ANSWER_DAYS * MICROS_PER_DAY
    return f"""
        WITH messages AS (
            SELECT message_id, min(channel) AS channel, min("at") AS "at" FROM facts.contacts
            WHERE state = 'sent' AND purpose = 'marketing' AND "at" < {as_of.at - days} GROUP BY message_id
        ), left_us AS (
            SELECT message_id, min("at") AS "at" FROM facts.deliveries
            WHERE kind = 'unsubscribed' AND "at" < {as_of.at} GROUP BY message_id
        )
        SELECT m.channel, count(*) AS messages, count(CASE WHEN u."at" < m."at" + {days} THEN 1 END) AS unsubscribed
        FROM messages m LEFT JOIN left_us u ON u.message_id = m.message_id
        WHERE m.channel IS NOT NULL GROUP BY m.channel ORDER BY m.channel"""
