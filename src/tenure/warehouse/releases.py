"""Occasions that new products give: the latest release that may concern a customer who has never bought it.

Yields the columns of `occasions.py`. Releases are numbered from the oldest to the newest, and the highest number of
each customer is looked up again: a window over every customer beside every release would not fit into memory.
"""

from __future__ import annotations

from tenure.domain.campaign import Occasion
from tenure.domain.moments import AsOf
from tenure.domain.money import minor_per_unit
from tenure.warehouse.occasion_keys import key_sql, micros, where_sql

_THEIRS = {
    "any": "TRUE", "category": "h.category = p.top_category", "brand": "h.brand = p.top_brand",
    "better": "h.product_id = p.better_product",
}  # fmt: skip


def release_sql(occasion: Occasion, as_of: AsOf, currency: str, source: str) -> str:
    """The latest release of the last days for each customer, never a product that they have bought."""
    theirs = _THEIRS[occasion.release or "any"]
    key = key_sql(occasion)
    replaces = _replaces(as_of) if occasion.release == "better" else ""
    properties = ", ".join(
        f"'{name}', {value}" for name, value in {
            "product_id": "h.product_id", "name": "h.name", "category": "h.category", "brand": "h.brand",
            "price": f"h.price / {float(minor_per_unit(currency))!r}",
            "released_at": "strftime(make_timestamp(h.released_at), '%Y-%m-%dT%H:%M:%SZ')",
        }.items()
    )  # fmt: skip
    named = "json_merge_patch(h.properties, json_object('replaces', v.replaces))" if replaces else "h.properties"
    return f"""
        WITH released AS (SELECT *, CAST(json_object({properties}) AS VARCHAR) AS properties,
                row_number() OVER (ORDER BY released_at, product_id) AS number
            FROM facts.products h WHERE {_lately(occasion, as_of)})
        SELECT l.customer_key, l.occasion_key, h.released_at AS occasion_at, CAST({named} AS VARCHAR) AS properties
        FROM (
            SELECT p.customer_key, max(h.number) AS number, arg_max({key}, h.number) AS occasion_key
            FROM released h JOIN {source} p ON {theirs}
            WHERE {where_sql(occasion)} AND {key} IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM facts.order_lines b WHERE b.customer_key = p.customer_key
                    AND b.product_id = h.product_id AND b."at" < {as_of.at} AND COALESCE(b.cancelled, 0) = 0)
            GROUP BY p.customer_key
        ) l JOIN released h ON h.number = l.number {replaces}"""


def _lately(occasion: Occasion, as_of: AsOf) -> str:
    return f"h.released_at < {as_of.at} AND h.released_at >= {as_of.at - micros(occasion.within_days)}"


def _replaces(as_of: AsOf) -> str:
    """Of the customer's own products of which this is the better version, the one that sorts first."""
    return f"""
        LEFT JOIN (SELECT b.customer_key, o.better_version, min(o.product_id) AS replaces
            FROM facts.order_lines b JOIN facts.products o ON o.product_id = b.product_id
            WHERE b."at" < {as_of.at} AND COALESCE(b.cancelled, 0) = 0 AND o.better_version IS NOT NULL
            GROUP BY b.customer_key, o.better_version) v
        ON v.customer_key = l.customer_key AND v.better_version = h.product_id"""
