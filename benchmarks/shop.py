# ruff: noqa: E501  (the statements are tables of columns; broken lines would hide that)
"""A synthetic shop of any size, the same for the same seed everywhere: all chance is a hash of names and a seed.

`generate` writes canonical facts straight into a warehouse, sorted by customer as import leaves them; `export` writes
the same facts in the contract's form as CSV or Parquet, for measuring import. One customer has about 10 orders, 30 lines and
10 events; numbers of orders and life spans vary widely, products follow a power law, some products wear out.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

from tenure.domain.facts import TABLES, Column
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.warehouse.duckdb import DuckWarehouse

FIRST_DAY = 19_723  # 2024-01-01
DAYS = 730
AS_OF = AsOf((FIRST_DAY + DAYS) * MICROS_PER_DAY, FIRST_DAY + DAYS)
PRODUCTS = 2_000
ARRIVAL = f"'shop' AS source, {AS_OF.at} AS received_at"
_AT_ONCE = 250_000  # customers per statement, so that memory does not grow with the shop


@dataclass(frozen=True, slots=True)
class Shop:
    """How large the shop is.

    Attributes:
        customers: how many.
        orders, events: mean number per customer.
        lines: mean number per order.
        seed: another seed is another shop.
    """

    customers: int
    orders: int = 10
    lines: int = 3
    events: int = 10
    seed: int = 1


def generate(warehouse: DuckWarehouse, shop: Shop) -> None:
    """Fill an empty warehouse with the shop's facts."""
    warehouse.run("BEGIN TRANSACTION")
    warehouse.fetch(_products(shop))
    for low in range(1, shop.customers + 1, _AT_ONCE):
        high = min(low + _AT_ONCE, shop.customers + 1)
        for statement in _people(shop, low, high):
            warehouse.fetch(statement)
    warehouse.run(f"UPDATE meta SET value = {shop.customers + 1} WHERE name = 'next_customer_key'")
    warehouse.touch()
    warehouse.run("COMMIT")
    warehouse.run("CHECKPOINT")


