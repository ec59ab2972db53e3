"""What waits in the inbox becomes facts: once, joined to its people, and judged like any source's rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.app import adapters
from tenure.domain.arrival import CALLS, Waiting
from tenure.domain.moments import to_micros
from tenure.operations.calls import tell
from tenure.operations.receive import read, receive

ARRIVAL = datetime(2024, 3, 1, 12, tzinfo=UTC)


def call(kind: str, number: int, hour: int = 0, **more: object) -> dict[str, object]:
    at = (datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=hour)).isoformat()
    return {"type": kind, "messageId": f"m{number}", "timestamp": at, **more}


@pytest.fixture
def arrive(shop):
    """Puts events into the inbox."""
    from tenure.store.inbox import SqlInbox

    def put(*calls: dict[str, object]) -> None:
        with adapters.store(shop.ws) as desk:
            SqlInbox(desk).add(receive("batch", {"batch": list(calls)}, str), to_micros(ARRIVAL))

    return put


def moment(hour: int) -> datetime:
    return datetime(2024, 3, 1, hour)


def test_identify_makes_a_customer_and_changes_only_what_it_names(shop, arrive):
    arrive(
        call("track", 1, 2, userId="ann", event="Seen"),
        call(
            "identify", 2, 3, userId="ann", traits={"email": "a@example.com", "firstName": "Ann", "vip": True, "no": 7}
        ),
        call("identify", 3, 4, userId="bob", traits={"createdAt": 1700000000, "country": "DE"}),
    )
    shop.move()
    arrive(
        call("identify", 4, 5, userId="ann", traits={"phone": "+491", "no": None, "size": "M"}),
        call("identify", 5, 6, userId="ann", traits={"email": None}),
    )
    shop.move()
    columns = ("customer_id", "created_at", "email", "phone", "name", "country", "attributes")
    assert shop.rows("customers", *columns) == [
        ("ann", moment(2), None, "+491", "Ann", None, '{"firstName": "Ann", "size": "M", "vip": true}'),
        ("bob", datetime(2023, 11, 14, 22, 13, 20), None, None, None, "DE", None),
    ]


def test_identify_keeps_what_a_file_said_of_a_customer(shop, arrive, tmp_path):
    (tmp_path / "c.csv").write_text(
        "customer_id,created_at,name,birthday,acquisition_cost,attributes\n"
        'ann,2020-01-02 03:04:05,Ann,1980-02-29,12.34,"{""a"": 1}"\n'
    )
    shop.load("customers", tmp_path / "c.csv")
    columns = ("customer_id", "created_at", "name", "birthday", "acquisition_cost")
    before = shop.rows("customers", *columns)
    arrive(call("identify", 1, userId="ann", traits={"email": "a@example.com", "b": 2}))
    shop.move()
    assert shop.rows("customers", *columns) == before
    assert shop.rows("customers", "email", "attributes") == [("a@example.com", '{"a": 1, "b": 2}')]


def test_anonymous_history_belongs_to_whoever_signs_in(shop, arrive):
    arrive(
        call("page", 1, 1, anonymousId="x", name="Start"), call("track", 2, 2, anonymousId="y", event="Seen"),
        call("identify", 3, 3, userId="ann", anonymousId="x"), call("alias", 4, 4, userId="ann", previousId="y"),
    )  # fmt: skip
    shop.move()
    with adapters.warehouse(shop.ws) as opened:
        found = opened.fetch("SELECT event_id, name, customer_key, known_at FROM facts.events ORDER BY event_id")
    at = {hour: to_micros(moment(hour).replace(tzinfo=UTC)) for hour in (3, 4)}
    assert found == [("m1", "Page Viewed", 1, at[3]), ("m2", "Seen", 1, at[4]), ("m3", "identify", 1, at[3]),
                     ("m4", "alias", 1, at[4])]  # fmt: skip


def test_the_cart_of_a_customer_is_what_the_events_put_into_it(shop, arrive):
    from tenure.app import customer
    from tenure.app import moment as asked

    two, one = {"product_id": "a", "price": 10, "quantity": 2}, {"product_id": "b", "value": 5}
    arrive(
        call("track", 1, 1, userId="ann", event="Product Added", properties=two),
        call("track", 2, 2, userId="ann", event="Product Added", properties=one),
        call("track", 3, 3, userId="ann", event="Product Removed", properties=one),
    )
    shop.move()
    profile = customer(shop.ws, "ann", asked(shop.ws, "2024-03-02"))
    assert (profile["cart_value"], profile["events_7d"]) == (20.0, 3)


def test_orders_and_refunds_are_brought_in_and_a_refund_waits_for_its_order(shop, arrive, tmp_path):
    bought = {"order_id": "o1", "total": 10, "products": [{"product_id": "mug", "price": 5, "quantity": 2}]}
    arrive(
        call("track", 1, 1, userId="ann", event="Order Completed", properties=bought),
        call("track", 2, 2, userId="ann", event="Order Refunded", properties={"order_id": "o1"}),
        call("track", 3, 3, userId="bob", event="Order Refunded", properties={"order_id": "o2", "total": 3}),
    )
    shop.move()
    assert shop.rows("order_lines", "order_id", "quantity", "unit_price") == [("o1", 2.0, 5.0)]
    assert shop.rows("refunds", "order_id", "amount") == [("o1", 10.0)]
    assert shop.quarantined() == [("refunds", "m3", "order_id")]
    (tmp_path / "o.csv").write_text("order_id,customer_id,ordered_at,total\no2,bob,2024-02-01,30\n")
    shop.load("orders", tmp_path / "o.csv")
    arrive(call("page", 4, 4, userId="bob"))
    shop.move()
    assert shop.rows("refunds", "order_id", "amount") == [("o1", 10.0), ("o2", 3.0)]
    assert shop.quarantined() == []


def test_a_bad_row_is_kept_aside_under_its_id_and_stays_there(shop, arrive):
    arrive(
        call("identify", 1, 1, userId="ann", traits={"birthday": "never", "email": "a@example.com"}),
        {**call("track", 2, userId="ann", event="Seen"), "timestamp": "yesterday"},
        call("track", 3, userId="ann", event="Seen", properties={"n": int("9" * 400)}),
        call("track", 4, 4, userId="ann", event="Seen"),
    )
    shop.move()
    arrive(call("track", 5, 5, userId="ann", event="Seen"), call("identify", 6, userId="ann", traits={"birthday": "?"}))
    shop.move()
    assert shop.quarantined()[:2] == [("customers", "m1", "birthday"), ("events", "m2", "occurred_at")]
    assert ("customers", "m6", "birthday") in shop.quarantined()
    assert {"m1", "m2", "m6"} <= set(shop.aside()) and "birthday" in shop.aside()["m1"]
    assert shop.rows("customers", "customer_id", "email", "birthday") == [("ann", "a@example.com", None)]
    assert {"m4", "m5"} <= {event for (event,) in shop.rows("events", "event_id")}


def test_moving_again_after_a_crash_changes_nothing(shop, arrive, monkeypatch):
    from tenure.store.inbox import SqlInbox

    arrive(
        call("identify", 1, 1, userId="ann", anonymousId="x", traits={"birthday": "never", "vip": True}),
        call("track", 2, 2, anonymousId="x", event="Order Completed", properties={"order_id": "o1", "total": 10}),
    )
    monkeypatch.setattr(SqlInbox, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        shop.move()
    monkeypatch.undo()
    monkeypatch.setenv("TENURE_WRITE_KEY", "wk-123")
    tables = ("customers", "events", "orders")
    before = [shop.rows(table, "source", "received_at") for table in tables], shop.quarantined()
    assert shop.states() == {"waiting": 2}
    shop.move()
    assert ([shop.rows(table, "source", "received_at") for table in tables], shop.quarantined()) == before
    assert shop.states() == {"moved": 1, "aside": 1}
    assert shop.move() == []


def test_many_events_are_moved_in_parts_and_their_bodies_are_forgotten(shop, arrive, monkeypatch):
    from tenure.operations import move

    monkeypatch.setattr(move.move, "__defaults__", (7,))
    arrive(*(call("track", n, userId=f"c{n % 5}", event="Seen") for n in range(30)))
    (loaded,) = shop.move()
    assert (loaded.accepted, shop.states()) == (30, {"moved": 30})
    with adapters.store(shop.ws) as desk, desk.read() as connection:
        assert connection.exec_driver_sql("SELECT sum(length(body)) FROM inbox").scalar() == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ARRIVAL),
        ({"timestamp": "2024-02-01T10:00:00+02:00"}, datetime(2024, 2, 1, 8, tzinfo=UTC)),
        ({"originalTimestamp": "2024-02-01T10:00:00Z"}, datetime(2024, 2, 1, 10, tzinfo=UTC)),
        # A clock that is three hours fast is set back by three hours.
        ({"timestamp": "2024-03-01T14:59:00Z", "sentAt": "2024-03-01T15:00:00Z"}, ARRIVAL - timedelta(minutes=1)),
        # An old file sent again keeps its moments, whenever it was sent first.
        ({"timestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:01Z"}, datetime(2020, 1, 1, tzinfo=UTC)),
        ({"timestamp": "2030-01-01T00:00:00Z"}, ARRIVAL),
        ({"timestamp": "yesterday"}, None),
        ({"timestamp": 7}, None),
    ],
)
def test_nothing_happened_after_it_arrived(said, expected):
    body = json.dumps({"userId": "ann", "event": "Seen", **said})
    assert tell(Waiting(1, "m", "track", body, to_micros(ARRIVAL))).at == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
traits = st.dictionaries(
    st.sampled_from(["email", "createdAt", "birthday", "name", "firstName", "acquisitionCost", "size"]), anything
)
ids = st.none() | st.text(max_size=9) | st.integers()
fields = dict.fromkeys(("timestamp", "sentAt", "properties", "event", "name", "category"), anything)
fields |= dict.fromkeys(("userId", "anonymousId", "previousId", "groupId"), ids) | {"traits": traits | anything}


@settings(max_examples=60)
@given(st.sampled_from(CALLS), st.fixed_dictionaries({}, optional=fields))
def test_whatever_is_taken_can_be_told_as_rows_of_text(kind, event):
    arrived = receive(kind, read(json.dumps(event).encode()), lambda: "made")[0]
    if not arrived.reason:
        told = tell(Waiting(1, arrived.message_id, kind, arrived.body, to_micros(ARRIVAL)))
        assert told.at is None or told.at <= ARRIVAL
        cells = {**(told.event or {}), **told.traits}
        assert all(text is None or isinstance(text, str) for text in cells.values())
        assert told.event is None or (told.event["event_id"] and told.event["name"])
