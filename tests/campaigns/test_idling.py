"""A campaign that can find nobody says what is missing, and one that can is not called idle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.campaigns.idling import demanded, idle_reason, rivals
from tenure.campaigns.parse import parse
from tenure.domain.campaign import Campaign
from tenure.domain.idleness import Seen
from tenure.domain.profile import BY_NAME
from tenure.domain.segment import Condition
from tenure.warehouse.dialect import render

WORDS = {"en": "---\nsubject: x\n---\ny"}
EVERYTHING = Seen(frozenset({"Quote Sent"}), frozenset(BY_NAME), frozenset({"sale"}), True, True, frozenset({"email"}))


def read(text: str, name: str = "x") -> Campaign:
    return parse(name, f"title: T\n{'' if 'channels' in text else 'channels: [push, email]'}\n{text}", WORDS)


@pytest.mark.parametrize(("text", "lacks", "reason"), [
    ("channels: [push, inapp]\noccasion: {key: stage}", {}, "the business has set up no channel `push` or `inapp`"),
    ("occasion: {event: Quote Sent, key: stage}", {"events": frozenset()}, "the event `Quote Sent` was never recorded"),
    ("occasion: {event: Payment Failed, key: stage}", {},
     "the event `Payment Failed` was never recorded, and no fact implies it"),
    ("occasion: {date: birthday}", {"birthdays": False}, "no customer has a `birthday`"),
    ("occasion: {calendar: season}", {}, "the calendar has no season, which the fact table `occasions` gives"),
    ("occasion: {release: any}", {"releases": False}, "no product has `released_at`"),
    ("occasion: {release: better}", {"columns": {"better_product"}},
     "no customer has `better_product`, which bought products with a `better_version` give"),
    ("occasion: {key: stage}\naudience: days_to_end < 30", {"columns": {"days_to_end"}},
     "no customer has `days_to_end`, which subscriptions give"),
    ("occasion: {key: stage}\naudience: churn_90d > 0.3", {"columns": {"churn_90d"}},
     "no customer has `churn_90d`, which a fitted model gives (`tenure fit`)"),
    ("occasion: {date: trial_ends_at, key: trial_ends_at}", {"columns": {"trial_ends_at"}},
     "no customer has `trial_ends_at`, which subscriptions give"),
    ("occasion: {key: stage}\naudience: points >= 100", {"columns": {"points"}},
     "no customer has `points`, which a loyalty programme gives"),
    ("occasion: {schedule: week}\naudience: nps_last IS NULL OR nps_last > 8", {"columns": {"nps_last"}}, None),
    ("occasion: {key: stage}\naudience: orders > 1", {"columns": None}, None),
])  # fmt: skip
def test_an_idle_campaign_says_what_is_missing(text: str, lacks: dict, reason: str | None) -> None:
    campaign = read(text)
    columns = lacks.get("columns", set())
    known = None if columns is None else frozenset(BY_NAME) - columns
    assert idle_reason(campaign, replace(EVERYTHING, **{**lacks, "columns": known})) == reason
    if "push" not in text and "Payment" not in text and "season" not in text:
        assert idle_reason(campaign, EVERYTHING) is None


CONDITIONS = [
    "orders > 1", "NOT orders > 1", "points IS NULL", "NOT points IS NULL", "points BETWEEN 1 AND 3", "member",
    "NOT member", "'email' IN channels", "NOT 'email' IN channels", "tier IN ('a', 'b')", "NOT tier IN ('a')",
    "tier <> 'a'", "orders = points", "NOT (orders > 1 AND points > 1)", "NOT (orders > 1 OR points > 1)",
    "orders + points > 1", "NOT (tier = 'a' AND NOT (member OR points > 2))",
]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=3), glue=st.sampled_from([" AND ", " OR "]))
def test_a_condition_never_holds_where_a_column_that_it_demands_is_unknown(
    profiles: duckdb.DuckDBPyConnection, condition: Callable[[str], Condition], texts: list[str], glue: str
) -> None:
    tree = condition(glue.join(f"({text})" for text in texts))
    columns = ("orders", "points", "tier", "member", "channels")
    ranges = ("NULL, 1, 2", "NULL, 1, 3", "NULL, 'a', 'b'", "NULL, TRUE, FALSE", "NULL, ['email'], ['sms']")
    grid = " CROSS JOIN ".join(
        f"(SELECT unnest([{some}]) AS {name})" for name, some in zip(columns, ranges, strict=True)
    )
    for name in demanded(tree):
        assert profiles.execute(
            f"SELECT count(*) FROM (SELECT * FROM {grid}) WHERE {name} IS NULL AND {render(tree)}"
        ).fetchall() == [(0,)]


def test_campaigns_of_the_same_occasions_and_stages_are_rivals() -> None:
    one, two, three, four = (
        read("occasion: {key: last_order_at}\nstage: [lapsed, lost]", "one"),
        read("occasion: {key: last_order_at}", "two"),
        read("occasion: {key: last_order_at}\nstage: [new]", "three"),
        read("occasion: {key: last_order_at}\npurpose: service", "four"),
    )
    everyone = [one, two, three, four]
    assert rivals(one, everyone) == ("two",)
    assert rivals(two, everyone) == ("one", "three")
    assert rivals(four, everyone) == ()
