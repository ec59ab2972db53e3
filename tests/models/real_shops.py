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
    now = parse_as_of(LOGS[name][2], "UTC")
    as_of = AsOf(now.at - back * 86_400_000_000, now.day - back)
    return DuckPast(warehouse_of(name), as_of, Business(), sample=sample)


def warehouse_of(name: str) -> DuckWarehouse:
    """The orders of a real shop and who made them, in memory."""
    log, file, _ = LOGS[name]
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
    return warehouse


def ravenstack() -> DuckPast:
    """A synthetic software business, in memory: each contract counts as an order, usage as events, and so on."""
    files = {name: f"read_parquet('{found(f'ravenstack/ravenstack_{name}.parquet')}')" for name in (
        "accounts", "subscriptions", "feature_usage", "support_tickets")}  # fmt: skip
    warehouse = DuckWarehouse(":memory:", threads=1)
    warehouse.run(f"""
        INSERT INTO facts.customers (customer_key, customer_id, declared)
        SELECT row_number() OVER (ORDER BY account_id), account_id, 1 FROM {files["accounts"]}""")
    for table, columns, more, rows, moment in (
        ("orders", "order_id, total", "subscription_id, CAST(100 * mrr_amount AS BIGINT)", "subscriptions",
         "start_date"),
        ("subscriptions", "subscription_id, plan, price, period, ends_at, auto_renew",
         "subscription_id, plan_tier, CAST(100 * mrr_amount AS BIGINT), 'month', epoch_us(CAST(end_date AS TIMESTAMP)),"
         " CAST(auto_renew_flag AS BIGINT)", "subscriptions", "start_date"),
        ("events", "event_id, name", "usage_id || row_number() OVER (), feature_name",
         "feature_usage AS u JOIN subscriptions AS s USING (subscription_id)", "usage_date"),
        ("tickets", "ticket_id, kind", "ticket_id, 'question'", "support_tickets", "submitted_at"),
        ("feedback", "feedback_id, kind, score", "ticket_id, 'csat', satisfaction_score",
         "support_tickets", "closed_at"),
    ):  # fmt: skip
        for name, file in files.items():
            rows = rows.replace(name, file)
        at = f"CAST({moment} AS TIMESTAMP)"
        warehouse.run(f"""
            INSERT INTO facts.{table} (customer_key, customer_id, "at", day, month_no, {columns})
            SELECT customer_key, customer_id, epoch_us({at}), CAST({at} AS DATE) - DATE '1970-01-01', 0, {more}
            FROM {rows} JOIN facts.customers ON customer_id = account_id""")
    warehouse.run("UPDATE facts.events SET known_at = events.at")
    warehouse.touch()
    return DuckPast(warehouse, parse_as_of("2025-01-01", "UTC"), Business())
