"""Every relation stays inside the portable subset, and the checker sees what leaves it."""

from __future__ import annotations

import pytest

from tenure import registry, relations
from tenure.warehouse.portable import refusals

EVERY = [(group, name) for group in ("facts", "features", "insights") for name in registry.relations_of(group)]


@pytest.mark.parametrize(("group", "name"), EVERY)
def test_a_relation_is_portable(group, name):
    assert refusals(registry.relations_of(group)[name]) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SELECT a FROM t QUALIFY a > 1", "Qualify"),
        ("SELECT COUNT(*) FILTER (WHERE a = 1) AS a FROM t", "Filter"),
        ("SELECT date_trunc('day', a) AS a FROM t", "not in the portable subset"),
        ("SELECT quantile_cont(a, 1) AS a FROM t", "not in the portable subset"),
        ("SELECT a / 2 AS a FROM t", "before dividing"),
        ("SELECT CAST(1 AS DOUBLE) / CAST(a AS DOUBLE) AS a FROM t", "NULLIF"),
        ("SELECT CAST(CAST(a AS DOUBLE) / CAST(2 AS DOUBLE) AS BIGINT) AS a FROM t", "FLOOR"),
        ("SELECT SUM(a) AS a FROM t", "CAST(SUM(a) AS BIGINT)"),
        ("SELECT CAST(a AS INTEGER) AS a FROM t", "cast to BIGINT"),
        ("SELECT ROW_NUMBER() OVER (PARTITION BY b) AS a FROM t", "order"),
        ("SELECT LAG(b) OVER (ORDER BY c) AS a FROM t", "ROW_NUMBER"),
        ("SELECT t.a AS a FROM t JOIN u ON u.a > t.a", "equal columns"),
        ("SELECT t.a AS a FROM t JOIN u USING (a)", "JOIN"),
        ("SELECT t.a AS a FROM t FULL JOIN u ON u.a = t.a", "JOIN"),
        ("SELECT b + 1 AS a FROM t GROUP BY b + 1", "group by columns"),
        ("SELECT * FROM t", "instead of `*`"),
        ("SELECT MAX(b) AS b FROM t GROUP BY a HAVING MAX(b) > 1", "HAVING"),
        ("SELECT MAX(at) AS a FROM t", "alias before it"),
        ("SELECT a * 1.5 AS a FROM t", "fraction of integers"),
        ("SELECT t.a FROM t", "with AS"),
        ("SELECT b AS a FROM t", None),
    ],
)
def test_what_leaves_the_subset_is_refused(text, word):
    inputs = "t, u" if " u " in text else "t"
    found = refusals(relations.read("x", f"-- purpose: p\n-- grain: g\n-- inputs: {inputs}\n-- columns: a\n{text}"))
    if word is None:
        assert found == []
    else:
        assert any(word in clause for clause in found), found


def test_a_header_that_does_not_tell_the_truth_is_refused():
    found = refusals(
        relations.read("x", "-- purpose: p\n-- grain: g\n-- inputs: u\n-- columns: b\nSELECT a AS a FROM t")
    )
    assert [clause.split(" but ")[1] for clause in found] == ["the text gives a", "the text reads t"]
