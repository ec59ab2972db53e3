import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure import relations
from tenure.domain.errors import TenureError

TEXT = """-- purpose: how often each customer
--   buys
-- grain: one row per customer
-- inputs: orders, base_rhythm
-- columns: customer_key, frequency
SELECT customer_key, COUNT(*) AS frequency -- :not_a_parameter stays
FROM orders WHERE day < :as_of_day
-- a remark with :another
GROUP BY customer_key;
"""


def test_a_relation_is_read_from_its_header():
    relation = relations.read("rhythm", TEXT)
    assert relation.purpose == "how often each customer buys"
    assert relation.inputs == ("orders", "base_rhythm")
    assert relation.columns == ("customer_key", "frequency")
    assert relation.scope == "customers"
    assert "as_of_day" in relation.parameters
    assert "another" not in relation.parameters


def test_a_relation_without_a_purpose_is_refused():
    with pytest.raises(TenureError, match="purpose"):
        relations.read("x", "SELECT 1")


def test_relations_come_after_what_they_read():
    a = relations.read("a", "-- purpose: x\n-- grain: x\n-- inputs: b, orders\n-- columns: x\nSELECT 1")
    b = relations.read("b", "-- purpose: x\n-- grain: x\n-- inputs: none\n-- columns: x\nSELECT 1")
    assert [r.name for r in relations.in_order([a, b])] == ["b", "a"]
    circle = relations.read("b", "-- purpose: x\n-- grain: x\n-- inputs: a\n-- columns: x\nSELECT 1")
    with pytest.raises(TenureError, match="a, b read each other"):
        relations.in_order([a, circle])


@given(st.text())
def test_no_text_escapes_its_literal(text):
    import duckdb

    if "\x00" in text:
        return
    assert duckdb.connect().execute(f"SELECT {relations.literal(text)}").fetchall() == [(text,)]


def test_a_cast_is_not_a_parameter():
    assert relations.bind("SELECT x::BIGINT, :n, ':n'", {"n": 3}).startswith("SELECT x::BIGINT, 3")
