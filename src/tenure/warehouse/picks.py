"""Products to show in messages: picked for each customer, and the newest releases, up to four of each.

Computed for the people of one run whose campaigns show them, all at once and never customer by customer.

- picks: the product the fitted models expect next; then what most people bought in the last 90 days in the customer's
  main category, then in the whole shop;
- news: what was released in the last 90 days, own category first, newest first.

Apart from the expected next product, nothing is shown that the customer has bought already, and of products that share
a name only one. Nothing is known of stock,
so nothing is said about it; but what nobody has bought for 90 days is not picked.
"""

from __future__ import annotations

from collections.abc import Collection

from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.warehouse.dialect import text_literal

SHOWN = 4
LOOK_BACK_DAYS = 90
# Candidates per customer and tier: enough that four remain for those who have bought most of them already.
_DEPTH = 12


def product_sql(alias: str, per_unit: int) -> str:
    """A product as messages know it, NULL where the join found none."""
    fields = ", ".join(f"{name} := {alias}.{name}" for name in ("product_id", "name", "category", "brand"))
    return (
        f"CASE WHEN {alias}.product_id IS NOT NULL THEN struct_pack({fields}, "
        f"price := {alias}.price / {float(per_unit)!r}, url := {alias}.url, image_url := {alias}.image_url) END"
    )


def lists_sql(as_of: AsOf, campaigns: Collection[str], per_unit: int) -> str:
    """The relation `customer_key, picks, news` for a run's chosen in these campaigns; takes the run's id."""
    if not campaigns:
        return "SELECT CAST(NULL AS BIGINT) AS customer_key, NULL AS picks, NULL AS news WHERE ? IS NULL"
    named = ", ".join(text_literal(name) for name in sorted(campaigns))
    since = as_of.at - LOOK_BACK_DAYS * MICROS_PER_DAY
    best = f"list({product_sql('p', per_unit)} ORDER BY o.place) FILTER (WHERE o.list = "
    return f"""
        WITH shown AS (
            SELECT DISTINCT d.customer_key, p.top_category, p.next_product
            FROM decisions d JOIN profiles p ON p.customer_key = d.customer_key AND epoch_us(p.as_of) = {as_of.at}
            WHERE d.run_id = ? AND d.outcome = 'chosen' AND d.campaign IN ({named})),
        sold AS ({_numbered(_SOLD.format(since=since, until=as_of.at))}),
        released AS ({_numbered(_RELEASED.format(since=since, until=as_of.at))}),
        offered AS (
            SELECT customer_key, next_product AS product_id, 'picks' AS list, 0 AS tier, 0 AS number
            FROM shown WHERE next_product IS NOT NULL
            UNION ALL SELECT customer_key, product_id, list, tier, number FROM (
                {_tiers("sold", "picks")} UNION ALL {_tiers("released", "news")}) t
            WHERE NOT EXISTS (SELECT 1 FROM facts.order_lines b WHERE b.customer_key = t.customer_key
                AND b.product_id = t.product_id AND b."at" < {as_of.at} AND COALESCE(b.cancelled, 0) = 0)),
        once AS (SELECT customer_key, product_id, list, min(tier * 1000 + number) AS number
            FROM offered GROUP BY customer_key, product_id, list),
        named AS (SELECT o.*, row_number() OVER (
                PARTITION BY o.customer_key, o.list, p.name ORDER BY o.number, o.product_id) AS same
            FROM once o JOIN facts.products p ON p.product_id = o.product_id),
        placed AS (SELECT *, row_number() OVER (PARTITION BY customer_key, list ORDER BY number, product_id) AS place
            FROM named WHERE same = 1)
        SELECT o.customer_key, {best}'picks') AS picks, {best}'news') AS news
        FROM placed o JOIN facts.products p ON p.product_id = o.product_id
        WHERE o.place <= {SHOWN} GROUP BY o.customer_key"""


# The worth of a product is the number by which it is put in order: its buyers, or the moment of its release.
_SOLD = """SELECT product_id, count(DISTINCT customer_key) AS worth FROM facts.order_lines
    WHERE "at" >= {since} AND "at" < {until} AND COALESCE(cancelled, 0) = 0 GROUP BY product_id"""
_RELEASED = """SELECT product_id, released_at AS worth FROM facts.products
    WHERE released_at >= {since} AND released_at < {until}"""


def _numbered(worths: str) -> str:
    order = "ORDER BY w.worth DESC, p.product_id"
    return f"""SELECT p.product_id, p.category, row_number() OVER (PARTITION BY p.category {order}) AS in_category,
        row_number() OVER ({order}) AS overall FROM ({worths}) w JOIN facts.products p ON p.product_id = w.product_id"""


def _tiers(source: str, name: str) -> str:
    return f"""
        SELECT s.customer_key, r.product_id, '{name}' AS list, 1 AS tier, r.in_category AS number
        FROM shown s JOIN {source} r ON r.category = s.top_category WHERE r.in_category <= {_DEPTH}
        UNION ALL SELECT s.customer_key, r.product_id, '{name}' AS list, 2 AS tier, r.overall AS number
        FROM shown s CROSS JOIN {source} r WHERE r.overall <= {_DEPTH}"""
