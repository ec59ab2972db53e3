"""What results teach the next decisions, and that nothing later than the moment teaches anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure import registry
from tenure.domain.arms import is_left_alone
from tenure.domain.business import Business
from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion, Offer
from tenure.domain.learned import NOTHING
from tenure.domain.moments import as_of
from tenure.warehouse.bases import Asked
from tenure.warehouse.profiles import parameters
from tenure.warehouse.programme import goods_sql
from tenure.warehouse.views import KeyRange


@pytest.fixture
def hello():
    return Campaign("hello", "1", "Hello", "marketing", (), Audience(""), Occasion("last_order_at"), ("email",), Goal(),
                    Belief(0.02, "low"))  # fmt: skip


def test_lifts_are_learned_by_the_stage_and_path_that_the_decision_saw(past, hello):
    for customer in range(400):
        arm = "treated" if customer % 2 else "control"
        stage, path = ("active", "active") if customer < 200 else ("lost", "discount")
        past.assigned(customer, 20, arm, stage=stage, path=path)
        if customer % 10 == 0 or (arm == "treated" and customer < 200 and customer % 4 == 1):
            past.ordered(customer, 10)
    past.measure(campaign=hello)
    known = past.known(past.now + timedelta(days=1))
    assert set(known.lifts) == {("hello", s, p) for s, p in ((None, None), ("active", None), ("active", "active"),
                                                              ("lost", None), ("lost", "discount"))}  # fmt: skip
    assert known.lift("hello", "active", "active").mean > 0.1 > known.lift("hello", "lost", "discount").mean
    assert known.lift("hello", "active", "active").people == 200
    assert known.lift("hello", "prospect", None) == known.lifts["hello", None, None]
    assert known.alone["hello"] == pytest.approx(0.2, abs=0.001)  # of control every fifth came


def test_what_is_learned_at_a_moment_is_known_only_after_it(past, hello):
    past.assigned(1, 20, stage="active", path="active")
    past.assigned(2, 20, "control", stage="active", path="active")
    past.measure(campaign=hello)
    assert past.known(past.now) == NOTHING
    assert past.known(past.now + timedelta(microseconds=1)).lift("hello", "active", "active") is not None
    past.ordered(1, 10)
    past.measure(past.now + timedelta(days=2), hello)
    first, second = (past.known(past.now + timedelta(days=d)) for d in (1, 3))
    assert first.lift("hello", None, None).mean < second.lift("hello", None, None).mean


def test_learning_again_replaces_what_was_learned_of_the_same_moment(past, hello):
    past.assigned(1, 20)
    past.assigned(2, 20, "control")
    for _ in range(2):
        past.measure(campaign=hello)
    assert past.warehouse.fetch("SELECT count(*) FROM learned WHERE kind = 'lifts'") == [(1,)]


def test_whose_days_are_not_over_teaches_nothing(past, hello):
    past.assigned(1, 13, stage="active", path="active")
    past.assigned(2, 13, "control", stage="active", path="active")
    past.ordered(1, 10)
    past.measure(campaign=hello)
    assert past.known(past.now + timedelta(days=1)).lifts == {}


def test_a_later_step_has_no_control_of_its_own_but_its_messages_count(past, hello):
    step = replace(hello, name="hello/again")
    past.assigned(1, 20)
    past.assigned(2, 20, "control")
    past.assigned(1, 18, campaign="hello/again")
    for message, campaign in (("m1", "hello"), ("m2", "hello/again")):
        past.insert("contacts", customer_key=1, message_id=message, campaign=campaign, at=past.micros(18), cost=1000,
                    state="sent", channel="email", purpose="marketing")  # fmt: skip
    (row,) = past.measure(campaign=replace(hello, steps=(step,)))
    assert (row["campaign"], row["sent"]) == ("hello", 2)
    assert past.measure(campaign=step) == []
    assert {name for name, _, _ in past.known(past.now + timedelta(days=1)).lifts} == set()


def test_redeemed_is_who_bought_with_the_offer_in_hand_and_used_it(past, hello):
    offer = replace(hello, offer=Offer("percent", 10))
    hand = {"offer_kind": "percent", "stage": "active"}
    for customer in range(1, 7):
        past.assigned(customer, 20, **hand)
    past.assigned(7, 20, stage="active")  # promised nothing
    past.assigned(8, 13, **hand)  # whose days are not over
    past.ordered(1, 10, discount=100)
    past.ordered(2, 10, coupon="TEN")
    reduced = past.ordered(3, 10)
    past.insert("order_lines", customer_key=3, order_id=reduced, line=1, product_id="p", quantity=1000, unit_price=900,
                discount=100, at=past.micros(10))  # fmt: skip
    past.ordered(4, 10)
    past.ordered(5, 5, discount=100)  # too late
    past.ordered(6, 10, discount=100, status="cancelled")
    for customer in (7, 8):
        past.ordered(customer, 10, discount=100)
    (row,) = past.outcomes.redemptions([offer], as_of(past.now, "UTC")).to_pylist()
    assert (row["buyers"], row["redeemed"]) == (4, 3)
    past.measure(campaign=offer)
    assert past.known(past.now + timedelta(days=1)).redeemed["hello"] == pytest.approx((3 + 20 * 13 / 14) / 24)


def test_an_unsubscription_counts_if_it_followed_a_message_within_a_week(past, hello):
    for number, (sent, left) in enumerate(((20, 19), (20, 12), (20, None), (6, 5))):
        past.insert("contacts", customer_key=number, message_id=f"m{number}", campaign="hello", at=past.micros(sent),
                    state="sent", channel="email", purpose="marketing")  # fmt: skip
        if left is not None:
            past.insert("deliveries", customer_key=number, message_id=f"m{number}", campaign="hello",
                        at=past.micros(left), kind="unsubscribed")  # fmt: skip
    (row,) = past.outcomes.unsubscriptions(as_of(past.now, "UTC")).to_pylist()
    assert row == {"channel": "email", "messages": 3, "unsubscribed": 1}
    past.assigned(1, 20)
    past.measure(campaign=hello)
    assert past.known(past.now + timedelta(days=1)).unsubscribed == {"email": pytest.approx(2 / 1003)}


def test_wasted_discount_is_measured_from_orders(past, hello):
    """Half of control came without any discount; of the treated as many, each for 5 less."""
    for customer in range(200):
        past.assigned(customer, 20, "treated" if customer % 2 else "control")
        if customer % 4 > 1:
            past.ordered(customer, 10, discount=500 * (customer % 2))
    (row,) = past.measure(campaign=replace(hello, offer=Offer("amount", 5)))
    assert (row["discount"], row["wasted"]) == (250.0, 250.0) and row["wasted_low"] > 50
    (row,) = past.measure(campaign=hello)
    assert row["wasted"] is None, "who offers nothing wastes nothing; what was given came from elsewhere"


def test_it_is_said_how_many_more_people_and_weeks_the_stated_lift_takes(past, hello):
    for customer in range(400):
        past.assigned(customer, 28, "treated" if customer % 2 else "control")
        if customer % 10 < 2:
            past.ordered(customer, 20)
    (row,) = past.measure(campaign=replace(hello, effect=Belief(0.1, "low"), control=0.5))
    assert row["believed"] == 0.1 and 300 < row["people_needed"] < 3_000
    assert row["weeks_needed"] == pytest.approx(row["people_needed"] / 100)
    (sure,) = past.measure(campaign=replace(hello, effect=Belief(0.5, "low"), control=0.5))
    assert sure["people_needed"] == 0


def everybody(past, treated_order: int) -> None:
    """Six hundred customers, of whom the treated order once for so much since the first contact, 30 days ago."""
    for customer in range(600):
        past.insert("customers", customer_key=customer, customer_id=f"c{customer}", declared=1, at=past.micros(300))
        held = is_left_alone("s", f"c{customer}", 0.2)
        past.ordered(customer, 40, 1000 + customer)
        past.ordered(customer, 20, 1000 + customer + (0 if held else treated_order))
    past.assigned(1, 30)


def test_everything_stands_against_the_holdout_in_profit_per_head(past, hello):
    everybody(past, 2000)
    whole, own = past.measure(campaign=hello, holdout=0.2)
    assert (whole["campaign"], own["campaign"]) == ("everything", "hello")
    assert whole["treated"] + whole["control"] == 600 and 80 < whole["control"] < 160 and whole["alarm"] == ""
    assert whole["profit_effect"] == pytest.approx(20 * 0.3, abs=0.01), "a margin of 30%, nothing else known"
    assert whole["profit_low"] > 5 and whole["revenue_variance_ratio"] < 0.02
    assert whole["treated_rate"] == whole["control_rate"] == 1.0


def test_without_a_holdout_there_is_no_everything(past, hello):
    everybody(past, 0)
    assert [row["campaign"] for row in past.measure(campaign=hello)] == ["hello"]


def test_the_cost_of_goods_is_that_of_the_profile(past):
    past.insert("products", product_id="p", name="p", unit_cost=333)
    past.insert("products", product_id="q", name="q", unit_cost=50, released_at=past.micros(-1))
    past.insert("products", product_id="r", name="r")
    for line, (customer, product, cancelled, day) in enumerate(
        (
            (1, "p", 0, 9),
            (1, "p", 1, 9),
            (1, "q", 0, 9),
            (1, "r", 0, 9),
            (2, "p", 0, -1),
            (3, "p", 0, 9),
            (9, "p", 0, 9),
        )
    ):
        past.insert("order_lines", customer_key=customer, order_id=f"o{line}", line=1, product_id=product, discount=7,
                    quantity=1500, unit_price=499, cancelled=cancelled, at=past.micros(day))  # fmt: skip
    at, part = as_of(past.now, "UTC"), KeyRange(0, 9)
    asked = Asked(past.warehouse, registry.relations_of("features"), at, parameters(at, Business()))
    ours, theirs = (past.warehouse.fetch(f"SELECT * FROM ({text}) ORDER BY 1")
                    for text in (goods_sql(at, part), asked.text("goods", part, {})))  # fmt: skip
    assert ours == theirs and len(ours) == 2


later = st.lists(st.tuples(st.sampled_from(["order", "contact", "unsubscribed", "assigned", "discounted"]),
                           st.integers(0, 599), st.floats(0, 50)), min_size=1, max_size=12)  # fmt: skip
FIVE_PERCENT = Campaign("hello", "1", "Hello", "marketing", (), Audience(""), Occasion("last_order_at"), ("email",),
                        Goal(), Belief(0.02, "low"), Offer("percent", 5))  # fmt: skip


@pytest.fixture(scope="module")
def crowd(_shop):
    """Forty customers with decisions, orders and a holdout, and what is learned of them nine days ago."""
    _shop.empty()
    for customer in range(40):
        _shop.insert("customers", customer_key=customer, customer_id=f"c{customer}", declared=1, at=_shop.micros(300))
        _shop.assigned(customer, 30 - customer / 4, "control" if customer % 3 == 0 else "treated", stage="active",
                       path="active", offer_kind="percent")  # fmt: skip
        _shop.ordered(customer, 25 - customer / 2, 1000 + customer, discount=customer)
    for table in ("facts.assignments", "facts.orders"):
        _shop.warehouse.run(f'DELETE FROM {table} WHERE "at" >= {_shop.micros(9)}')
    return _shop, learned_of(_shop)


def learned_of(past):
    moment = past.now - timedelta(days=9)
    return past.measure(moment, FIVE_PERCENT, holdout=0.2), past.known(moment + timedelta(days=1))


@settings(max_examples=6, deadline=None)
@given(later)
def test_nothing_at_or_after_the_moment_teaches_anything(crowd, drawn):
    past, before = crowd
    for what, customer, days in drawn:
        ago = 9 - days
        if what == "assigned":
            past.assigned(customer + 1000, ago, key="later", stage="new", path="discount", offer_kind="percent")
        elif what == "contact":
            past.insert("contacts", customer_key=customer, message_id=f"x{customer}", campaign="hello", state="sent",
                        at=past.micros(ago), channel="email", purpose="marketing", cost=9)  # fmt: skip
        elif what == "unsubscribed":
            past.insert("deliveries", customer_key=customer, message_id="m", kind="unsubscribed", at=past.micros(ago))
        else:
            past.ordered(customer % 40, ago, 77, discount=5 if what == "discounted" else None)
    try:
        assert learned_of(past) == before
    finally:
        for table in ("assignments", "contacts", "deliveries", "orders"):
            past.warehouse.run(f'DELETE FROM facts.{table} WHERE "at" >= {past.micros(9)}')
