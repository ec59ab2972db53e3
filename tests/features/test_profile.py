"""Customers worked out by hand: every column of the profile that facts can fill."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import pytest

from tenure.domain.business import Business
from tenure.domain.moments import AsOf
from tenure.domain.profile import COLUMNS

DAY = 15_000
OPT_OUT = Business(consent_default="granted", margin=Fraction(3, 10))


def test_the_published_columns_and_types_are_those_of_the_contract(world, story):
    fresh = world([story.listed(1)])
    fresh.build()
    stored = fresh.warehouse.fetch("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'profiles'")
    assert stored == [("customer_key", "BIGINT"), *((c.name, c.published) for c in COLUMNS)]


def a_faithful_buyer(story, at):
    """Six order days, 10 days apart, the last 10 days ago: gaps 10, 10, 10, 10, 10."""
    moments = [at(-60), at(-50), at(-40), at(-30), at(-20), at(-10)]
    return [
        story.listed(1, at(-100), email="a@example.com", phone="", country="NL", locale="nl"),
        story.listed(2, at(-100)),  # who never bought
        *[("products", {"product_id": p, "name": p, "category": c, "brand": b, "price": 900, "unit_cost": cost,
                        "lifetime_days": days, "better_version": better})
          for p, c, b, cost, days, better in (("filter", "care", "Acme", 300, None, "filter pro"),
                                              ("filter pro", "care", "Acme", 500, None, None),
                                              ("paint", "decor", "Bolt", None, 45, None))],
        story.order(1, 0, moments[0], 2000, discount=100, coupon="SAVE", on_sale=1),
        *[story.order(1, n, moments[n], 1000) for n in range(1, 6)],
        story.order(1, 9, at(-5), 99_999, status="cancelled"),
        story.line(1, 0, moments[0], "filter", 2, 500),
        story.line(1, 0, moments[0], "paint", 1, 1000, place=2, discount=50),
        story.line(1, 2, moments[2], "filter", 1, 1000), story.line(1, 5, moments[5], "filter", 1, 1000),
        story.line(1, 9, at(-5), "filter pro", 9, 11_111, cancelled=1),
        ("refunds", {"customer_key": 1, "order_id": "o1-1", "refund_id": "r1", "at": at(-45), "amount": 400}),
        ("refunds", {"customer_key": 1, "order_id": "o1-9", "refund_id": "r2", "at": at(-4), "amount": 99_999}),
        ("costs", {"customer_key": 1, "cost_id": "k1", "kind": "parcel", "at": at(-9), "amount": 150}),
        ("costs", {"cost_id": "k2", "segment": "everyone", "kind": "rent", "at": at(-9), "amount": 9_999}),
        ("tickets", {"customer_key": 1, "ticket_id": "t1", "kind": "complaint", "at": at(-8), "cost": 250}),
        ("tickets", {"customer_key": 1, "ticket_id": "t2", "kind": "question", "at": at(-8), "closed_at": at(-7)}),
        ("feedback", {"customer_key": 1, "feedback_id": "f1", "kind": "nps", "at": at(-9), "score": 3.0}),
        ("feedback", {"customer_key": 1, "feedback_id": "f2", "kind": "nps", "at": at(-6), "score": 9.0}),
        ("feedback", {"customer_key": 1, "feedback_id": "f3", "kind": "csat", "at": at(-6), "score": 4.5}),
        ("consents", {"customer_key": 1, "consent_id": "y1", "channel": "push", "purpose": "marketing",
                      "state": "denied", "at": at(-50)}),
        story.event(1, 1, "Page Viewed", at(-45)), story.event(1, 2, "Product Added", at(-3), product_id="paint"),
        story.event(1, 3, "Product Added", at(-2), value=500), story.event(1, 4, "Product Removed", at(-1), value=300),
        story.event(1, 5, "Product Added", at(-11), value=7_777),  # before the latest order
        ("contacts", {"customer_key": 1, "message_id": "m1", "campaign": "x", "channel": "email", "cost": 1_500,
                      "purpose": "marketing", "at": at(-20), "state": "sent"}),
        ("contacts", {"customer_key": 1, "message_id": "m2", "campaign": "x", "channel": "email", "cost": 700,
                      "purpose": "service", "at": at(-2), "state": "sent"}),
    ]  # fmt: skip


def test_a_faithful_buyer_in_every_column(story, at, utc, midnight):
    row = story.one(a_faithful_buyer(story, at), OPT_OUT)
    facts_fill = {name: value for name, value in row.items() if not any(c.name == name and c.model for c in COLUMNS)}
    assert facts_fill == {
        "customer_key": 1, "customer_id": "c1", "as_of": utc(at(0)), "country": "NL", "locale": "nl",
        "channels": ["email", "inapp", "webhook"],
        "orders": 6, "revenue": 70.00, "discount": 1.00, "refunds": 4.00,
        # filters cost 4 × 3.00 and brought 30.00; of the other 40.00 seven tenths are cost: 70 − 4 − 12 − 28
        "margin": 26.00, "cost_to_serve": 4.00, "contact_cost": 0.02, "profit": 21.98,
        "average_order": 11.67, "value_rank": 1.0,
        "first_order_at": utc(at(-60)), "last_order_at": utc(at(-10)), "recency_days": 10.0, "tenure_days": 60.0,
        "frequency": 5, "gap_median_days": 10.0, "gap_expected_days": 10.0, "overdue": 1.0,
        "next_order_at": utc(at(0)), "next_order_low": utc(at(0)), "next_order_high": utc(at(0)),
        "discount_share": 1 / 6, "sale_share": 1 / 6,
        "events_7d": 3, "events_30d": 4, "events_90d": 5, "engagement_trend": (4 - 1) / 5,
        "last_event_at": utc(at(-1)), "cart_value": 11.00, "cart_at": utc(at(-1)),
        "tickets_open": 1, "last_complaint_at": utc(at(-8)), "csat_last": 4.5, "nps_last": 9.0,
        "plan": None, "plan_price": None, "trial_ends_at": None, "contract_ends_at": None, "days_to_end": None,
        "auto_renew": None, "last_used_at": None,
        "top_category": "care", "top_brand": "Acme", "better_product": "filter pro",
        # filters at −60, −40, −10: gaps 20 and 30, the nearest-rank median is 20, so due at +10; paint was due at −15
        "replacement_product": "paint", "replacement_due_at": utc(at(-15)),
        "points": None, "tier": None, "member": None, "referrals": None,
        "contacts_7d": 0, "contacts_30d": 1, "last_contact_at": utc(at(-2)),
        "stage": "loyal", "stage_since": midnight(at(-30)),  # the end of `new`
        "holdout": hashlib.md5(b"|c1").hexdigest()[:8] < "0ccccccc",
    }  # fmt: skip


def test_gaps_are_nearest_ranks_and_shrink_to_the_base(story, at, utc):
    """Gaps 5, 5, 20, 30; the base's 60 days over 4 gaps are 15 on average: (60 + 2 × 15) ÷ 6."""
    row = story.one(
        [story.listed(1), *(story.order(1, n, at(when)) for n, when in enumerate((-70, -65, -60, -40, -10)))]
    )
    assert (row["frequency"], row["gap_median_days"], row["gap_expected_days"]) == (4, 5.0, 15.0)
    assert row["overdue"] == 10 / 15
    assert (row["next_order_low"], row["next_order_high"]) == (utc(at(-5)), utc(at(20)))
    assert row["next_order_at"] == utc(at(5))


