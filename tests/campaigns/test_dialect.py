"""A condition means in the engine what it says in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.campaigns.conditions import Source, parse_condition, parse_term
from tenure.domain.errors import Place, TenureError
from tenure.domain.profile import COLUMNS
from tenure.domain.segment import And, Column, Compare, Condition, Constant, OneOf, Or, Property
from tenure.warehouse.dialect import render, render_term, text_literal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SOURCE = Source("audience", Place("campaign.yaml", 1), properties=True)
NUMBERS = [c.name for c in COLUMNS if c.published in ("DOUBLE", "BIGINT")]
TEXTS = ["country", "locale", "plan", "top_category", "tier", "customer_id"]
MOMENTS = [c.name for c in COLUMNS if c.unit == "moment"]
FLAGS = [c.name for c in COLUMNS if c.unit == "flag"]

_integers = st.integers(-(10**15) + 1, 10**15 - 1).map(str)
_decimals = st.decimals(-(10**9), 10**9, places=3).map(lambda value: f"{value:f}")
_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(
    lambda text: "'" + text.replace("'", "''") + "'"
)
_moments = st.datetimes().map(lambda moment: f"'{moment:%Y-%m-%d %H:%M:%S}'".replace("'", "'"))
_number_columns = st.sampled_from(NUMBERS) | st.sampled_from(["properties.rating", "properties.order"])
_calculations = st.recursive(
    st.sampled_from(NUMBERS) | _integers | _decimals,
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=4,
)
_operators = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


def _joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(" ".join)


_simple = st.one_of(
    _joined(_number_columns, _operators, _integers | _decimals),
    _joined(st.sampled_from(NUMBERS), _operators, _calculations),
    _joined(st.sampled_from([*TEXTS, "properties.city"]), _operators, _words),
    _joined(st.sampled_from(MOMENTS), _operators, st.sampled_from(MOMENTS) | st.just("'2011-09-01'")),
    st.tuples(_number_columns, _integers, _integers).map(lambda t: f"{t[0]} BETWEEN {t[1]} AND {t[2]}"),
    st.tuples(st.sampled_from(TEXTS), st.lists(_words, min_size=1, max_size=3)).map(
        lambda t: f"{t[0]} IN ({', '.join(t[1])})"
    ),
    _joined(st.sampled_from(NUMBERS + TEXTS + MOMENTS + FLAGS), st.sampled_from(["IS NULL", "IS NOT NULL"])),
    st.sampled_from(FLAGS),
    _joined(_words, st.sampled_from(["IN", "NOT IN"]), st.just("churn_reasons")),
)
conditions = st.recursive(
    _simple,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"NOT ({text})"),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(" ".join),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=conditions)
def test_every_condition_that_is_read_runs_on_the_profile(profiles: duckdb.DuckDBPyConnection, text: str) -> None:
    sql = render(parse_condition(text, SOURCE), alias="p", properties="p.properties")
    assert profiles.execute(f"SELECT count(*) FROM profiles p WHERE {sql}").fetchone() == (0,)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60) | st.lists(
    st.sampled_from(["orders", "stage", "channels", "properties.a", "(", ")", ",", "'a'", "1", "AND", "OR", "NOT",
                     "IN", "IS", "NULL", "BETWEEN", "=", "<", "-", "*", "/", ";", "--", "/*", "DATE", "lower", "."]),
    max_size=12).map(" ".join))  # fmt: skip
def test_any_text_is_read_or_refused_with_a_sentence(profiles: duckdb.DuckDBPyConnection, text: str) -> None:
    try:
        condition = parse_condition(text, SOURCE)
    except TenureError:
        return
    sql = render(condition, alias="p", properties="p.properties")
    profiles.execute(f"SELECT count(*) FROM profiles p WHERE {sql}")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_a_text_constant_comes_back_as_it_was(profiles: duckdb.DuckDBPyConnection, text: str) -> None:
    assert profiles.execute(f"SELECT {text_literal(text)}").fetchone() == (text,)


ROW = {"orders": 3, "revenue": 30.0, "overdue": 0.0, "stage": "new", "channels": ["email"], "auto_renew": None,
       "member": True, "country": "it's", "last_order_at": "2011-09-01 10:00:00"}  # fmt: skip
PROPERTIES = {"rating": 4.5, "city": "Ulm", "gift": True, "odd": "1d", "none": None, "text": "12"}
MEANINGS = [
    ("orders = 3", True),
    ("orders BETWEEN 3 AND 4", True),
    ("revenue / orders = 10", True),
    ("revenue / overdue > 0", None),
    ("revenue / (orders - 3) IS NULL", True),
    ("orders / 2 = 1.5", True),
    ("-orders = -3", True),
    ("stage IN ('new', 'active')", True),
    ("stage NOT IN ('active')", True),
    ("'email' IN channels", True),
    ("'sms' IN channels", False),
    ("'price' IN churn_reasons", False),
    ("auto_renew", None),
    ("NOT auto_renew", None),
    ("auto_renew IS NULL", True),
    ("member", True),
    ("member = false", False),
    ("country = 'it''s'", True),
    ("last_order_at > '2011-09-01'", True),
    ("last_order_at < '2011-09-01T11:00:00+02:00'", False),
    ("last_order_at IN ('2011-09-01 10:00:00')", True),
    ("properties.rating >= 4", True),
    ("properties.rating * 2 = 9", True),
    ("properties.rating IN (4.5, 5)", True),
    ("properties.city = 'Ulm'", True),
    ("properties.gift = true", True),
    ("properties.gift = member", True),
    ("properties.odd > 0", None),
    ("properties.text = 12", True),
    ("properties.none IS NULL", True),
    ("properties.absent IS NULL", True),
    ("properties.absent >= 4 OR properties.absent IS NULL", True),
    ("orders > 5 OR stage = 'new' AND member", True),
    ("NOT (orders > 5 OR auto_renew)", None),
]


def _duckdb_answers(sqls: list[str]) -> list[bool | None]:
    columns = ", ".join(
        f"CAST({_spelt(ROW.get(c.name))} AS {c.published}) AS {c.name}" for c in COLUMNS
    )  # fmt: skip
    with duckdb.connect() as connection:
        text = json.dumps(PROPERTIES).replace("'", "''")
        row = f"(SELECT {columns}, '{text}' AS properties) p"
        return list(connection.execute(f"SELECT {', '.join(sqls)} FROM {row}").fetchone() or ())


def _spelt(value: object, *, array: bool = False) -> str:
    if isinstance(value, list):
        inside = ", ".join(f"'{item}'" for item in value)
        return f"array({inside})" if array else f"[{inside}]"
    if isinstance(value, str):
        return text_literal(value)
    return "NULL" if value is None else str(value)


def test_conditions_mean_what_they_say() -> None:
    sqls = [render(parse_condition(text, SOURCE), alias="p", properties="p.properties") for text, _ in MEANINGS]
    answers = _duckdb_answers(sqls)
    assert [(text, answer) for (text, _), answer in zip(MEANINGS, answers, strict=True)] == MEANINGS


@pytest.mark.spark
def test_conditions_mean_the_same_on_spark(spark: SparkSession) -> None:
    sqls = [
        render(parse_condition(text, SOURCE), alias="p", properties="p.properties", dialect="spark")
        for text, _ in MEANINGS
    ]
    types = {"DOUBLE": "DOUBLE", "VARCHAR": "STRING", "VARCHAR[]": "ARRAY<STRING>"}
    columns = ", ".join(
        f"CAST({_spelt(ROW.get(c.name), array=True)} AS {types.get(c.published, c.published)}) AS {c.name}"
        for c in COLUMNS
    )
    row = f"(SELECT {columns}, {text_literal(json.dumps(PROPERTIES))} AS properties) p"
    named = ", ".join(f"{sql} AS a{number}" for number, sql in enumerate(sqls))
    answers = list(spark.sql(f"SELECT {named} FROM {row}").collect()[0])
    assert [(text, answer) for (text, _), answer in zip(MEANINGS, answers, strict=True)] == MEANINGS


@pytest.mark.spark
def test_a_text_constant_means_itself_on_spark(spark: SparkSession) -> None:
    texts = [
        "it's",
        "a\\b",
        "\\'; DROP",
        "${env:HOME}",
        "$$",
        "line\nbreak",
        ":as_of",
        "ü€😀",
        'say "hi"',
        "`x`",
        "%",
        "",
    ]
    row = spark.sql("SELECT " + ", ".join(f"{text_literal(text)} AS a{i}" for i, text in enumerate(texts))).collect()
    assert list(row[0]) == texts


def test_a_malformed_json_is_null_and_ends_no_query(profiles: duckdb.DuckDBPyConnection) -> None:
    sql = render_term(Property("a"), properties="j")
    assert profiles.execute(f"SELECT {sql} FROM (SELECT '{{broken' AS j)").fetchone() == (None,)


def test_a_goal_value_renders_as_a_double(profiles: duckdb.DuckDBPyConnection) -> None:
    sql = render_term(parse_term("plan_price * 2 / orders", SOURCE), alias="p")
    profiles.execute(f"SELECT {sql} FROM profiles p")
    assert sql == "((CAST(p.plan_price AS DOUBLE) * CAST(2 AS DOUBLE)) / NULLIF(CAST(p.orders AS DOUBLE), 0))"


@pytest.mark.parametrize(
    "broken",
    [
        lambda: render(Compare("=", Column("orders; DROP"), Constant(1))),
        lambda: render(Compare("=", Property("a') --"), Constant(1)), properties="p"),
        lambda: render(Compare("=", Property("a"), Constant(1))),
        lambda: render(Compare("=", Column("orders"), Constant(1)), alias="p; --"),
        lambda: render(Compare("<", Column("as_of"), Constant("now' OR '1"))),
    ],
)
def test_a_tree_built_by_hand_cannot_smuggle_a_name(broken: Callable[[], str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        broken()


def test_nothing_to_test_is_true_and_nothing_to_choose_from_is_false() -> None:
    trees: list[Condition] = [And(()), Or(()), OneOf(Column("orders"), ())]
    assert [render(tree) for tree in trees] == ["TRUE", "FALSE", "FALSE"]
