"""Moments, amounts and the other kinds: what can be read is read, what is unclear is never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from tenure.domain.business import Business

HEAD = "order_id,customer_id,ordered_at,total\n"


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-05", "2024-03-05T00:00:00"),
        ("2024-03-05T10:20:30", "2024-03-05T10:20:30"),
        ("2024-03-05 10:20", "2024-03-05T10:20:00"),
        ("2024-03-05T10:20:30.500Z", "2024-03-05T10:20:30"),
        ("2024-03-05T10:20:30+02:00", "2024-03-05T08:20:30"),
        ("2024-03-05 10:20:30 +0200", "2024-03-05T08:20:30"),
        ("2024-03-05 10:20+02", "2024-03-05T08:20:00"),
        ("2024-03-05 10:20:30 UTC", "2024-03-05T10:20:30"),
        ("05.03.2024", "2024-03-05T00:00:00"),
        ("5.3.2024 7:08", "2024-03-05T07:08:00"),
        ("25/03/2024", "2024-03-25T00:00:00"),
        ("03/25/2024 01:02 PM", "2024-03-25T13:02:00"),
        ("04-04-2024", "2024-04-04T00:00:00"),
        ("20240305", "2024-03-05T00:00:00"),
        ("20240305102030", "2024-03-05T10:20:30"),
        ("1709634030", "2024-03-05T10:20:30"),
        ("1709634030000", "2024-03-05T10:20:30"),
        ("1709634030000000", "2024-03-05T10:20:30"),
        ("5 Mar 2024", "2024-03-05T00:00:00"),
        ("Mar 5, 2024 10:20", "2024-03-05T10:20:00"),
    ],
)
def test_a_moment_is_read_however_it_is_written(desk, written, meant):
    desk.load("orders", f'{HEAD}1,a,"{written}",1\n')
    ((at,),) = desk.rows("orders", '"at"') or [(desk.reasons(),)]
    assert at // 1_000_000 * 1_000_000 == micros(meant)


def test_four_ways_of_writing_a_date_may_stand_in_one_file(desk):
    dates = ["2024-01-31", "31.01.2024", "2024-01-31T00:00:00Z", "20240131", "1706659200"]
    desk.load("orders", HEAD + "".join(f"{n},a,{date},1\n" for n, date in enumerate(dates)))
    assert desk.rows("orders", 'DISTINCT "at"') == [(micros("2024-01-31T00:00:00"),)]


def test_an_unclear_date_is_learnt_from_its_column(desk):
    desk.load("orders", HEAD + "1,a,03/04/2024,1\n2,a,25/12/2023,1\n")
    assert (micros("2024-04-03T00:00:00"),) in desk.rows("orders", '"at"')
    desk.load("orders", HEAD + "1,a,03/04/2024,1\n2,a,12/25/2023,1\n")
    assert (micros("2024-03-04T00:00:00"),) in desk.rows("orders", '"at"')


def test_a_date_that_stays_unclear_is_kept_aside_with_the_remedy(desk):
    loaded = desk.load("orders", HEAD + "1,a,03/04/2024,1\n2,a,05/05/2024,1\n")
    assert (loaded.accepted, loaded.quarantined) == (1, 1)
    assert "date_order: dmy" in desk.reasons()[0][2]
    assert desk.load("orders", HEAD + "1,a,03/04/2024,1\n", date_order="dmy").accepted == 1


def test_a_column_that_contradicts_itself_keeps_only_what_is_certain(desk):
    loaded = desk.load("orders", HEAD + "1,a,25/12/2023,1\n2,a,12/25/2023,1\n3,a,03/04/2024,1\n")
    assert (loaded.accepted, loaded.quarantined) == (2, 1)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1899-12-31", "outside 1900 to 2200"),
        ("2201-01-01", "outside 1900 to 2200"),
        ("0024-01-01", "outside"),
        ("2024-02-30", "not a moment"),
        ("31/31/2024", "not a moment"),
        ("soon", "not a moment"),
        ("45321.5", "spreadsheet"),
        ("1/2/24", "two digits"),
        ("", "is missing"),
        ("NaT", "not a moment"),
        ("infinity", "not a moment"),
    ],
)
def test_a_moment_that_cannot_be_read_gets_a_sentence(desk, written, reason):
    assert desk.load("orders", f"{HEAD}1,a,{written},1\n").quarantined == 1
    ((_, column, why),) = desk.reasons()
    assert column == "ordered_at" and reason in why


def test_a_day_is_a_day_of_the_business_calendar(desk_of):
    desk = desk_of(Business(timezone="America/New_York"))
    desk.load("orders", HEAD + "1,a,2024-03-01,1\n2,a,2024-03-01T02:00:00Z,1\n")
    assert desk.rows("orders", 'order_id, day, month_no, "at"', "order_id") == [
        ("1", 19783, 650, micros("2024-03-01T05:00:00")),
        ("2", 19782, 649, micros("2024-03-01T02:00:00")),
    ]


def test_a_time_without_a_zone_is_in_the_zone_of_its_source(desk):
    desk.load("orders", HEAD + "1,a,2024-07-01 12:00,1\n", timezone="Europe/Berlin")
    assert desk.rows("orders", '"at"') == [(micros("2024-07-01T10:00:00"),)]


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("EUR", "1.005", 100),
        ("EUR", "1.015", 102),
        ("JPY", "1200", 1200),
        ("KWD", "1.2345", 1234),
        ("USD", "+.5e1", 500),
    ],
)
def test_amounts_become_minor_units_of_the_currency(desk_of, currency, amount, minor):
    desk = desk_of(Business(currency=currency))
    desk.load("orders", f"{HEAD}1,a,2024-01-01,{amount}\n")
    assert desk.rows("orders", "total") == [(minor,)]


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("NaN", "not a finite number"),
        ("inf", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("1e300", "is beyond"),
        ("99999999999999", "is beyond"),
        ("-5", "is negative"),
        ("", "is missing"),
        ('"1,234.50"', "thousands separator"),
        ("1 234", "thousands separator"),
        ('"12,50"', "decimal comma"),
        ("$12", "currency sign"),
        ("12 EUR", "currency sign"),
        ("abc", "not a number"),
        ("1_000", "not a number"),
        ("0x10", "not a number"),
        ("=1+1", "not a number"),
    ],
)
def test_an_amount_that_is_none_gets_a_sentence(desk, amount, reason):
    loaded = desk.load("orders", f"{HEAD}1,a,2024-01-01,{amount}\n2,b,2024-01-01,5\n")
    assert (loaded.accepted, loaded.quarantined) == (1, 1)
    ((row, column, why),) = desk.reasons()
    assert (row, column) == (1, "total") and reason in why


def test_a_row_in_another_currency_is_converted_and_an_unknown_one_kept_aside(desk_of):
    desk = desk_of(Business(currency="EUR", rates=(("USD", Fraction(9, 10)),)))
    head = HEAD.replace("total", "total,shipping,currency")
    loaded = desk.load(
        "orders",
        head + "1,a,2024-01-01,10,1,USD\n2,a,2024-01-01,10,1,eur\n3,a,2024-01-01,10,1,\n4,a,2024-01-01,10,1,CHF\n",
    )
    assert loaded.accepted == 3
    assert desk.rows("orders", "total, shipping, currency", "order_id") == [
        (900, 90, "USD"),
        (1000, 100, "eur"),
        (1000, 100, None),
    ]
    assert desk.reasons() == [(4, "currency", "the currency CHF has no rate; add it under rates: in tenure.yaml")]


def test_flags_choices_counts_and_quantities_have_their_words(desk):
    desk.load(
        "orders",
        "order_id,customer_id,ordered_at,total,on_sale,status\n1,a,2024-01-01,1,Yes,PAID\n"
        "2,a,2024-01-01,1,0,\n3,a,2024-01-01,1,maybe,\n4,a,2024-01-01,1,,lost\n",
    )
    assert desk.rows("orders", "on_sale, status", "order_id") == [(1, "paid"), (0, None)]
    assert [(column, reason) for _, column, reason in desk.reasons()] == [
        ("on_sale", "`maybe` is neither true nor false"),
        ("status", "must be one of: paid, refunded, cancelled"),
    ]
    desk.load(
        "order_lines",
        "order_id,line,product_id,quantity,unit_price\n1,1,p,0.5,2\n1,1.5,p,1,2\n1,2,p,-1,2\n1,-3,p,1,2\n",
    )
    assert desk.rows("order_lines", "line, quantity") == [(1, 500)]
    assert [(c, r) for _, c, r in desk.reasons()[2:]] == [
        ("line", "must be a whole number"),
        ("quantity", "is negative; import what was given back as refunds"),
        ("line", "is negative"),
    ]


def test_amounts_that_may_be_negative_are_kept(desk):
    assert (
        desk.load(
            "costs",
            "cost_id,customer_id,segment,at,kind,amount\n1,a,,2024-01-01,credit,-5\n"
            "2,,vip,2024-01-01,event,9\n3,,,2024-01-01,event,9\n",
        ).accepted
        == 2
    )
    assert desk.rows("costs", "customer_key, amount", "cost_id") == [(1, -500), (None, 900)]


def test_properties_must_be_json_and_say_what_the_event_is_about(desk):
    text = (
        "event_id,customer_id,name,occurred_at,properties\n"
        '1,a,Product Added,2024-01-01,"{""product_id"": ""p1"", ""price"": 2.5, ""quantity"": 2}"\n'
        "2,a,Seen,2024-01-01,{not json\n3,a,Seen,2024-01-01,\n"
    )
    assert desk.load("events", text).accepted == 2
    assert desk.rows("events", "product_id, value, message_id", "event_id") == [("p1", 500, None), (None, None, None)]
    assert desk.reasons() == [(2, "properties", "is not JSON")]


def test_typed_cells_of_parquet_are_read_by_their_type(desk, tmp_path):
    desk.warehouse.fetch(
        "COPY (SELECT 7::DOUBLE AS order_id, 13085.0 AS customer_id, "
        "TIMESTAMPTZ '2024-01-01 00:00:00+02' AS ordered_at, 12.345::DECIMAL(9,3) AS total, "
        "true AS on_sale UNION ALL SELECT 8, 'nan'::DOUBLE, NULL, 1, false UNION ALL "
        f"SELECT 9, 1.5, 'infinity', 1, NULL) TO '{tmp_path}/orders.parquet' (FORMAT parquet)"
    )
    loaded = desk.load_files("orders", tmp_path / "orders.parquet")
    assert (loaded.accepted, loaded.quarantined) == (1, 2)
    assert desk.rows("orders", 'order_id, customer_id, "at", total, on_sale') == [
        ("7", "13085", micros("2023-12-31T22:00:00"), 1234, 1)
    ]
    assert desk.reasons()[0][:2] == (2, "customer_id") and desk.reasons()[1][:2] == (3, "ordered_at")
