"""The occasion of a later step: the message before it was really sent, and the wait has passed.

Yields the columns of `occasions.py` and, as `since_at`, when the first message of the campaign was decided: what
happens from then on can end the steps. The key and the properties are those of the first message. Whoever was left
alone to learn has no message to follow, and one that may or may not have arrived is not followed either.
"""

from __future__ import annotations

from tenure.domain.campaign import Campaign
from tenure.domain.moments import AsOf
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.occasion_keys import micros

# Whoever clicked has opened, even where no picture told so.
_ANSWERS = {"opened": ("opened", "clicked"), "clicked": ("clicked",)}


def sequel_sql(campaign: Campaign, as_of: AsOf, source: str) -> str:
    """The latest message of each customer that this step may follow now."""
    occasion, first = campaign.occasion, text_literal(campaign.folder)
    unless = "".join(f" AND {_unanswered(kind, as_of)}" for kind in occasion.unless)
    return f"""
        SELECT s.customer_key, s.occasion_key, s."at" AS occasion_at, COALESCE(a."at", s."at") AS since_at, d.properties
        FROM (
            SELECT c.*, row_number() OVER (
                PARTITION BY c.customer_key ORDER BY c."at" DESC, c.occasion_key DESC, c.message_id) AS place
            FROM facts.contacts c JOIN {source} p ON p.customer_key = c.customer_key
            WHERE c.campaign = {text_literal(occasion.after or "")} AND c.state = 'sent'
                AND c.occasion_key IS NOT NULL AND c."at" < {as_of.at}
                AND c."at" <= {as_of.at - micros(occasion.wait_days)}
                AND c."at" >= {as_of.at - micros(occasion.within_days)}{unless}
        ) s
        LEFT JOIN (SELECT customer_key, occasion_key, min("at") AS "at" FROM facts.assignments
            WHERE campaign = {first} AND "at" < {as_of.at} GROUP BY customer_key, occasion_key) a
            ON a.customer_key = s.customer_key AND a.occasion_key = s.occasion_key
        LEFT JOIN (SELECT customer_key, occasion_key, max(occasion_properties) AS properties FROM decisions
            WHERE campaign = {first} AND outcome = 'chosen' AND epoch_us(as_of) < {as_of.at}
            GROUP BY customer_key, occasion_key) d
            ON d.customer_key = s.customer_key AND d.occasion_key = s.occasion_key
        WHERE s.place = 1"""


def other_contacts_sql(alias: str, campaign: Campaign, as_of: AsOf) -> str:
    """A join of the latest contact of any other campaign, sent or decided, as `alias."at"`.

    A step that kept silent after its own first message would never speak.
    """
    others = f"split_part(campaign, '/', 1) <> {text_literal(campaign.folder)}"
    return f"""LEFT JOIN (SELECT customer_key, max("at") AS "at" FROM (
            SELECT customer_key, "at" FROM facts.contacts WHERE "at" < {as_of.at} AND {others}
            UNION ALL SELECT customer_key, epoch_us(as_of) FROM decisions WHERE outcome = 'chosen'
                AND purpose = 'marketing' AND epoch_us(as_of) < {as_of.at} AND {others}
        ) GROUP BY customer_key) {alias} ON {alias}.customer_key = p.customer_key"""


def _unanswered(kind: str, as_of: AsOf) -> str:
    kinds = ", ".join(text_literal(word) for word in _ANSWERS[kind])
    return f"""NOT EXISTS (SELECT 1 FROM facts.deliveries v WHERE v.message_id = c.message_id
        AND v.kind IN ({kinds}) AND v."at" < {as_of.at})"""
