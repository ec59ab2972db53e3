"""Customers worked out by hand: every column of the profile that facts can fill."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import pytest

from tenure.domain.business import Business, StageRules
from tenure.domain.moments import MICROS_PER_DAY, AsOf, from_micros
from tenure.domain.profile import COLUMNS

DAY = 15_000
OPT_OUT = Business(consent_default="granted", margin=Fraction(3, 10))


def order(key, number, at, total=1000, **more):
    return "orders", {"customer_key": key, "customer_id": f"c{key}", "order_id": f"o{key}-{number}", "at": at,
                      "total": total, **more}  # fmt: skip


def line(key, number, at, product, quantity=1, price=1000, place=1, **more):
    return "order_lines", {"customer_key": key, "order_id": f"o{key}-{number}", "line": place, "product_id": product,
                           "quantity": 1000 * quantity, "unit_price": price, "at": at, "day": at // MICROS_PER_DAY,
                           "cancelled": 0, **more}  # fmt: skip


def listed(key, at=None, **more):
    return "customers", {"customer_key": key, "customer_id": f"c{key}", "declared": 1, "at": at, **more}


def event(key, number, name, at, **more):
    return "events", {"customer_key": key, "customer_id": f"c{key}", "event_id": f"e{key}-{number}", "name": name,
                      "at": at, **more}  # fmt: skip


def contract(key, at, **more):
    return "subscriptions", {"customer_key": key, "customer_id": f"c{key}", "subscription_id": f"s{key}-{at}",
                             "plan": "light", "price": 999, "period": "month", "at": at, **more}  # fmt: skip


def one(world, facts, business=None, key=1, **more):
    rows = {row["customer_key"]: row for row in world(facts).build(business, **more).to_pylist()}
    return rows[key]


def utc(micros):
    return from_micros(micros).replace(tzinfo=None)


def midnight(micros):
    return utc(micros - micros % MICROS_PER_DAY)


def test_the_published_columns_and_types_are_those_of_the_contract(world):
    fresh = world([listed(1)])
    fresh.build()
    stored = fresh.warehouse.fetch("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'profiles'")
    assert stored == [("customer_key", "BIGINT"), *((c.name, c.published) for c in COLUMNS)]


def test_a_faithful_buyer_in_every_column(world, at):
    """Six order days, 10 days apart, the last 10 days ago: gaps 10, 10, 10, 10, 10."""
    moments = [at(-60), at(-50), at(-40), at(-30), at(-20), at(-10)]
    facts = [
        listed(1, at(-100), email="a@example.com", phone="", country="NL", locale="nl"),
        listed(2, at(-100)),  # who never bought
        *[("products", {"product_id": p, "name": p, "category": c, "brand": b, "price": 900, "unit_cost": cost,
                        "lifetime_days": days, "better_version": better})
          for p, c, b, cost, days, better in (("filter", "care", "Acme", 300, None, "filter pro"),
                                              ("filter pro", "care", "Acme", 500, None, None),
                                              ("paint", "decor", "Bolt", None, 45, None))],
        order(1, 0, moments[0], 2000, discount=100, coupon="SAVE", on_sale=1),
        *[order(1, n, moments[n], 1000) for n in range(1, 6)],
        order(1, 9, at(-5), 99_999, status="cancelled"),
        line(1, 0, moments[0], "filter", 2, 500), line(1, 0, moments[0], "paint", 1, 1000, place=2, discount=50),
        line(1, 2, moments[2], "filter", 1, 1000), line(1, 5, moments[5], "filter", 1, 1000),
        line(1, 9, at(-5), "filter pro", 9, 11_111, cancelled=1),
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
        event(1, 1, "Page Viewed", at(-45)), event(1, 2, "Product Added", at(-3), product_id="paint"),
        event(1, 3, "Product Added", at(-2), value=500), event(1, 4, "Product Removed", at(-1), value=300),
        event(1, 5, "Product Added", at(-11), value=7_777),  # before the latest order
        ("contacts", {"customer_key": 1, "message_id": "m1", "campaign": "x", "channel": "email", "cost": 1_500,
                      "purpose": "marketing", "at": at(-20), "state": "sent"}),
        ("contacts", {"customer_key": 1, "message_id": "m2", "campaign": "x", "channel": "email", "cost": 700,
                      "purpose": "service", "at": at(-2), "state": "sent"}),
    ]  # fmt: skip
    row = one(world, facts, OPT_OUT)
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
        "points": 0, "tier": None, "member": False, "referrals": 0,
        "contacts_7d": 0, "contacts_30d": 1, "last_contact_at": utc(at(-2)),
        "stage": "loyal", "stage_since": midnight(at(-30)),  # the end of `new`
        "holdout": hashlib.md5(b"|c1").hexdigest()[:8] < "0ccccccc",
    }  # fmt: skip


def test_gaps_are_nearest_ranks_and_shrink_to_the_base(world, at):
    """Gaps 5, 5, 20, 30; the base's 60 days over 4 gaps are 15 on average: (60 + 2 × 15) ÷ 6."""
    row = one(world, [listed(1), *(order(1, n, at(when)) for n, when in enumerate((-70, -65, -60, -40, -10)))])
    assert (row["frequency"], row["gap_median_days"], row["gap_expected_days"]) == (4, 5.0, 15.0)
    assert row["overdue"] == 10 / 15
    assert (row["next_order_low"], row["next_order_high"]) == (utc(at(-5)), utc(at(20)))
    assert row["next_order_at"] == utc(at(5))


