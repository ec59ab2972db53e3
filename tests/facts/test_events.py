"""Anonymous events find their customer at the sign-in, and events become the facts they mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction

import pyarrow as pa

from tenure.domain.business import Business

DAY = 86_400_000_000
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def lines(*events: dict[str, object]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def event(number: int, day: int, name: str = "Seen", **more: object) -> dict[str, object]:
    return {"event_id": f"e{number}", "name": name, "occurred_at": f"2024-01-{day:02d}", **more}


def whose(desk) -> list[tuple[object, ...]]:
    return [
        (event_id, customer, None if known is None else (known - START) // DAY + 1)
        for event_id, customer, known in desk.warehouse.fetch(
            "SELECT e.event_id, c.customer_id, e.known_at FROM facts.events e "
            "LEFT JOIN facts.customers c ON c.customer_key = e.customer_key ORDER BY e.event_id"
        )
    ]


def test_anonymous_events_belong_to_nobody_until_a_sign_in_joins_them(desk):
    desk.load("events", lines(event(1, 2, anonymous_id="x"), event(2, 8, anonymous_id="x")), name="a.jsonl")
    assert whose(desk) == [("e1", None, 2), ("e2", None, 8)]
    desk.load("events", lines(event(3, 5, "identify", anonymous_id="x", customer_id="ann")), name="b.jsonl")
    assert whose(desk) == [("e1", "ann", 5), ("e2", "ann", 8), ("e3", "ann", 5)]


def test_the_earliest_sign_in_wins_even_when_it_arrives_later(desk):
    desk.load(
        "events", lines(event(1, 2, anonymous_id="x"), event(2, 9, customer_id="bob", anonymous_id="x")), name="a.jsonl"
    )
    assert whose(desk)[0] == ("e1", "bob", 9)
    desk.load("events", lines(event(3, 4, customer_id="ann", anonymous_id="x")), name="b.jsonl")
    assert whose(desk) == [("e1", "ann", 4), ("e2", "bob", 9), ("e3", "ann", 4)]


def test_a_sign_in_that_is_taken_back_unjoins(desk):
    desk.load(
        "events", lines(event(1, 2, anonymous_id="x"), event(2, 3, customer_id="ann", anonymous_id="x")), name="a.jsonl"
    )
    desk.load("events", lines(event(2, 3, customer_id="ann", anonymous_id="y")), name="b.jsonl")
    assert whose(desk) == [("e1", None, 2), ("e2", "ann", 3)]


def test_an_alias_joins_the_id_that_it_names(desk):
    alias = event(2, 6, "alias", customer_id="ann", properties={"previousId": "x"})
    desk.load("events", lines(event(1, 2, anonymous_id="x"), alias), name="a.jsonl")
    assert whose(desk) == [("e1", "ann", 6), ("e2", "ann", 6)]


def test_a_reimport_of_joined_events_changes_nothing(desk):
    text = lines(event(1, 2, anonymous_id="x"), event(2, 3, customer_id="ann", anonymous_id="x"))
    desk.load("events", text, name="a.jsonl")
    before, version = desk.everything(), desk.intake.version()
    assert desk.load("events", text, name="a.jsonl").changed == 0
    assert (desk.everything(), desk.intake.version()) == (before, version)


BOUGHT = {
    "order_id": "o-1",
    "total": 30.5,
    "shipping": 4,
    "discount": 2.5,
    "coupon": "SPRING",
    "currency": "USD",
    "products": [{"product_id": "p1", "price": 10, "quantity": 2}, {"sku": "p2", "price": 5.25}],
}


def test_a_completed_order_is_an_order_with_its_lines(desk_of):
    desk = desk_of(Business(currency="EUR", rates=(("USD", Fraction(1, 2)),)))
    loaded = desk.load(
        "events", lines(event(1, 2, "Order Completed", customer_id="ann", properties=BOUGHT)), name="a.jsonl"
    )
    assert loaded.notes == ("1 orders came from events", "2 order lines came from events")
    assert desk.rows("orders", "order_id, customer_id, total, discount, shipping, coupon, day") == [
        ("o-1", "ann", 1525, 125, 200, "SPRING", 19724)
    ]
    assert desk.rows("order_lines", "line, product_id, quantity, unit_price, customer_key", "line") == [
        (1, "p1", 2000, 500, 1),
        (2, "p2", 1000, 262, 1),
    ]
    assert desk.rows("events", "name, value") == [("Order Completed", 3050)]


def test_an_anonymous_order_is_an_order_once_its_buyer_signs_in(desk):
    desk.load(
        "events",
        lines(event(1, 2, "Order Completed", anonymous_id="x", properties=BOUGHT | {"currency": "USD"})),
        name="a.jsonl",
    )
    assert desk.rows("orders") == []
    desk.load("events", lines(event(2, 5, customer_id="ann", anonymous_id="x")), name="b.jsonl")
    assert desk.rows("orders", "order_id, customer_id") == [("o-1", "ann")]
    version = desk.intake.version()
    desk.load("events", lines(event(2, 5, customer_id="ann", anonymous_id="x")), name="b.jsonl")
    assert desk.intake.version() == version


def test_an_order_that_the_shop_recorded_is_left_as_it_is(desk):
    desk.load("orders", "order_id,customer_id,ordered_at,total\no-1,ann,2024-01-02,99\n")
    desk.load("events", lines(event(1, 2, "Order Completed", customer_id="ann", properties=BOUGHT)), name="a.jsonl")
    assert desk.rows("orders", "total") == [(9900,)]
    assert desk.rows("order_lines") == []


def test_an_order_event_without_its_number_is_kept_aside(desk):
    loaded = desk.load(
        "events", lines(event(1, 2, "Order Completed", customer_id="ann", properties={"total": 5})), name="a.jsonl"
    )
    assert loaded.accepted == 1
    assert [(q.table, q.column, q.reason) for q in desk.intake.quarantined()] == [("orders", "order_id", "is missing")]


def test_a_refunded_order_is_a_refund_of_what_it_says_or_of_the_whole(desk):
    desk.load("orders", "order_id,customer_id,ordered_at,total\no-1,ann,2024-01-02,99\no-2,ann,2024-01-02,50\n")
    desk.load(
        "events",
        lines(
            event(1, 3, "Order Refunded", customer_id="ann", properties={"order_id": "o-1", "total": 20}),
            event(2, 4, "Order Refunded", customer_id="ann", properties={"order_id": "o-2"}),
            event(3, 4, "Order Refunded", customer_id="ann", properties={"order_id": "o-3"}),
        ),
        name="a.jsonl",
    )
    assert desk.rows("refunds", "refund_id, order_id, amount", "order_id") == [
        ("refund-e1", "o-1", 2000),
        ("refund-e2", "o-2", 5000),
    ]
    assert [q.reason for q in desk.intake.quarantined()] == ["order o-3 is not known; import orders first"]


def test_what_became_of_an_email_is_a_delivery_once(desk):
    desk.intake.record(
        "contacts", pa.table({"customer_key": [1], "message_id": ["m1"], "campaign": ["hello"], "channel": ["email"]})
    )
    events = [
        event(n, 3, name, customer_id="ann", properties={"message_id": "m1"})
        for n, name in enumerate(["Email Opened", "Email Link Clicked", "Unsubscribed", "Seen"])
    ]
    again = event(9, 3, "Email Opened", customer_id="ann", properties={"message_id": "m1"})
    desk.load("events", lines(*events, again), name="a.jsonl")
    assert desk.rows("deliveries", "customer_key, message_id, campaign, channel, kind, day", "kind") == [
        (1, "m1", "hello", "email", kind, 19725) for kind in ("clicked", "opened", "unsubscribed")
    ]


def test_meaning_that_a_crash_left_behind_is_made_good_by_the_next_import(desk, monkeypatch):
    from tenure.warehouse import meaning

    text = lines(event(1, 2, "Order Completed", customer_id="ann", properties=BOUGHT))
    monkeypatch.setattr(meaning, "tell", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        desk.load("events", text, name="a.jsonl")
    except KeyboardInterrupt:
        monkeypatch.undo()
    assert desk.rows("orders") == []
    desk.load("events", text, name="a.jsonl")
    assert desk.rows("orders", "order_id") == [("o-1",)]
