"""What people do with a message comes back: an open counts once, a stop holds at once, and caps have the last word."""

from __future__ import annotations

from collections.abc import Callable

from tenure.domain.business import ContactRules
from tenure.domain.message import Answer, Plan, Settled
from tenure.store.connection import Store
from tenure.store.journal import load_deliveries
from tenure.store.outbox import SqlOutbox
from tenure.store.people import Permission, may_receive, record_consents
from tenure.store.pressure import concerned, is_overheard
from tenure.store.replies import find_message, record_open, unsubscribe

NOON = 1_700_000_000_000_000
DAY = 86_400_000_000
MakePlan = Callable[..., Plan]


def sent(outbox: SqlOutbox, plan: Plan, at: int) -> None:
    outbox.plan([plan], at)
    (claimed,) = outbox.claim("email", "me", 1, at, 60.0)
    assert outbox.settle_and_intend(None, claimed, at) is None
    outbox.settle_and_intend(Settled(claimed, Answer("accepted"), "sent"), None, at)


def test_a_link_finds_its_message_and_no_other(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    outbox.plan([a_plan(str(number)) for number in range(20)], NOON)
    wanted = a_plan("7")
    found = find_message(store, wanted.key[:22])
    assert found is not None
    assert (found.key, found.customer_id) == (wanted.key, "7")
    assert find_message(store, "f" * 22) is None


def test_an_open_counts_once_however_often_its_picture_is_fetched(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan
) -> None:
    sent(outbox, a_plan("1"), NOON)
    message = find_message(store, a_plan("1").key[:22])
    assert message is not None
    assert [record_open(store, message, NOON + n) for n in range(3)] == [True, False, False]
    assert [d.delivery.kind for d in load_deliveries(store)] == ["opened"]


def test_a_stop_holds_at_once_and_is_told_once(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    outbox.plan([a_plan("1")], NOON)
    message = find_message(store, a_plan("1").key[:22])
    assert message is not None
    unsubscribe(store, message, NOON)
    unsubscribe(store, message, NOON + 1)
    assert not may_receive(store, "1", "email", "marketing")
    assert may_receive(store, "1", "email", "service")
    assert outbox.claim("email", "me", 1, NOON + 2, 60.0) == []
    assert [d.delivery.kind for d in load_deliveries(store)] == ["unsubscribed"]


def test_caps_count_what_left_and_what_may_have_left(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    rules = ContactRules(per_7_days=2, per_30_days=3)
    asked = a_plan("1", occasion_key="asked")
    for number, days in enumerate((20, 5, 3)):
        assert not is_overheard(store, asked, rules, NOON)
        when = NOON - days * DAY
        sent(outbox, a_plan("1", occasion_key=str(number), not_before=when, expires_at=when + DAY), when)
    assert is_overheard(store, asked, rules, NOON)
    assert not is_overheard(store, asked, rules, NOON + 40 * DAY)
    assert not is_overheard(store, a_plan("2"), rules, NOON)


def test_the_store_follows_the_consents_of_those_it_knows(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    outbox.plan([a_plan("1")], NOON)
    record_consents(store, [Permission("2", "email", "marketing", "granted", NOON)], NOON)
    assert concerned(store, [str(number) for number in range(1_200)]) == {"1", "2"}