def test_two_orders_of_one_day_are_one_day(story, at):
    row = story.one([story.listed(1), story.order(1, 1, at(-10)), story.order(1, 2, at(-10.1))])
    assert (row["orders"], row["frequency"], row["gap_median_days"], row["next_order_low"]) == (2, 0, None, None)
    assert row["gap_expected_days"] == 90.0  # nobody ever came back: the retention window


def test_an_order_marked_refunded_counts_whole_unless_a_refund_says_how_much(story, at):
    refund = ("refunds", {"customer_key": 1, "order_id": "o1-2", "refund_id": "r", "at": at(-7), "amount": 200})
    orders = [story.order(1, 1, at(-9), 500, status="refunded"), story.order(1, 2, at(-8), 700, status="refunded")]
    assert story.one([story.listed(1), *orders, refund])["refunds"] == 7.00


def test_an_order_that_states_no_discount_takes_that_of_its_lines(story, at):
    facts = [story.listed(1), story.order(1, 1, at(-9), 500), story.line(1, 1, at(-9), "x", discount=30),
             story.line(1, 1, at(-9), "y", place=2, discount=20), story.order(1, 2, at(-8), 500, discount=0),
             story.line(1, 2, at(-8), "x", discount=70)]  # fmt: skip
    row = story.one(facts)
    assert (row["discount"], row["discount_share"]) == (0.50, 0.5)


