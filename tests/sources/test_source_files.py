"""Source files are read strictly: a mistake is named with file, line and the nearest word."""

from __future__ import annotations

import pytest

from tenure.domain.errors import TenureError, UsageError
from tenure.sources.files import extract_of_files, read_source, read_sources


def read(text, folder):
    return read_source(text, "sources/shop.yaml", folder, {})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "exports").mkdir()
    for name in ("b.csv", "a.csv", "c.csv.gz", "d.jsonl"):
        (tmp_path / "exports" / name).write_bytes(b"")
    return tmp_path


def test_a_file_says_where_rows_come_from_and_what_makes_each_column(folder):
    orders, events = read(
        "path: exports/*.csv\nencoding: cp1252\ndelimiter: ';'\ndate_order: dmy\ntimezone: Europe/Berlin\n"
        "where: a > 1\n"
        "orders:\n  order_id: Name\n  total: sum(x)\nevents:\n  where: b = 'x'\n",
        folder,
    )
    assert [path.rsplit("/", 1)[-1] for path in orders.files] == ["a.csv", "b.csv"]
    assert (orders.table, orders.source, orders.format, orders.columns) == (
        "orders",
        "shop",
        "csv",
        {"order_id": "Name", "total": "sum(x)"},
    )
    assert (orders.encoding, orders.delimiter, orders.date_order, orders.timezone) == (
        "cp1252",
        ";",
        "dmy",
        "Europe/Berlin",
    )
    assert (orders.where, events.where, events.columns) == ("a > 1", "b = 'x'", {})
    assert (orders.place, orders.lines) == ("sources/shop.yaml", {"": 7, "order_id": 8, "total": 9})


def test_all_files_of_the_folder_are_read_in_order(folder):
    (folder / "sources" / "z.yaml").write_text("path: exports/d.jsonl\nevents:\n")
    (folder / "sources" / "a.yml").write_text(f"path: {folder}/exports/c.csv.gz\ncustomers:\norders:\n")
    found = read_sources(folder, {})
    assert [(e.source, e.table, e.format) for e in found] == [
        ("a", "customers", "csv"),
        ("a", "orders", "csv"),
        ("z", "events", "jsonl"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pth: x\norders:\n", "line 1: unknown key `pth`. Did you mean `path`?"),
        ("path: exports/a.csv\nordres:\n", "line 2: unknown key `ordres`. Did you mean `orders`?"),
        ("path: exports/a.csv\norders:\n  totl: x\n", "line 3: orders has no column `totl`. Did you mean `total`?"),
        ("path: exports/a.csv\n", "says for no table"),
        ("path: exports/none*.csv\norders:\n", "line 1: no file matches `exports/none*.csv`"),
        ("path: a\nurl: b\norders:\n", "line 2: a source has either `path:` or `url:`"),
        ("url: sqlite:///x.db\norders:\n", "the key `query` is missing"),
        ("path: [exports/a.csv, exports/d.jsonl]\norders:\n", "line 1: the files are not of one format"),
        ("path: exports/a.csv\ntimezone: Mars/Base\norders:\n", "line 2: there is no time zone `Mars/Base`"),
        ("path: exports/a.csv\ndate_order: ymd\norders:\n", "line 2: `date_order` cannot be `ymd`"),
        ("path: exports/a.csv\ndelimiter: ab\norders:\n", "line 2: `delimiter` must be one character"),
        ("path: exports/a.csv\nformat: xlsx\norders:\n", "line 2: `format` cannot be `xlsx`"),
        (
            "path: exports/a.csv\norders:\n  total: getenv('HOME')\n",
            "line 3: the expression for `total` calls `getenv`",
        ),
        ("path: exports/a.csv\norders:\n  total: a +\n", "line 3: the expression for `total` cannot be read"),
        (
            "path: exports/a.csv\norders:\n  where: (SELECT 1)\n",
            "line 3: the expression for `where` asks another table",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_line(folder, text, sentence):
    with pytest.raises(TenureError) as refusal:
        read(text, folder)
    assert str(refusal.value).startswith("sources/shop.yaml") and sentence in str(refusal.value)


def test_files_named_on_the_command_line_make_the_same_extract(folder):
    path = folder / "exports" / "a.csv"
    extract = extract_of_files("orders", [path], {"total": "Quantity*Price"})
    assert (extract.source, extract.format, extract.columns) == ("a.csv", "csv", {"total": "Quantity*Price"})
    assert extract_of_files("orders", [path, folder / "exports" / "b.csv"], {}).source == "a.csv and 1 more"


@pytest.mark.parametrize(
    ("table", "columns", "sentence"),
    [
        ("ordrs", {}, "Did you mean `orders`?"),
        ("orders", {"totl": "x"}, "Did you mean `total`?"),
        ("orders", {"total": "x; y"}, "exactly one expression"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_wrong_usage(folder, table, columns, sentence):
    with pytest.raises(UsageError) as refusal:
        extract_of_files(table, [folder / "exports" / "a.csv"], columns)
    assert sentence in str(refusal.value)
