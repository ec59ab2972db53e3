"""A condition is read into a tree, or refused with the character, the reason and what to write."""

from collections.abc import Callable

import pytest

from tenure.campaigns.conditions import Source, parse_audience, parse_condition, parse_term
from tenure.domain.errors import Place, TenureError
from tenure.domain.segment import (
    And,
    Calculation,
    Column,
    Compare,
    Condition,
    Constant,
    Contains,
    IsNull,
    IsTrue,
    Not,
    OneOf,
    Or,
    Property,
)

Read = Callable[[str], Condition]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("overdue > 1.5", Compare(">", Column("overdue"), Constant(1.5))),
        ("OVERDUE >= 2", Compare(">=", Column("overdue"), Constant(2))),
        ("orders <> -3", Compare("<>", Column("orders"), Constant(-3))),
        ("orders != 3", Compare("<>", Column("orders"), Constant(3))),
        ("auto_renew", IsTrue(Column("auto_renew"))),
        ("NOT auto_renew", Not(IsTrue(Column("auto_renew")))),
        ("auto_renew = true", Compare("=", Column("auto_renew"), Constant(True))),
        ("'email' IN channels", Contains(Column("channels"), "email")),
        ("'email' NOT IN channels", Not(Contains(Column("channels"), "email"))),
        ("stage IN ('new', 'active')", OneOf(Column("stage"), (Constant("new"), Constant("active")))),
        ("orders IN (1, 2)", OneOf(Column("orders"), (Constant(1), Constant(2)))),
        ("plan IS NULL", IsNull(Column("plan"))),
        ("plan IS NOT NULL", Not(IsNull(Column("plan")))),
        ("country = 'it''s'", Compare("=", Column("country"), Constant("it's"))),
        ("properties.rating >= 4", Compare(">=", Property("rating"), Constant(4))),
        ("properties.order = 'x'", Compare("=", Property("order"), Constant("x"))),
        ("last_order_at < '2011-09-01'", Compare("<", Column("last_order_at"), Constant("2011-09-01 00:00:00"))),
        ("last_order_at < DATE '2011-09-01'", Compare("<", Column("last_order_at"), Constant("2011-09-01 00:00:00"))),
        (
            "last_order_at < '2011-09-01T18:30:00+02:00'",
            Compare("<", Column("last_order_at"), Constant("2011-09-01 16:30:00")),
        ),
        (
            "revenue / orders > 2",
            Compare(">", Calculation("/", Column("revenue"), Column("orders")), Constant(2)),
        ),
        (
            "orders = 1 OR orders = 2",
            Or((Compare("=", Column("orders"), Constant(1)), Compare("=", Column("orders"), Constant(2)))),
        ),
        (
            "orders BETWEEN 1 AND 2",
            And((Compare(">=", Column("orders"), Constant(1)), Compare("<=", Column("orders"), Constant(2)))),
        ),
    ],
)
def test_a_condition_becomes_the_tree_it_means(condition: Read, text: str, tree: Condition) -> None:
    assert condition(text) == tree


def test_an_audience_keeps_its_top_level_ands_apart_with_their_own_words(source: Source) -> None:
    audience = parse_audience("days_to_end BETWEEN 20 AND 90 AND NOT auto_renew AND (orders > 1 OR member)", source)
    assert [words for words, _ in audience.terms] == [
        "days_to_end BETWEEN 20 AND 90",
        "NOT auto_renew",
        "(orders > 1 OR member)",
    ]


def test_an_or_binds_looser_than_the_ands_so_it_stays_in_one_piece(source: Source) -> None:
    text = "orders > 1 AND member OR auto_renew"
    assert [words for words, _ in parse_audience(text, source).terms] == [text]


def test_a_goal_value_is_a_number(source: Source) -> None:
    assert parse_term("plan_price * 0.5", source) == Calculation("*", Column("plan_price"), Constant(0.5))
    with pytest.raises(TenureError, match="`plan` is not a number"):
        parse_term("plan", source)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ovredue > 1", "the profile has no column `ovredue` (at character 1 of `audience`). Did you mean `overdue`?"),
        ("orders > 1 AND frequencies = 2", "`frequencies` (at character 16 of `audience`). Did you mean `frequency`?"),
        ("stage = 'activ'", "`stage` never holds 'activ' (at character 1 of `audience`). Did you mean `active`?"),
        ("'emial' IN channels", "`channels` never holds 'emial'"),
        ("lower(stage) = 'new'", "functions such as `lower` are not allowed"),
        ("CAST(orders AS DOUBLE) > 1", "functions such as `CAST` are not allowed"),
        ("orders = 'three'", "`orders` is a number and cannot be compared with 'three', which is text"),
        ("stage > 3", "`stage` is text and cannot be compared with 3, which is a number"),
        ("auto_renew > true", "is neither more nor less"),
        ("orders", "`orders` is not true or false by itself"),
        ("plan = NULL", "Write `IS NULL`"),
        ("channels = 'email'", "`'email' IN channels`"),
        ("'email' IN stage", "`stage` is not a list"),
        ("1 = 1", "the same for everyone"),
        ("last_order_at < 'yesterday'", "'yesterday' is not a moment"),
        ("as_of - last_order_at > 3", "which is a moment"),
        ("stage IN ('new', 3)", "`stage` is text and cannot be compared with 3"),
        ("properties.a = properties.b", "two properties cannot be compared"),
        ("properties.a.b = 1", "`properties.a.b` is not the name of a property"),
        ('stage = "new"', "Write text as 'new'"),
        ("orders > 1 AND", "AND needs a condition on both sides"),
        ("orders >", "this is not a condition"),
        ("(orders > 1", "this is not a condition"),
        ("", "the condition is empty"),
        ("stage = 'new", "a quote is opened and not closed"),
        ("orders > 9999999999999999", "is not a number of at most 15 digits"),
        ("orders > 1e300", "is not a number of at most 15 digits"),
    ],
)
def test_a_mistake_is_named_with_its_character_and_a_way_out(condition: Read, text: str, says: str) -> None:
    with pytest.raises(TenureError) as refused:
        condition(text)
    assert says in refused.value.sentence
    assert refused.value.sentence.startswith("campaigns/test/campaign.yaml, line 4: ")


