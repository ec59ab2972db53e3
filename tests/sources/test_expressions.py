"""An expression computes over its own row and asks nothing else."""

from __future__ import annotations

import pytest

from tenure.domain.errors import Place, TenureError
from tenure.sources.expressions import FUNCTIONS, check

HERE = Place("sources/shop.yaml", 3)


@pytest.mark.parametrize(
    "text",
    [
        "Name",
        '"Customer ID"',
        "Quantity * Price",
        "count(*)",
        "sum(x) FILTER (WHERE y > 1)",
        "a -> '$.x'",
        "row_number() OVER (PARTITION BY a ORDER BY b)",
        "CASE WHEN a IN (1, 2) THEN 'read_csv(' ELSE 'x' END",
        "CAST(a AS DECIMAL(9, 2))",
        "properties.rating",
        "to_json({'coupon': a})",
        "['x', 'y'][1 + n % 2]",
        "a::DATE",
        "strftime(d, '%Y%m%d')",
        "coalesce(a, b, '')",
        "x.upper()",
        "a NOT LIKE 'C%'",
        "date_trunc('day', d)",
    ],
)
def test_what_computes_over_the_row_is_allowed(text):
    check(text, HERE, "total")


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT 1)",
        "x IN (SELECT y FROM z)",
        "EXISTS (SELECT 1)",
        "(FROM secrets)",
        "getenv('HOME')",
        "read_csv('x')",
        "read_text('/etc/passwd')",
        "\"getenv\"('HOME')",
        "main.getenv('x')",
        "'x'.getenv()",
        "query('SELECT 1')",
        "now()",
        "current_date",
        "current_timestamp",
        "today()",
        "random()",
        "uuid()",
        "gen_random_uuid()",
        "nextval('s')",
        "current_setting('x')",
        "error('x')",
        "a; DROP TABLE b",
        "DROP TABLE b",
        "*",
        "COLUMNS('.*')",
        "$1",
        "?",
        ":a",
        "a AS b",
        "list_transform(l, y -> y)",
        "",
        "lower(",
        "UPDATE t SET a = 1",
        "a UNION SELECT 1",
        "TRY(a)",
        "((" * 5_000,
        "a" * 30_000,
    ],
)
def test_what_asks_anything_else_is_refused_with_its_line(text):
    with pytest.raises(TenureError) as refusal:
        check(text, HERE, "total")
    assert str(refusal.value).startswith("sources/shop.yaml, line 3: ")


def test_every_allowed_function_is_one_that_the_engine_has():
    import duckdb

    known = {
        name for (name,) in duckdb.connect().execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    }
    grammar = {
        "case",
        "cast",
        "try_cast",
        "coalesce",
        "ifnull",
        "nullif",
        "if",
        "iff",
        "extract",
        "interval",
        "row",
        "date",
        "position",
        "map",
        "ntile",
        "array_agg",
    }
    words = {
        "row_number",
        "rank",
        "dense_rank",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
        "cume_dist",
        "percent_rank",
    }
    assert sorted(FUNCTIONS - known - grammar - words) == []


def test_no_allowed_function_reads_files_or_the_system():
    forbidden = (
        "read_",
        "write",
        "getenv",
        "query",
        "pragma",
        "sniff",
        "glob",
        "random",
        "uuid",
        "current_",
        "nextval",
        "setseed",
        "getvariable",
        "parquet",
        "duckdb_",
    )
    assert [name for name in FUNCTIONS if name.startswith(forbidden)] == []
