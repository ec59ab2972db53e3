"""Whatever happens at or after `as_of`, the profile as of that moment stays as it is."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PEOPLE = (1, 2, 3, 4)
PRODUCTS = ("filter", "filter pro", "paint")
SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

person = st.sampled_from(PEOPLE)
days = st.one_of(st.integers(-300, -1), st.integers(0, 40), st.sampled_from([-90.0, -30.0, -7.0, -0.5, 0.0, 0.5])).map(
    float
)  # 0 is `as_of` itself, which is not before it
later = st.one_of(st.none(), st.integers(0, 200))
cents = st.integers(0, 20_000)


_DELAYS = ("who", "when", "lines", "refund", "known", "closed", "ends", "trial", "cancelled", "agreed")


def _row(table: str, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.fixed_dictionaries(columns).map(lambda row: (table, row))


fact = st.one_of(
    _row("orders", who=person, when=days, total=cents, discount=st.none() | cents, status=st.sampled_from(
        [None, "paid", "refunded", "cancelled"]), coupon=st.sampled_from([None, "SAVE"]),
        on_sale=st.none() | st.integers(0, 1),
        lines=st.lists(st.tuples(st.sampled_from((*PRODUCTS, "unlisted")), st.integers(1, 3), cents), max_size=3),
        refund=later),
    _row("events", who=person, when=days, name=st.sampled_from(
        ["Product Added", "Product Removed", "Cart Viewed", "Order Completed", "Page Viewed"]),
        value=st.none() | cents, product_id=st.sampled_from([None, *PRODUCTS]), known=later),
    _row("tickets", who=person, when=days, closed=later, kind=st.sampled_from(["complaint", "question"]),
         cost=st.none() | cents),
    _row("feedback", who=person, when=days, kind=st.sampled_from(["csat", "nps", "exit"]),
         score=st.none() | st.integers(0, 10).map(float)),
    _row("costs", who=person, when=days, amount=st.integers(-500, 500), kind=st.just("parcel")),
    _row("consents", who=person, when=days, channel=st.sampled_from(["email", "sms", "mail"]),
         state=st.sampled_from(["granted", "denied"]), purpose=st.sampled_from(["marketing", "service"])),
    _row("subscriptions", who=person, when=days, ends=later, trial=st.sampled_from([None, 14]), cancelled=later,
         agreed=later, auto_renew=st.sampled_from([None, 0, 1])),
    _row("payments", who=person, when=days, amount=cents),
    _row("contacts", who=person, when=days, purpose=st.sampled_from(["marketing", "service"]), cost=cents),
    _row("deliveries", who=person, when=days, kind=st.just("opened")),
    _row("assignments", who=person, when=days, arm=st.just("control")),
    _row("customers", who=person, when=days, listed=st.booleans()),
    _row("products", who=person, when=days, which=st.sampled_from(PRODUCTS)),
)  # fmt: skip


def canonical(facts, moment, *, with_future: bool):
    """The facts as stored rows; without the future, nothing at or after the moment of looking is left in them."""
    listed = {f["who"]: f for kind, f in facts if kind == "customers"}
    released = {f["which"]: f for kind, f in facts if kind == "products"}
    for who in PEOPLE:
        yield "customers", _customer(who, listed.get(who), moment, with_future)
    for place, name in enumerate(PRODUCTS):
        when = released.get(name, {"when": None})["when"]
        if when is None or when < 0 or with_future:
            yield "products", {
                "product_id": name, "name": name, "category": name[:1], "brand": f"brand {place % 2}", "price": 900,
                "unit_cost": 300 if place else None, "lifetime_days": 60 if place == 2 else None,
                "better_version": "filter pro" if place == 0 else None,
                "released_at": None if when is None else moment(when),
            }  # fmt: skip
    for number, (table, row) in enumerate(facts):
        if table not in ("customers", "products") and (with_future or row["when"] < 0):
            yield from _stored(table, number, row, moment, with_future)


def _customer(who, listed, moment, with_future):
    row = {"customer_key": who, "customer_id": f"c{who}", "declared": 0}
    if listed is None or not listed["listed"] or (listed["when"] >= 0 and not with_future):
        return row
    return {**row, "declared": 1, "at": moment(listed["when"]), "email": f"c{who}@example.com", "country": "NL"}


def _stored(table, number, row, moment, with_future):
    own = {k: v for k, v in row.items() if k not in _DELAYS}
    key, when = {"customer_key": row["who"], "at": moment(row["when"])}, row["when"]

    def then(name):
        """The moment that a later entry in the row bears, if it has been made yet."""
        delay = row[name]
        return None if delay is None or (not with_future and when + delay >= 0) else moment(when + delay)

    match table:
        case "orders":
            yield table, {**key, **own, "order_id": f"o{number}", "customer_id": f"c{row['who']}"}
            for place, (product, count, price) in enumerate(row["lines"]):
                yield "order_lines", {
                    **key, "order_id": f"o{number}", "line": place, "product_id": product, "quantity": 1000 * count,
                    "unit_price": price, "discount": price // 10 if place else None,
                    "cancelled": int(row["status"] == "cancelled"),
                }  # fmt: skip
            if then("refund") is not None:
                yield "refunds", {**key, "at": then("refund"), "order_id": f"o{number}", "refund_id": f"r{number}",
                                  "amount": 100}  # fmt: skip
        case "events":
            if row["known"] is None:
                yield table, {**key, **own, "event_id": f"e{number}"}
            elif then("known") is not None:
                yield table, {**key, **own, "event_id": f"e{number}", "known_at": then("known")}
        case "tickets":
            yield table, {**key, **own, "ticket_id": f"t{number}", "closed_at": then("closed")}
        case "subscriptions":
            left, agreed = then("cancelled"), then("agreed")
            not_yet = row["agreed"] is not None and agreed is None
            yield table, {
                **key, **own, "subscription_id": f"s{number}", "plan": f"plan {number}", "price": 500,
                "period": "month", "auto_renew": 0 if not_yet else row["auto_renew"],
                "auto_renew_consent_at": agreed, "cancelled_at": left,
                "cancel_reason": "moved" if left is not None else None,
                "trial_ends_at": None if row["trial"] is None else moment(when + row["trial"]),
                "ends_at": None if row["ends"] is None else moment(when + row["ends"]),
            }  # fmt: skip
        case _:
            name = {"contacts": "message_id", "deliveries": "message_id", "assignments": "campaign"}.get(
                table, {"feedback": "feedback_id"}.get(table, f"{table.removesuffix('s')}_id")
            )
            yield table, {**key, **own, name: f"x{number}"}


@SETTINGS
@given(facts=st.lists(fact, max_size=30))
def test_a_world_without_the_future_has_the_same_profiles(world, at, facts):
    with_future = world(canonical(facts, at, with_future=True)).build()
    without = world(canonical(facts, at, with_future=False)).build()
    assert with_future.to_pylist() == without.to_pylist()


@SETTINGS
@given(facts=st.lists(fact, max_size=30), chosen=st.lists(person, max_size=3))
def test_a_named_few_get_exactly_the_rows_of_a_full_build(world, at, facts, chosen):
    ids = [f"c{who}" for who in chosen]
    fresh = world(canonical(facts, at, with_future=True))
    alone = fresh.compute(ids)  # before any build: the base is gathered for them
    whole = fresh.build(rows_per_chunk=3)  # and in several chunks
    assert alone.schema == whole.schema
    assert alone.to_pylist() == [row for row in whole.to_pylist() if row["customer_id"] in ids]
    assert fresh.compute(ids).to_pylist() == alone.to_pylist()