def test_a_property_needs_an_occasion_with_an_event() -> None:
    with pytest.raises(TenureError, match="needs an occasion with an `event:`"):
        parse_condition("properties.rating > 3", Source("audience", Place("campaign.yaml", 2)))


@pytest.mark.parametrize(
    "text",
    [
        "orders = 1; DROP TABLE profiles",
        "orders = 1 -- and nothing more",
        "-- hidden\norders = 1",
        "orders /* hidden */ = 1",
        "orders = 1 /*+ hint */",
        "orders = 1 # rest",
        "orders = (SELECT max(orders) FROM profiles)",
        "EXISTS (SELECT 1)",
        "orders IN (SELECT 1)",
        "orders IN profiles",
        "orders = 1 UNION SELECT 1",
        "orders::VARCHAR = '1'",
        "TRY_CAST(orders AS INT) = 1",
        "read_csv('/etc/passwd') IS NULL",
        "getenv('HOME') = 'x'",
        "orders = $1",
        "orders = ?",
        "orders = :as_of",
        "orders = ${env:HOME}",
        "{{ orders }} = 1",
        "orders = 1 LIMIT 1",
        "orders = 1 WHERE true",
        "stage LIKE '%a%'",
        "stage ILIKE 'a'",
        "stage SIMILAR TO 'a'",
        "stage GLOB 'a'",
        "stage ~ 'a'",
        "stage || 'x' = 'newx'",
        "orders % 2 = 0",
        "orders ** 2 = 4",
        "orders & 1 = 1",
        "orders << 1 = 2",
        "orders IS DISTINCT FROM 1",
        "orders <=> 1",
        "orders BETWEEN SYMMETRIC 2 AND 1",
        "orders = ANY (1)",
        "orders = ALL (SELECT 1)",
        "CASE WHEN orders = 1 THEN true END",
        "orders AS x",
        "orders = 1 x",
        "profiles.orders = 1",
        "main.profiles.orders = 1",
        "information_schema.tables = 1",
        "properties['a'] = 1",
        "properties->'a' = 1",
        "properties->>'$.a' = '1'",
        "channels[1] = 'email'",
        "[1, 2] = channels",
        "{'a': 1} = 1",
        "(orders, revenue) = (1, 2)",
        "ROW(orders) = 1",
        "x -> x",
        "orders = E'\\x27'",
        "orders = X'00'",
        "stage = $$new$$",
        "stage = U&'\\0041'",
        "orders = 0x10",
        "orders = INTERVAL 1 DAY",
        "orders = CURRENT_DATE",
        "orders = now",
        "last_order_at = TIMESTAMP 'now'",
        "last_order_at = DATE 'today'",
        "last_order_at = DATE orders",
        "orders COLLATE nocase = 1",
        "orders = 1 AND NOT",
        "orders NOT 1",
        "orders = 1 = 1",
        "1 < orders < 3",
        "* = 1",
        "profiles.* = 1",
        "COLUMNS(*) = 1",
        "orders = 1\x00",
        "orders = 1\x1b[2J",
        "true",
        "NULL",
        "'new'",
        "NOT 1",
        "@orders = 1",
        "orders = @@version",
        "orders = 1)",
        ") OR (orders = 1",
        "orders = 1 OR '1' = '1'",
        "PRAGMA database_list",
        "ATTACH 'x' AS y",
        "COPY profiles TO 'x'",
        "INSTALL httpfs",
        "(" * 5_000,
        "(" * 21 + "orders = 1" + ")" * 21,
        "NOT " * 300 + "member",
        "orders = " + "1 + " * 500 + "1",
        "orders = " + "9" * 5_000,
        "- " * 300 + "orders = 1",
    ],
)
def test_what_is_no_condition_never_passes(condition: Read, text: str) -> None:
    with pytest.raises(TenureError):
        condition(text)
