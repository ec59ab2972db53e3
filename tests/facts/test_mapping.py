"""Expressions over a source's own columns: computed, grouped, and never losing a cell in silence."""

from __future__ import annotations

import pytest

from tenure.domain.errors import TenureError

LINES = (
    "Name,Email,Created at,Lineitem sku,Lineitem quantity,Lineitem price,Total,Notes\n"
    "#1,ann@x,9/1/2024 10:00,A,2,5.00,20.00,first\n"
    "#1,,,B,1,10.00,,\n"
    "#2,bob@x,10/1/2024 9:00,A,1,5.00,5.00,\n"
    "#2,,25/1/2024 9:00,A,1,5.00,5.00,\n"
)


def test_an_expression_computes_over_cells_that_are_text(desk):
    head = "InvoiceNo,CustomerID,InvoiceDate,Quantity,Price\n"
    loaded = desk.load(
        "orders",
        head + "1,a,2024-01-01,3,2.5\n2,b,2024-01-01,x,2.5\n3,c,2024-01-01,,2.5\n",
        columns={
            "order_id": "InvoiceNo",
            "customer_id": "customerid",
            "ordered_at": "InvoiceDate",
            "total": "Quantity*Price",
        },
    )
    assert (loaded.accepted, loaded.quarantined) == (1, 2)
    assert desk.rows("orders", "total") == [(750,)]
    assert desk.reasons() == [(2, "total", "`x` is not a number"), (3, "total", "is missing")]


def test_lines_of_an_export_become_orders_and_their_lines(desk):
    orders = {
        "order_id": "Name",
        "customer_id": "first(Email)",
        "ordered_at": 'min("Created at")',
        "total": "max(Total)",
        "coupon": "first(Notes)",
    }
    loaded = desk.load("orders", LINES, columns=orders)
    assert loaded.accepted == 2
    assert desk.rows("orders", "order_id, customer_id, day, total, coupon", "order_id") == [
        ("#1", "ann@x", 19731, 2000, "first"),
        ("#2", "bob@x", 19732, 500, None),
    ]
    lines = {
        "order_id": "Name",
        "line": 'row_number() OVER (PARTITION BY Name ORDER BY "Lineitem sku", "Lineitem price")',
        "product_id": '"Lineitem sku"',
        "quantity": '"Lineitem quantity"',
        "unit_price": '"Lineitem price"',
    }
    assert desk.load("order_lines", LINES, columns=lines).accepted == 4
    assert desk.rows("order_lines", "order_id, line, product_id, quantity", "order_id, line") == [
        ("#1", 1, "A", 2000),
        ("#1", 2, "B", 1000),
        ("#2", 1, "A", 1000),
        ("#2", 2, "A", 1000),
    ]


def test_the_earliest_of_texts_is_the_earliest_of_moments(desk):
    rows = "o,c,d,t\n1,a,09.02.2024,1\n1,a,10.01.2024,2\n1,a,9.12.2023,4\n"
    desk.load("orders", rows, columns={"order_id": "o", "customer_id": "c", "ordered_at": "min(d)", "total": "sum(t)"})
    assert desk.rows("orders", "day, total") == [(19700, 700)]


def test_the_largest_of_texts_is_the_largest_of_numbers(desk):
    rows = "o,c,d,t\n1,a,2024-01-01,9\n1,a,2024-01-01,10\n"
    desk.load("orders", rows, columns={"order_id": "o", "customer_id": "c", "ordered_at": "d", "total": "max(t)"})
    assert desk.rows("orders", "total") == [(1000,)]


def test_one_bad_cell_in_a_group_puts_the_whole_order_aside(desk):
    rows = "o,c,d,t\n1,a,2024-01-01,9\n1,a,2024-01-01,oops\n2,a,2024-01-01,5\n"
    loaded = desk.load(
        "orders", rows, columns={"order_id": "o", "customer_id": "c", "ordered_at": "d", "total": "sum(t)"}
    )
    assert (loaded.accepted, loaded.quarantined) == (1, 1)
    assert desk.reasons() == [(1, "total", "`oops` is not a number")]


def test_in_a_grouped_mapping_no_amount_is_guessed(desk):
    with pytest.raises(TenureError, match=r"Rows are grouped, so `total` must say"):
        desk.load(
            "orders",
            "o,c,d,total\n1,a,2024-01-01,9\n",
            columns={"order_id": "o", "customer_id": "c", "ordered_at": "min(d)"},
        )


def test_rows_that_fail_the_condition_are_no_bad_rows_but_unreadable_ones_are(desk):
    rows = (
        "order_id,customer_id,ordered_at,total,Quantity\n1,a,2024-01-01,1,5\n2,a,2024-01-01,1,-5\n3,a,2024-01-01,1,x\n"
    )
    loaded = desk.load("orders", rows, where="Quantity > 0")
    assert (loaded.accepted, loaded.quarantined) == (1, 1)
    assert desk.reasons() == [(3, "order_id", "`x` is not a number")]


def test_a_cast_that_fails_on_a_row_costs_that_row_only(desk):
    rows = "order_id,customer_id,d,total\n1,a,05|01|2024,1\n2,a,whenever,1\n"
    loaded = desk.load(
        "orders", rows, columns={"ordered_at": "strptime(d, '%d|%m|%Y')", "coupon": "CAST(total AS INTEGER)"}
    )
    assert (loaded.accepted, loaded.quarantined) == (1, 1)
    assert desk.reasons() == [(2, "ordered_at", "`whenever` does not have the form that strptime expects")]


def test_an_expression_that_fails_on_a_row_costs_that_row_only(desk):
    rows = "order_id,customer_id,ordered_at,n\n1,a,2024-01-01,2\n2,a,2024-01-01,-1\n"
    loaded = desk.load("orders", rows, columns={"total": "sqrt(n)"})
    assert (loaded.accepted, loaded.quarantined) == (1, 1)
    # DuckDB 1.5 refuses the root, and nothing is left; 2.0 gives what is no number.
    assert [(row, column) for row, column, _ in desk.reasons()] == [(2, "total")]


def test_a_column_named_like_a_function_is_a_column(desk):
    rows = "order_id,user,ordered_at,total,current_date\n1,ann,2024-01-01,1,2020-01-01\n"
    desk.load("orders", rows, columns={"customer_id": "user", "coupon": '"current_date"'})
    assert desk.rows("orders", "customer_id, coupon") == [("ann", "2020-01-01")]


def test_whole_numbers_stay_whole_where_lists_and_remainders_need_them(desk):
    rows = "order_id,customer_id,ordered_at,total,n\n1,a,2024-01-01,1,5\n"
    desk.load("orders", rows, columns={"coupon": "['x', 'y', 'z'][1 + n % 3]", "total": "n // 2"})
    assert desk.rows("orders", "coupon, total") == [("z", 200)]