def export(warehouse: DuckWarehouse, folder: Path, form: str = "parquet") -> list[Path]:
    """Write every fact table in the contract's form, one file each; `form` is `csv` or `parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in TABLES.values():
        chosen = ", ".join(_contract(column, table.moment) for column in table.columns)
        out = folder / f"{table.name}.{form}"
        warehouse.fetch(f"COPY (SELECT {chosen} FROM facts.{table.name} AS f) TO '{out}' (FORMAT {form})")
        written.append(out)
    return written


def _contract(column: Column, moment: str | None) -> str:
    stored = "f.at" if column.name == moment else f"f.{column.name}"
    match column.kind:
        case "moment":
            return f"make_timestamp({stored}) AS {column.name}"
        case "date":
            return f"DATE '1970-01-01' + CAST({stored} AS INTEGER) AS {column.name}"
        case "money":
            return f"CAST({stored} / 100 AS DECIMAL(18, 2)) AS {column.name}"
        case "quantity":
            return f"{stored} / 1000 AS {column.name}"
        case "flag":
            return f"{stored} = 1 AS {column.name}"
        case _:
            return f"{stored} AS {column.name}"


def _u(shop: Shop, name: str, *keys: str) -> str:
    """SQL for an even number in [0, 1) that depends on the keys, the name and the seed alone."""
    return f"(hash({', '.join(keys)}, '{name}', {shop.seed}) % 1000003) / 1000003.0"


def _when(day: str, u: str) -> str:
    """SQL for moment, day and month of a fractional number of days after the first day."""
    at = f"({FIRST_DAY} + {day}) * {MICROS_PER_DAY} + CAST({u} * 43200 AS BIGINT) * 1000000"
    months = f"date_diff('month', DATE '1970-01-01', DATE '1970-01-01' + CAST({FIRST_DAY} + {day} AS INTEGER))"
    return f'{at} AS "at", {FIRST_DAY} + {day} AS day, {months} AS month_no'


def _products(shop: Shop) -> str:
    return f"""INSERT INTO facts.products BY NAME
      SELECT 'p' || i AS product_id, 'Product ' || i AS name, 'category ' || i % 40 AS category,
        'brand ' || i % 150 AS brand, 500 + CAST({_u(shop, "price", "i")} * 9500 AS BIGINT) AS price,
        CASE WHEN i % 10 > 0 THEN 200 + CAST({_u(shop, "cost", "i")} * 3000 AS BIGINT) END AS unit_cost,
        CASE WHEN i % 20 = 0 THEN 60 + i % 90 END AS lifetime_days,
        CASE WHEN i % 50 = 0 THEN 'p' || (i + 1) END AS better_version,
        'shop' AS source, {AS_OF.at} AS received_at
      FROM range({PRODUCTS}) AS t(i)"""


def _people(shop: Shop, low: int, high: int) -> list[str]:
    """Statements that add customers `low` to `high` − 1 and everything they did, sorted by customer."""
    return [*_buying(shop, low, high), *_doing(shop, low, high), *_speaking(shop, low, high)]


def _buying(shop: Shop, low: int, high: int) -> list[str]:
    life = _life(shop, low, high)
    orders = f"""{life}, placed AS (
      SELECT customer_key, k, 'o' || customer_key || '-' || k AS order_id, {_u(shop, "total", "customer_key", "k")} AS u,
        start + CAST(floor((k + {_u(shop, "when", "customer_key", "k")}) * part * ({DAYS} - start) / n) AS BIGINT) AS d
      FROM life, range(n) AS r(k))"""
    lines = f"""{orders}, held AS (
      SELECT p.*, l AS line, CAST({PRODUCTS} * pow({_u(shop, "product", "customer_key", "k", "l")}, 2) AS BIGINT) AS i
      FROM placed AS p, range(CAST(1 + hash(customer_key, k, {shop.seed}) % {2 * shop.lines - 1} AS BIGINT)) AS r(l))"""
    return [
        f"""INSERT INTO facts.customers BY NAME
          WITH {life} SELECT customer_key, 'c' || customer_key AS customer_id, {_when("start", "0")},
            'c' || customer_key || '@example.com' AS email, CASE customer_key % 3 WHEN 0 THEN 'DE' ELSE 'NL' END AS country,
            'en' AS locale, 1 AS declared, {ARRIVAL} FROM life""",
        f"""INSERT INTO facts.orders BY NAME
          WITH {orders} SELECT customer_key, order_id, 'c' || customer_key AS customer_id, {_when("d", "u")},
            500 + CAST(u * 20000 AS BIGINT) AS total, CASE WHEN u < 0.3 THEN 200 ELSE 0 END AS discount,
            CASE WHEN u < 0.05 THEN 'SAVE' END AS coupon, CAST(u < 0.2 AS BIGINT) AS on_sale,
            CASE WHEN u < 0.98 THEN 'paid' WHEN u < 0.99 THEN 'refunded' ELSE 'cancelled' END AS status, {ARRIVAL}
          FROM placed ORDER BY customer_key, k""",
        f"""INSERT INTO facts.order_lines BY NAME
          WITH {lines} SELECT customer_key, order_id, line, 'p' || i AS product_id,
            1000 * (1 + (i + line) % 3) AS quantity, 500 + i % 97 * 50 AS unit_price, {_when("d", "u")},
            CAST(u >= 0.99 AS BIGINT) AS cancelled, {ARRIVAL} FROM held ORDER BY customer_key, k, line""",
        f"""INSERT INTO facts.refunds BY NAME
          WITH {orders} SELECT customer_key, 'r' || order_id AS refund_id, order_id, {_when("d + 5", "u")},
            400 AS amount, {ARRIVAL} FROM placed WHERE u > 0.4 AND u < 0.42 ORDER BY customer_key, k""",
    ]


def _doing(shop: Shop, low: int, high: int) -> list[str]:
    life = _life(shop, low, high)
    return [
        f"""INSERT INTO facts.events BY NAME
          WITH {life} SELECT customer_key, 'e' || customer_key || '-' || k AS event_id, 'c' || customer_key AS customer_id,
            CASE WHEN u < 0.7 THEN 'Product Viewed' WHEN u < 0.8 THEN 'Product Added' ELSE 'Page Viewed' END AS name,
            {_when("start + CAST(u2 * (" + str(DAYS) + " - start) AS BIGINT) - CAST(u2 > 0.99 AS BIGINT)", "u")},
            "at" AS known_at, CASE WHEN u < 0.8 THEN 'p' || CAST(u * {PRODUCTS} AS BIGINT) END AS product_id, {ARRIVAL}
          FROM (SELECT *, {_u(shop, "event", "customer_key", "k")} AS u, {_u(shop, "then", "customer_key", "k")} AS u2
                FROM life, range({shop.events}) AS r(k)) ORDER BY customer_key, k""",
        f"""INSERT INTO facts.contacts BY NAME
          SELECT customer_key, 'm' || customer_key || '-' || k AS message_id, 'follow_up' AS campaign, 'email' AS channel,
            'marketing' AS purpose, ({FIRST_DAY} + d) * {MICROS_PER_DAY} AS "at", {FIRST_DAY} + d AS day, 100 AS cost,
            'sent' AS state
          FROM (SELECT i AS customer_key, k, {DAYS} - 1 - CAST({_u(shop, "contact", "i", "k")} * 200 AS BIGINT) AS d
                FROM range({low}, {high}) AS t(i), range(2) AS r(k)) ORDER BY customer_key, k""",
    ]


def _speaking(shop: Shop, low: int, high: int) -> list[str]:
    some = f"SELECT i AS customer_key, {{}} AS u FROM range({low}, {high}) AS t(i)"
    return [
        f"""INSERT INTO facts.tickets BY NAME
          SELECT customer_key, 't' || customer_key AS ticket_id, 'c' || customer_key AS customer_id,
            {_when(f"CAST(u * {5 * DAYS} AS BIGINT)", "u")}, CASE WHEN u < 0.15 THEN "at" + {MICROS_PER_DAY} END AS closed_at,
            CASE WHEN u < 0.05 THEN 'complaint' ELSE 'question' END AS kind, 300 AS cost, {ARRIVAL}
          FROM ({some.format(_u(shop, "ticket", "i"))}) WHERE u < 0.19""",
        f"""INSERT INTO facts.feedback BY NAME
          SELECT customer_key, 'f' || customer_key AS feedback_id, 'c' || customer_key AS customer_id,
            {_when(f"CAST(u * {5 * DAYS} AS BIGINT)", "u")}, CASE WHEN u < 0.1 THEN 'csat' ELSE 'nps' END AS kind,
            floor(u * 50) AS score, {ARRIVAL}
          FROM ({some.format(_u(shop, "feedback", "i"))}) WHERE u < 0.19""",
        f"""INSERT INTO facts.consents BY NAME
          SELECT customer_key, 'k' || customer_key AS consent_id, 'c' || customer_key AS customer_id, 'email' AS channel,
            'marketing' AS purpose, CASE WHEN u < 0.5 THEN 'granted' ELSE 'denied' END AS state,
            {_when(f"CAST(u * {DAYS} AS BIGINT)", "u")}, {ARRIVAL}
          FROM ({some.format(_u(shop, "consent", "i"))}) WHERE u < 0.6""",
        f"""INSERT INTO facts.subscriptions BY NAME
          SELECT customer_key, 's' || customer_key AS subscription_id, 'c' || customer_key AS customer_id, 'light' AS plan,
            999 AS price, 'month' AS period, {_when(f"CAST(u * {10 * DAYS} AS BIGINT)", "u")},
            CASE WHEN u > 0.05 THEN "at" + 365 * {MICROS_PER_DAY} END AS ends_at, CAST(u > 0.08 AS BIGINT) AS auto_renew,
            {ARRIVAL}
          FROM ({some.format(_u(shop, "contract", "i"))}) WHERE u < 0.0999""",
    ]


def _life(shop: Shop, low: int, high: int) -> str:
    """SQL for when each customer begins, how many orders follow and over what part of the time."""
    return f"""life AS (
      SELECT i AS customer_key, CAST({_u(shop, "start", "i")} * {DAYS - 30} AS BIGINT) AS start,
        1 + CAST(floor(-ln(1 - {_u(shop, "many", "i")}) * {shop.orders - 0.5}) AS BIGINT) AS n,
        0.1 + 0.9 * {_u(shop, "span", "i")} AS part
      FROM range({low}, {high}) AS t(i))"""


def main() -> None:
    """Generate a shop into a warehouse file, and export it if asked."""
    parser = argparse.ArgumentParser(description="Generate a synthetic shop.")
    parser.add_argument("file", type=Path, help="the warehouse file to fill; must not exist")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--export", type=Path, help="also write the contract's form into this folder")
    parser.add_argument("--form", choices=("csv", "parquet"), default="parquet")
    asked = parser.parse_args()
    if asked.file.exists():
        parser.error(f"{asked.file} exists")
    began = time.perf_counter()
    with DuckWarehouse(asked.file, spill=asked.file.with_suffix(".spill")) as warehouse:
        generate(warehouse, Shop(asked.customers, seed=asked.seed))
        print(f"{asked.customers:,} customers in {time.perf_counter() - began:.1f} s")
        if asked.export:
            export(warehouse, asked.export, asked.form)


if __name__ == "__main__":
    main()