def test_a_viewed_cart_says_what_it_is_worth_and_an_emptied_one_is_none(story, at):
    added = story.event(1, 1, "Product Added", at(-3), value=700)
    viewed, more = (
        story.event(1, 2, "Cart Viewed", at(-2), value=900),
        story.event(1, 3, "Product Added", at(-1), value=50),
    )
    assert story.one([story.listed(1), added, viewed, more])["cart_value"] == 9.50
    emptied = story.one([story.listed(1), added, story.event(1, 2, "Product Removed", at(-2), value=700)])
    assert (emptied["cart_value"], emptied["cart_at"]) == (None, None)
    assert story.one([story.listed(1), added, story.event(1, 2, "Order Completed", at(-2))])["cart_at"] is None


@pytest.mark.parametrize(
    ("default", "answers", "expected"),
    [
        ("denied", [], []),
        ("granted", [], ["email", "sms", "push", "inapp", "webhook"]),
        ("denied", [("email", "granted", -9), ("email", "denied", -8), ("sms", "granted", -8)], ["sms"]),
        ("denied", [("email", "granted", -9), ("email", "denied", -9)], []),
        ("denied", [("mail", "granted", -9), ("email", "granted", 1)], ["mail"]),
    ],
)
def test_channels_are_what_the_latest_answer_allows_and_an_address_reaches(story, at, default, answers, expected):
    facts = [
        ("consents", {"customer_key": 1, "consent_id": f"y{number}", "channel": channel, "state": state,
                      "purpose": "marketing", "at": at(when)})
        for number, (channel, state, when) in enumerate(answers)
    ]  # fmt: skip
    facts.append(story.listed(1, at(-99), email="a@example.com", phone="+31 1"))
    assert story.one(facts, Business(consent_default=default))["channels"] == expected


def test_an_own_gap_wins_over_a_lifetime_and_what_is_long_overdue_is_left_out(story, at, utc):
    days = (-60, -40, -10)
    facts = [story.listed(1), ("products", {"product_id": "filter", "name": "f", "lifetime_days": 500}),
             *(story.order(1, n, at(when)) for n, when in enumerate(days)),
             *(story.line(1, n, at(when), "filter") for n, when in enumerate(days))]  # fmt: skip
    row = story.one(facts)
    assert (row["replacement_product"], row["replacement_due_at"]) == ("filter", utc(at(10)))
    given_up = story.one(facts, as_of=AsOf(at(31), DAY + 31))
    assert given_up["replacement_product"] is None


def test_who_is_known_only_by_a_fact_to_come_does_not_exist(world, story, at):
    unlisted = [("customers", {"customer_key": k, "customer_id": f"c{k}", "declared": 0}) for k in (4, 5)]
    facts = [
        story.listed(1, at(-5)),
        story.listed(2),
        story.listed(3, at(5)),
        *unlisted,
        story.order(4, 1, at(5)),
        story.event(5, 1, "Login", at(-1)),
    ]
    assert world(facts).build()["customer_id"].to_pylist() == ["c1", "c2", "c5"]


def test_building_again_changes_nothing_and_a_failure_leaves_what_was_there(world, story, at, monkeypatch):
    fresh = world([story.order(1, 1, at(-9)), story.order(2, 1, at(-8)), story.listed(1), story.listed(2)])
    first = fresh.build()
    assert fresh.build() == first

    def breaks(currency, *, days):
        raise RuntimeError("the power is out")

    monkeypatch.setattr("tenure.warehouse.profiles.published", breaks)
    with pytest.raises(RuntimeError):
        fresh.build()
    assert fresh.warehouse.arrow("SELECT * FROM main.profiles ORDER BY customer_key") == first
    assert fresh.warehouse.fetch("SELECT 1 FROM duckdb_tables() WHERE table_name = 'staged_history'") == []


def test_nobody_is_a_base_too(world):
    fresh = world()
    assert fresh.build().num_rows == 0
    assert fresh.compute(["c1"]).num_rows == 0
