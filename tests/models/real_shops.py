"""Real purchase logs as warehouses, and the past as of a day, for models that learn from profiles."""

from collections.abc import Callable

from tests.models.records import found, grocer

from tenure.domain.business import Business
from tenure.domain.moments import AsOf, parse_as_of
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.past import DuckPast

# Each gives customer_key, order_id, total and discount in minor units, and the moment of ordering.
_CDNOW = """
    SELECT customer_id AS customer_key, row_number() OVER (ORDER BY customer_id, date) AS order_id,
      CAST(ROUND(amount * 100) AS BIGINT) AS total, 0 AS discount, CAST(date AS TIMESTAMP) + INTERVAL 12 HOUR AS ordered
    FROM read_parquet('{file}')"""
# Its two sheets share nine days; credit notes and unknown customers are left out.
_RETAIL = """
    SELECT CAST("Customer ID" AS BIGINT) AS customer_key, Invoice AS order_id,
      CAST(ROUND(SUM(Price * Quantity) * 100) AS BIGINT) AS total, 0 AS discount, MIN(InvoiceDate) AS ordered
    FROM read_parquet('{file}')
    WHERE "Customer ID" > 0 AND NOT isnan("Customer ID") AND Invoice NOT LIKE 'C%' AND Quantity > 0 AND Price > 0
      AND NOT (sheet = '2009-2010' AND InvoiceDate >= TIMESTAMP '2010-12-01')
    GROUP BY 1, 2"""
_GROCER = """
    SELECT household_id AS customer_key, basket_id AS order_id, CAST(ROUND(SUM(sales_value) * 100) AS BIGINT) AS total,
      CAST(ROUND(SUM(coupon_disc) * 100) AS BIGINT) AS discount, MIN(transaction_timestamp) AS ordered
    FROM read_parquet('{file}') GROUP BY 1, 2"""

# The log, where it lies, and the moment at which it ends.
LOGS: dict[str, tuple[str, Callable[[], object], str]] = {
    "CDNOW": (_CDNOW, lambda: found("cdnow/cdnow_master.parquet"), "1998-07-01"),
    "Online Retail II": (_RETAIL, lambda: found("online_retail_ii/online_retail_ii.parquet"), "2011-12-10"),
    "The Complete Journey": (_GROCER, lambda: grocer("transactions"), "2018-01-01"),
}


def past_of(name: str, back: int = 0, sample: int = 100_000) -> DuckPast:
    """The past of a real shop, so many days before its log ends, in memory."""
    log, file, end = LOGS[name]
    warehouse = DuckWarehouse(":memory:", threads=1)
    warehouse.run(f"""
        INSERT INTO facts.orders (customer_key, customer_id, order_id, total, discount, "at", day, month_no)
        SELECT customer_key, customer_key, order_id, total, discount, epoch_us(ordered),
          CAST(ordered AS DATE) - DATE '1970-01-01', (year(ordered) - 1970) * 12 + month(ordered) - 1
        FROM ({log.format(file=file())}) ORDER BY 1, ordered""")
    warehouse.run("""
        INSERT INTO facts.customers (customer_key, customer_id, declared)
        SELECT DISTINCT customer_key, customer_id, 0 FROM facts.orders ORDER BY 1""")
    warehouse.touch()
    now = parse_as_of(end, "UTC")
    return DuckPast(warehouse, AsOf(now.at - back * 86_400_000_000, now.day - back), Business(), sample=sample)
