"""Orders of three real shops, one row per order, read where the records lie."""

from functools import cache

import duckdb
import pyarrow as pa
from tests.models.records import cdnow, found, grocer


def _asked(sql: str) -> pa.Table:
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.sql(sql).to_arrow_table()


@cache
def grocer_orders() -> pa.Table:
    """Baskets of The Complete Journey in which anything was paid for, in their order."""
    return _asked(
        f"""SELECT household_id AS customer_id, min(transaction_timestamp) AS ordered_at, sum(sales_value) AS total,
          sum(retail_disc + coupon_disc + coupon_match_disc) AS discount, sum(coupon_disc) > 0 AS coupon,
          sum(quantity) AS items, count(DISTINCT product_id) AS products
        FROM '{grocer("transactions")}' WHERE sales_value > 0
        GROUP BY household_id, basket_id ORDER BY customer_id, ordered_at, basket_id"""
    )


@cache
def retail_orders() -> pa.Table:
    """Invoices of Online Retail II, the overlap of its two sheets once, without returns.

    Customers whose first invoice is older than March 2010 are left out: the records begin in December 2009, and what
    looks like a first order then is mostly an old customer's next one.
    """
    return _asked(
        f"""WITH invoices AS (
          SELECT "Customer ID"::BIGINT AS customer_id, min(InvoiceDate)::TIMESTAMP AS ordered_at,
            sum(Quantity * Price) AS total, sum(Quantity) AS items, count(DISTINCT StockCode) AS products
          FROM '{found("online_retail_ii/online_retail_ii.parquet")}'
          WHERE "Customer ID" IS NOT NULL AND Quantity > 0 AND Price > 0
            AND NOT (sheet = '2009-2010' AND InvoiceDate >= '2010-12-01')
          GROUP BY "Customer ID", Invoice)
        SELECT * FROM invoices WHERE customer_id NOT IN (
          SELECT customer_id FROM invoices WHERE ordered_at < '2010-03-01') ORDER BY customer_id, ordered_at"""
    )


@cache
def cdnow_orders() -> pa.Table:
    """All 69,659 orders of CDNOW."""
    log = cdnow("cdnow_master")
    return pa.table({"customer_id": log["customer_id"], "ordered_at": log["date"], "total": log["amount"],
                     "items": log["n_cds"]})  # fmt: skip