def test_two_orders_of_one_day_are_one_day(world, at):
    row = one(world, [listed(1), order(1, 1, at(-10)), order(1, 2, at(-10.1))])
    assert (row["orders"], row["frequency"], row["gap_median_days"], row["next_order_low"]) == (2, 0, None, None)
    assert row["gap_expected_days"] == 90.0  # nobody ever came back: the retention window


@pytest.mark.parametrize(
    ("days", "stage", "since"),
    [
        ((), "prospect", None),
        ((-29,), "new", -29),
        ((-30,), "lapsed", 0),
        ((-31,), "lapsed", -1),
        ((-59,), "lapsed", -29),
        ((-60,), "lost", 0),
        ((-100,), "lost", -40),
        ((-65, -55, -45, -35, -25, -14), "active", -35),
        ((-65, -55, -45, -35, -25, -15), "at_risk", 0),
        ((-200, -190, -60, -55, -50, -45, -40, -35, -30, -25, -20, -15), "active", -60),  # the long gap broke the run
    ],
)
def test_the_stage_follows_the_customers_own_gap(world, at, days, stage, since):
    """After one order day the expected gap is the base's 10 days: at risk from 15, lapsed from 30, lost from 60."""
    never_loyal = Business(stages=StageRules(loyal_orders=99))
    base = [order(2, n, at(when)) for n, when in enumerate((-400, -390, -380))] if len(days) < 2 else []
    facts = [listed(1), listed(2), *base, *(order(1, n, at(when)) for n, when in enumerate(days))]
    row = one(world, facts, never_loyal)
    assert row["stage"] == stage
    if since is not None:
        assert row["stage_since"] == (utc(at(since)) if stage == "new" else midnight(at(since)))


def test_loyal_needs_orders_rank_and_punctuality(world, at):
    def stage(business, key=1):
        days = (-65, -55, -45, -35, -25, -9)
        facts = [listed(1), listed(2), *(order(1, n, at(when), 5_000) for n, when in enumerate(days))]
        return one(world, [*facts, *(order(2, n, at(when), 1_000) for n, when in enumerate(days))], business, key)[
            "stage"
        ]

    assert stage(Business()) == "loyal"
    assert stage(Business(), key=2) == "active"  # rank 0.5 is below 0.8
    assert stage(Business(stages=StageRules(loyal_rank=Fraction(1, 2))), key=2) == "loyal"
    assert stage(Business(stages=StageRules(loyal_orders=7))) == "active"


@pytest.mark.parametrize(
    ("began", "terms", "stage", "since", "filled"),
    [
        (-5, {"trial": 9}, "trial", -5, True),
        (-20, {"trial": -6}, "new", -6, True),
        (-100, {"ends": 30}, "active", -70, True),
        (-100, {"ends": 30, "left": -3}, "at_risk", -3, True),
        (-100, {"ends": 30, "left": 3}, "active", -70, True),  # not known yet
        (-100, {"ends": -40}, "lapsed", -40, False),
        (-200, {"ends": -100}, "lost", -10, False),
        (-100, {"ends": -40, "auto": 1}, "active", -70, True),
        (-20, {"trial": -6, "ends": -6}, "prospect", -6, False),
    ],
)
def test_a_contract_says_where_its_customer_stands(world, at, began, terms, stage, since, filled):
    def when(name):
        return at(terms[name]) if name in terms else None

    terms_of = {"trial_ends_at": when("trial"), "ends_at": when("ends"), "cancelled_at": when("left")}
    facts = [listed(1), contract(1, at(began), auto_renew=terms.get("auto"), **terms_of), event(1, 1, "Login", at(-1))]
    row = one(world, facts)
    assert row["stage"] == stage
    assert row["stage_since"] == utc(at(since))
    assert (row["plan"], row["plan_price"]) == (("light", 9.99) if filled else (None, None))
    assert row["last_used_at"] == (utc(at(-1)) if filled else None)
    ends = terms.get("ends", -1)
    assert row["days_to_end"] == (float(ends) if filled and ends > 0 else None)
    assert row["auto_renew"] is ((terms.get("auto") == 1) if filled else None)


