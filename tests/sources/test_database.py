"""Rows come out of real databases as they are, read-only, and the password appears nowhere."""

from __future__ import annotations

import sqlite3

import pytest

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.sources.files import read_source
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.intake import FactIntake

MAPPING = """
orders:
  order_id: id
  customer_id: buyer
  ordered_at: sold
  total: amount
  on_sale: paid
  coupon: note
"""
EVERYTHING = "SELECT * FROM sales WHERE '12:30' <> note OR note IS NULL OR note LIKE '%:%' ORDER BY id"


class Quiet:
    """Progress that nobody watches."""

    def start(self, task, total=None): ...
    def advance(self, steps=1): ...
    def finish(self, summary=""): ...


def loaded(text, folder, environment=None):
    (extract,) = read_source(text, "sources/shop.yaml", folder, environment or {})
    warehouse = DuckWarehouse(":memory:")
    outcome = FactIntake(warehouse, Business()).load(extract, 1, Quiet())
    rows = warehouse.fetch(
        "SELECT order_id, customer_id, total, on_sale, coupon, day FROM facts.orders ORDER BY order_id"
    )
    aside = warehouse.fetch("SELECT row_no, column_name, reason FROM facts.quarantine")
    warehouse.close()
    return outcome, rows, aside


EXPECTED = [("1", "ann", 1050, 1, None, 19727), ("2", "bob", 2000, 0, 'says "hi", 100%', 19728)]


def test_a_sqlite_file_of_the_workspace_is_read(sqlite_shop):
    text = f'url: sqlite:///shop.db\nquery: "{EVERYTHING}"\n{MAPPING}'
    outcome, rows, aside = loaded(text, sqlite_shop.parent)
    assert (outcome.accepted, outcome.quarantined, rows) == (2, 1, EXPECTED)
    assert aside == [(3, "total", "is missing")]


@pytest.mark.postgres
def test_a_postgresql_database_is_read(postgres_shop, tmp_path):
    text = f'url: ${{SHOP_URL}}\nquery: "{EVERYTHING}"\n{MAPPING}'
    outcome, rows, aside = loaded(text, tmp_path, {"SHOP_URL": postgres_shop})
    assert (outcome.accepted, outcome.quarantined, rows) == (2, 1, EXPECTED)
    assert aside == [(3, "total", "is missing")]


@pytest.mark.postgres
def test_a_query_that_would_write_is_refused_by_the_database(postgres_shop, tmp_path):
    import psycopg

    for query in ("DELETE FROM sales RETURNING *", "SELECT setval('numbers', 7)"):
        with psycopg.connect(postgres_shop) as connection:
            connection.execute("CREATE SEQUENCE IF NOT EXISTS numbers")
        with pytest.raises(TenureError, match="did not answer the query"):
            loaded(f'url: ${{SHOP_URL}}\nquery: "{query}"\n{MAPPING}', tmp_path, {"SHOP_URL": postgres_shop})
    with psycopg.connect(postgres_shop) as connection:
        assert connection.execute("SELECT count(*), (SELECT last_value FROM numbers) FROM sales").fetchone() == (3, 1)


def test_a_query_that_would_write_into_sqlite_is_refused(sqlite_shop):
    with pytest.raises(TenureError, match="readonly"):
        loaded(f"url: sqlite:///shop.db\nquery: DELETE FROM sales RETURNING *\n{MAPPING}", sqlite_shop.parent)
    with sqlite3.connect(sqlite_shop) as connection:
        assert connection.execute("SELECT count(*) FROM sales").fetchone() == (3,)
    connection.close()


def test_many_rows_are_streamed_and_none_is_lost(sqlite_shop):
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50001) SELECT i FROM n"
    mapping = "orders:\n  order_id: i\n  customer_id: i % 7\n  ordered_at: \"'2024-01-05'\"\n  total: i\n"
    text = f"url: sqlite:///shop.db\nquery: {numbers}\n{mapping}"
    outcome, rows, _ = loaded(text, sqlite_shop.parent)
    assert outcome.accepted == 50_001 and len({row[1] for row in rows}) == 7


def test_a_query_without_rows_is_no_mistake(sqlite_shop):
    outcome, _, _ = loaded(
        f"url: sqlite:///shop.db\nquery: SELECT * FROM sales WHERE id > 99\n{MAPPING}", sqlite_shop.parent
    )
    assert (outcome.accepted, outcome.quarantined) == (0, 0)


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(TenureError, match=r"shop\.yaml, line 1: there is no database none\.db"):
        loaded(f"url: sqlite:///none.db\nquery: SELECT 1\n{MAPPING}", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_query_is_a_sentence(sqlite_shop):
    with pytest.raises(TenureError, match=r"shop\.yaml, line 1: the database did not answer.*no such table: nowhere"):
        loaded(f"url: sqlite:///shop.db\nquery: SELECT * FROM nowhere\n{MAPPING}", sqlite_shop.parent)


def test_a_database_that_cannot_be_reached_is_a_sentence_without_the_password(tmp_path):
    pytest.importorskip("psycopg")
    text = f"url: postgresql://me:${{PASSWORD}}@127.0.0.1:1/shop\nquery: SELECT 1\n{MAPPING}"
    with pytest.raises(TenureError, match="did not answer") as refusal:
        loaded(text, tmp_path, {"PASSWORD": "s3cr/t@x"})
    assert "s3cr" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://me:secret@host/shop", "the password stands in the file"),
        ("postgresql://me:${NOBODY_SET_THIS}@host/shop", "the environment has no NOBODY_SET_THIS"),
        ("mysql://me@host/shop", "there is no driver for `mysql`"),
        ("nonsense", "is not a database address"),
    ],
)
def test_a_bad_address_is_named_with_its_line(tmp_path, url, sentence):
    with pytest.raises(TenureError) as refusal:
        loaded(f"url: {url}\nquery: SELECT 1\n{MAPPING}", tmp_path)
    assert sentence in str(refusal.value) and str(refusal.value).startswith("sources/shop.yaml, line 1")
    assert "secret" not in str(refusal.value)
