"""Occasions that new products give: the latest release that may concern a customer who has never bought it.

Yields the columns of `occasions.py`. Looked at are the newest releases alone, as many as `MOST` of a kind: whoever has
bought all of these needs no letter about the next.
"""

from __future__ import annotations

from tenure.domain.campaign import Occasion
from tenure.domain.moments import AsOf
from tenure.domain.money import minor_per_unit
from tenure.warehouse.occasion_keys import micros, shared_sql, where_sql

MOST = 12

# release: (whose it is, what it is one of)
_THEIRS = {
    "any": ("TRUE", "1"), "category": ("h.category = p.top_category", "category"),
    "brand": ("h.brand = p.top_brand", "brand"), "better": ("h.product_id = p.better_product", "product_id"),
}  # fmt: skip


def release_sql(occasion: Occasion, as_of: AsOf, currency: str, source: str) -> str:
    """The latest release of the last days for each customer, never a product that they have bought."""
    theirs, kind = _THEIRS[occasion.release or "any"]
    properties = ", ".join(
        f"'{name}', {value}" for name, value in {
            "product_id": "product_id", "name": "name", "category": "category", "brand": "brand",
            "price": f"price / {float(minor_per_unit(currency))!r}",
            "released_at": "strftime(make_timestamp(released_at), '%Y-%m-%dT%H:%M:%SZ')",
        }.items()
    )  # fmt: skip
    rows = f"""
        SELECT released_at AS "at", product_id, category, brand,
            CAST(json_object({properties}) AS VARCHAR) AS properties
        FROM facts.products WHERE released_at < {as_of.at}
            AND released_at >= {as_of.at - micros(occasion.within_days)}"""
    newest = f"""
        SELECT h.* FROM ({rows}) h WHERE {where_sql(occasion, of_row=True)}
        QUALIFY row_number() OVER (PARTITION BY {kind} ORDER BY h."at" DESC, h.product_id DESC) <= {MOST}"""
    bought = f"""
        SELECT DISTINCT b.customer_key, n.number FROM facts.order_lines b
        JOIN numbered n ON n.product_id = b.product_id WHERE {_bought(as_of)}"""
    found = shared_sql(newest, source, occasion, 'h."at" DESC, h.product_id DESC', theirs, bought)
    return _with_replaced(found, as_of) if occasion.release == "better" else found


def _with_replaced(found: str, as_of: AsOf) -> str:
    """Of the customer's own products of which this is the better version, the one that sorts first, as `replaces`."""
    return f"""
        SELECT f.customer_key, f.occasion_key, f.occasion_at,
            CAST(json_merge_patch(f.properties, json_object('replaces', v.replaces)) AS VARCHAR) AS properties
        FROM ({found}) f LEFT JOIN (
            SELECT b.customer_key, o.better_version, min(o.product_id) AS replaces
            FROM facts.order_lines b JOIN facts.products o ON o.product_id = b.product_id
            WHERE {_bought(as_of)} AND o.better_version IS NOT NULL GROUP BY b.customer_key, o.better_version
        ) v ON v.customer_key = f.customer_key
            AND v.better_version = json_extract_string(f.properties, '$.product_id')"""


def _bought(as_of: AsOf) -> str:
    return f'b."at" < {as_of.at} AND COALESCE(b.cancelled, 0) = 0'