def test_consent_to_renew_that_is_yet_to_come_is_not_known(world, at):
    row = one(world, [listed(1), contract(1, at(-10), auto_renew=1, auto_renew_consent_at=at(3))])
    assert row["auto_renew"] is False


def test_an_order_marked_refunded_counts_whole_unless_a_refund_says_how_much(world, at):
    refund = ("refunds", {"customer_key": 1, "order_id": "o1-2", "refund_id": "r", "at": at(-7), "amount": 200})
    orders = [order(1, 1, at(-9), 500, status="refunded"), order(1, 2, at(-8), 700, status="refunded")]
    assert one(world, [listed(1), *orders, refund])["refunds"] == 7.00


def test_an_order_that_states_no_discount_takes_that_of_its_lines(world, at):
    facts = [listed(1), order(1, 1, at(-9), 500), line(1, 1, at(-9), "x", discount=30),
             line(1, 1, at(-9), "y", place=2, discount=20), order(1, 2, at(-8), 500, discount=0),
             line(1, 2, at(-8), "x", discount=70)]  # fmt: skip
    row = one(world, facts)
    assert (row["discount"], row["discount_share"]) == (0.50, 0.5)


def test_a_viewed_cart_says_what_it_is_worth_and_an_emptied_one_is_none(world, at):
    added = event(1, 1, "Product Added", at(-3), value=700)
    viewed, more = event(1, 2, "Cart Viewed", at(-2), value=900), event(1, 3, "Product Added", at(-1), value=50)
    assert one(world, [listed(1), added, viewed, more])["cart_value"] == 9.50
    emptied = one(world, [listed(1), added, event(1, 2, "Product Removed", at(-2), value=700)])
    assert (emptied["cart_value"], emptied["cart_at"]) == (None, None)
    assert one(world, [listed(1), added, event(1, 2, "Order Completed", at(-2))])["cart_at"] is None


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
def test_channels_are_what_the_latest_answer_allows_and_an_address_reaches(world, at, default, answers, expected):
    facts = [("consents", {"customer_key": 1, "consent_id": f"y{n}", "channel": channel, "purpose": "marketing",
                           "state": state, "at": at(when)}) for n, (channel, state, when) in enumerate(answers)]  # fmt: skip
    facts.append(listed(1, at(-99), email="a@example.com", phone="+31 1"))
    assert one(world, facts, Business(consent_default=default))["channels"] == expected


def test_an_own_gap_wins_over_a_lifetime_and_what_is_long_overdue_is_left_out(world, at):
    days = (-60, -40, -10)
    facts = [listed(1), ("products", {"product_id": "filter", "name": "f", "lifetime_days": 500}),
             *(order(1, n, at(when)) for n, when in enumerate(days)),
             *(line(1, n, at(when), "filter") for n, when in enumerate(days))]  # fmt: skip
    row = one(world, facts)
    assert (row["replacement_product"], row["replacement_due_at"]) == ("filter", utc(at(10)))
    given_up = one(world, facts, as_of=AsOf(at(31), DAY + 31))
    assert given_up["replacement_product"] is None


def test_who_is_known_only_by_a_fact_to_come_does_not_exist(world, at):
    unlisted = [("customers", {"customer_key": k, "customer_id": f"c{k}", "declared": 0}) for k in (4, 5)]
    facts = [
        listed(1, at(-5)),
        listed(2),
        listed(3, at(5)),
        *unlisted,
        order(4, 1, at(5)),
        event(5, 1, "Login", at(-1)),
    ]
    assert world(facts).build()["customer_id"].to_pylist() == ["c1", "c2", "c5"]


def test_building_again_changes_nothing_and_a_failure_leaves_what_was_there(world, at, monkeypatch):
    fresh = world([order(1, 1, at(-9)), order(2, 1, at(-8)), listed(1), listed(2)])
    first = fresh.build()
    assert fresh.build() == first

    def breaks(currency):
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
