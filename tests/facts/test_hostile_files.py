"""Whatever a file is, each bad row gets a sentence and every good row is kept."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from pathlib import Path

import pytest

from tenure.domain.errors import TenureError

HEAD = "order_id,customer_id,ordered_at,total\n"
GOOD = "1,a,2024-01-05T10:00:00Z,10.00\n"
MORE = "3,c,2024-01-07T10:00:00Z,30.00\n"


def test_an_empty_file_is_said_to_be_empty(desk):
    loaded = desk.load("orders", "")
    assert (loaded.accepted, loaded.quarantined, loaded.notes) == (0, 0, ("orders.csv is empty",))


def test_a_header_without_rows_is_said_to_have_none(desk):
    loaded = desk.load("orders", HEAD)
    assert (loaded.accepted, loaded.notes) == (0, ("orders.csv has a header and no rows",))


def test_rows_that_are_not_utf8_are_kept_aside_and_the_remedy_is_named(desk):
    loaded = desk.load("orders", HEAD.encode() + GOOD.encode() + b"2,M\xfcller,2024-01-06,20\n" + MORE.encode())
    assert (loaded.accepted, loaded.quarantined) == (2, 1)
    ((row, _, reason),) = desk.reasons()
    assert row == 2 and "encoding: cp1252" in reason


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-be", "iso-8859-2", "cp437"])
def test_a_file_in_another_encoding_is_read_when_it_says_so(desk, encoding):
    loaded = (
        desk.load("customers", "customer_id,name\n1,Zoë Müller\n2,Jörg\n".encode(encoding), encoding=encoding)
        if encoding != "iso-8859-2"
        else desk.load("customers", "customer_id,name\n1,Łukasz\n2,Jörg\n".encode(encoding), encoding=encoding)
    )
    assert loaded.accepted == 2
    assert desk.rows("customers", "name", "customer_id")[1] == ("Jörg",)


def test_utf16_with_a_byte_order_mark_needs_no_word(desk):
    assert desk.load("orders", (HEAD + GOOD + MORE).encode("utf-16")).accepted == 2


def test_a_header_that_is_no_text_is_refused_with_the_remedy(desk):
    with pytest.raises(TenureError, match=r"header of orders\.csv is not utf-8.*encoding: cp1252"):
        desk.load("orders", b"order_id,kund\xe9,ordered_at,total\n1,a,2024-01-01,5\n")


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(desk):
    text = ("\ufeff" + HEAD + GOOD + MORE).replace("\n", "\r\n")
    assert desk.load("orders", text).accepted == 2
    assert desk.rows("orders", "order_id") == [("1",), ("3",)]


def test_old_macintosh_and_mixed_line_ends_are_read(desk):
    assert desk.load("orders", (HEAD + GOOD + MORE).replace("\n", "\r")).accepted == 2
    assert desk.load("orders", HEAD.replace("\n", "\r\n") + GOOD + MORE.replace("\n", "\r\n")).accepted == 2


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_a_compressed_file_is_read_like_any_other(desk, tmp_path, codec):
    import pyarrow as pa

    content = (HEAD + GOOD + "2,b,2024-01-06,x\n" + MORE).encode()
    path = tmp_path / f"orders.csv.{codec}"
    if codec == "gz":
        path.write_bytes(gzip.compress(content))
    else:
        path.write_bytes(pa.compress(content, codec="zstd", asbytes=True))
    loaded = desk.load_files("orders", path)
    assert (loaded.accepted, loaded.quarantined) == (2, 1)


def test_a_compressed_file_that_was_cut_off_yields_the_rows_before_the_cut(desk, tmp_path):
    rows = "".join(f"{n},c{n},2024-01-05,{n}.00\n" for n in range(20_000))
    path = tmp_path / "orders.csv.gz"
    whole = gzip.compress((HEAD + rows).encode())
    path.write_bytes(whole[: len(whole) * 2 // 3])
    loaded = desk.load_files("orders", path)
    assert 5_000 < loaded.accepted < 20_000


def test_a_line_of_two_gigabytes_costs_one_row_and_little_memory(desk, tmp_path):
    path = tmp_path / "orders.csv"
    with path.open("wb") as file:
        file.write((HEAD + GOOD).encode())
        file.seek(2 << 30, 1)  # a hole: two gigabytes without a line end, and nothing on the disk
        file.write(b"\n" + MORE.encode())
    began = time.process_time()
    tracemalloc.start()
    loaded = desk.load_files("orders", path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (loaded.accepted, loaded.quarantined) == (2, 1)
    assert desk.reasons() == [(2, "", "is a line of more than 8 MB")]
    assert peak < 100 << 20
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,b,2024-01-06\n", "has 3 fields where the header has 4"),
        ("2,b,2024-01-06,20,extra\n", "has 5 fields where the header has 4"),
        ('2,"b,2024-01-06,20\n', "a quote"),
        ('2,"b"x,2024-01-06,20\n', "a quote stands in the middle of a field"),
        ("2,b\x00b,2024-01-06,20\n", "NUL byte"),
    ],
)
def test_a_broken_row_is_kept_aside_and_its_neighbours_are_kept(desk, row, reason):
    loaded = desk.load("orders", HEAD + GOOD + row + MORE)
    assert (loaded.accepted, loaded.quarantined) == (2, 1)
    ((number, _, why),) = desk.reasons()
    assert number == 2 and reason in why


def test_a_stray_quote_does_not_swallow_the_rows_until_the_next_quote(desk):
    middle = "".join(f"{n},c{n},2024-02-01,5\n" for n in range(10, 60))
    loaded = desk.load("orders", HEAD + '2,"b,2024-01-06,20\n' + middle + '70,"d",2024-03-01,7\n' + MORE)
    assert (loaded.accepted, loaded.quarantined) == (52, 1)
    assert desk.reasons()[0][0] == 1


def test_quoted_newlines_belong_to_their_field(desk):
    text = 'customer_id,name,country\n1,"Ann\nB ""the"" Smith",GB\n2,"x, y",FR\n3,bad\n4,"two\nlines",DE\n'
    loaded = desk.load("customers", text)
    assert (loaded.accepted, loaded.quarantined) == (3, 1)
    assert desk.rows("customers", "name", "customer_id") == [('Ann\nB "the" Smith',), ("x, y",), ("two\nlines",)]
    assert desk.reasons()[0][0] == 3


def test_a_missing_column_is_named_with_the_file_and_the_nearest(desk):
    with pytest.raises(
        TenureError, match=r"`orders\.csv` has no column `total`, which orders needs\. Did you mean `totals`"
    ):
        desk.load("orders", "order_id,customer_id,ordered_at,totals\n1,a,2024-01-05,10\n")
    assert desk.rows("orders") == []


def test_an_expression_over_a_missing_column_names_the_nearest(desk):
    with pytest.raises(TenureError, match=r"no column `Quantty`.*`total`.*Did you mean `Quantity`"):
        desk.load(
            "orders",
            "order_id,customer_id,ordered_at,Quantity,Price\n1,a,2024-01-05,2,3\n",
            columns={"total": "Quantty * Price"},
        )


def test_a_file_that_is_not_there_is_a_sentence(desk, tmp_path):
    with pytest.raises(TenureError, match="There is no file"):
        desk.load_files("orders", tmp_path / "none.csv")


def test_a_key_that_stands_twice_counts_once_and_the_last_wins(desk):
    loaded = desk.load("orders", HEAD + GOOD + MORE + "1,a,2024-01-05T10:00:00Z,99\n")
    assert (loaded.accepted, loaded.replaced, loaded.changed) == (3, 1, 2)
    assert desk.rows("orders", "order_id, total") == [("1", 9900), ("3", 3000)]


def test_ids_that_are_formulas_stay_text(desk):
    ids = ["=1+2", "+49170", "@SUM(A1)", "=cmd|' /C calc'!A0", "007"]
    desk.load("orders", HEAD + "".join(f'{n},"{one}",2024-01-05,1\n' for n, one in enumerate(ids)))
    assert {row[0] for row in desk.rows("orders", "customer_id")} == set(ids)
    assert {row[0] for row in desk.rows("customers", "customer_id")} == set(ids)


def test_ten_thousand_columns_are_no_trouble(desk):
    head = ",".join(["order_id,customer_id,ordered_at,total", *(f"c{n}" for n in range(10_000))])
    rows = "".join(f"{n},a,2024-01-05,{n}" + ",x" * 10_000 + "\n" for n in range(50))
    began = time.process_time()
    assert desk.load("orders", head + "\n" + rows).accepted == 50
    assert time.process_time() - began < 30


def test_a_header_that_names_a_column_twice_keeps_the_first_under_its_name(desk):
    desk.load("orders", "order_id,customer_id,ordered_at,total,total,\n1,a,2024-01-05,5,7,\n")
    assert desk.rows("orders", "total") == [(500,)]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(desk, mark):
    assert desk.load("orders", (HEAD + GOOD + MORE).replace(",", mark)).accepted == 2


def test_rows_count_from_one_in_each_file_and_the_file_is_named(desk, tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(HEAD + GOOD + "2,b\n" + "4,d,never,1\n")
    second.write_text(HEAD + MORE + "5,e,2024-01-01,\n" + "6\n" + "7,f,2024-01-01,x\n")
    loaded = desk.load_files("orders", first, second)
    assert (loaded.accepted, loaded.quarantined) == (2, 5)
    places = {(row, reason.rsplit("(in ")[-1].rstrip(")")) for row, _, reason in desk.reasons()}
    assert places == {(2, "a.csv"), (3, "a.csv"), (2, "b.csv"), (3, "b.csv"), (4, "b.csv")}


def test_files_whose_columns_stand_in_another_order_are_read_by_name(desk, tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(HEAD + GOOD)
    second.write_text("total;coupon;ordered_at;order_id;customer_id\n7;SPRING;2024-01-06;9;z\n")
    assert desk.load_files("orders", first, second).accepted == 2
    assert desk.rows("orders", "order_id, customer_id, total, coupon") == [
        ("1", "a", 1000, None),
        ("9", "z", 700, "SPRING"),
    ]


def test_json_lines_keep_the_good_and_name_the_bad(desk):
    text = (
        '{"event_id": "1", "customer_id": "a", "name": "Seen", "occurred_at": "2024-01-05T10:00:00Z"}\n'
        "\n"
        "{broken\n"
        "[1, 2]\n"
        '{"event_id": "2", "customer_id": "b", "name": "Seen", "occurred_at": "2024-01-06T10:00:00Z", '
        '"properties": {"rating": 4}}\n'
        '{"event_id": "3", "customer_id": "b", "occurred_at": "2024-01-06T10:00:00Z"}\n'
    )
    loaded = desk.load("events", text, name="events.jsonl")
    assert (loaded.accepted, loaded.quarantined) == (2, 3)
    assert desk.reasons() == [(2, "", "is not JSON"), (3, "", "is not a JSON object"), (5, "name", "is missing")]


def test_nested_json_is_reached_by_dots(desk):
    text = '{"id": 7, "user": {"id": "u 1", "geo": {"cc": "DE"}}, "at": 1704448800, "sum": {"value": 12.5}}\n'
    loaded = desk.load(
        "orders",
        text,
        name="orders.jsonl",
        columns={
            "order_id": "id",
            "customer_id": "user.id",
            "ordered_at": "at",
            "total": "sum.value * 2",
            "coupon": '"user".geo.cc',
        },
    )
    assert loaded.accepted == 1
    assert desk.rows("orders", "order_id, customer_id, total, coupon") == [("7", "u 1", 2500, "DE")]


def test_a_json_line_of_many_megabytes_or_of_no_text_costs_one_row(desk):
    row = '{"event_id": "%d", "customer_id": "a", "name": "Seen", "occurred_at": "2024-01-05"}\n'
    text = (
        (row % 1).encode()
        + b'{"event_id": "'
        + b"x" * (9 << 20)
        + b'"}\n'
        + b'{"event_id": "\xff"}\n'
        + (row % 2).encode()
    )
    loaded = desk.load("events", text, name="events.jsonl")
    assert (loaded.accepted, loaded.quarantined) == (2, 2)
    assert [row for row, _, _ in desk.reasons()] == [2, 3]


def test_a_parquet_file_that_was_cut_off_is_refused_in_a_sentence(desk):
    with pytest.raises(TenureError, match=r"`orders\.parquet` cannot be read as Parquet"):
        desk.load("orders", b"PAR1 this is not it", name="orders.parquet")


def test_the_old_bad_rows_of_a_source_go_when_it_is_imported_again(desk):
    desk.load("orders", HEAD + "1,a,never,1\n2,b,2024-01-01,x\n")
    assert len(desk.reasons()) == 2
    desk.load("orders", HEAD + "1,a,2024-01-01,1\n2,b,2024-01-01,x\n")
    assert [row for row, _, _ in desk.reasons()] == [2]
    desk.load("orders", HEAD + "9,a,never,1\n", name="others.csv")
    assert len(desk.reasons()) == 2


def test_the_quarantine_keeps_no_address(desk):
    desk.load("customers", "customer_id,email,birthday\n7,ann@example.org,yesterday\n")
    kept = desk.rows("quarantine", "content, reason")
    assert kept == [("customer_id=7", "`yesterday` is not a moment that can be read")]


def test_an_import_that_is_refused_leaves_nothing(desk, tmp_path):
    desk.load("orders", HEAD + GOOD)
    before, version = desk.everything(), desk.intake.version()
    with pytest.raises(TenureError):
        desk.load("orders", "order_id,total\n5,5\n")
    assert desk.everything() == before and desk.intake.version() == version
    assert [p for p in Path(tmp_path).iterdir() if "staging" in p.name] == []


def test_wide_text_that_cannot_be_decoded_costs_its_row(desk):
    half_a_pair = b"\x00\xd8"
    before, after = (HEAD + GOOD + "2,").encode("utf-16"), (",2024-01-06,5\n" + MORE).encode("utf-16-le")
    loaded = desk.load("orders", before + half_a_pair + after)
    assert (loaded.accepted, loaded.quarantined) == (2, 1)
    assert "is not utf-16-le" in desk.reasons()[0][2]
