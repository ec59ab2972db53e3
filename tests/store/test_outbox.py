"""The outbox keeps its promises on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenure.domain.message import Answer, Claimed, Plan, Refusal, Settled
from tenure.store.connection import Store
from tenure.store.outbox import SqlOutbox
from tenure.store.review import count_messages, latest_messages, load_message, settled_since

NOON = 1_700_000_000_000_000
SECOND = 1_000_000
MakePlan = Callable[..., Plan]
States = Callable[[], dict[str, int]]
YES = Answer("accepted", "250 ok")


def claim_one(outbox: SqlOutbox, now: int = NOON, owner: str = "me", lease: float = 60.0) -> Claimed:
    (claimed,) = outbox.claim("email", owner, 1, now, lease)
    return claimed


def test_two_plans_with_one_key_are_one_message(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    assert outbox.plan([a_plan("1"), a_plan("1"), a_plan("2")], NOON) == 2
    assert outbox.plan([a_plan("2"), a_plan("3")], NOON) == 1
    assert states() == {"planned": 3}


def test_two_planners_at_once_make_each_message_once(store: Store, a_plan: MakePlan, states: States) -> None:
    plans = [a_plan(str(number)) for number in range(300)]
    orders = (plans, plans[::-1], plans[100:] + plans[:100])
    with ThreadPoolExecutor(3) as pool:
        added = list(pool.map(lambda each: SqlOutbox(store).plan(each, NOON), orders))
    assert sum(added) == 300
    assert states() == {"planned": 300}


def test_what_is_planned_comes_back_unchanged(outbox: SqlOutbox, a_plan: MakePlan) -> None:
    plan = a_plan("Zoë'; --", context='{"a": "é\\u0000 🎁"}', locale="hu")
    outbox.plan([plan], NOON)
    assert claim_one(outbox).plan == plan


def test_no_message_is_claimed_by_two(store: Store, a_plan: MakePlan) -> None:
    outbox = SqlOutbox(store)
    outbox.plan([a_plan(str(number)) for number in range(200)], NOON)
    ready = threading.Barrier(4)

    def work(owner: str) -> list[str]:
        ready.wait()
        mine: list[str] = []
        while batch := outbox.claim("email", owner, 7, NOON, 60.0):
            assert len(batch) <= 7
            mine += [claimed.plan.key for claimed in batch]
        return mine

    with ThreadPoolExecutor(4) as pool:
        claims = [key for keys in pool.map(work, "abcd") for key in keys]
    assert len(claims) == len(set(claims)) == 200


def test_only_what_is_due_on_the_channel_is_claimed(outbox: SqlOutbox, a_plan: MakePlan) -> None:
    outbox.plan([a_plan("1", not_before=NOON + 1), a_plan("2", channel="sms"), a_plan("3", expires_at=NOON)], NOON)
    assert outbox.claim("email", "me", 10, NOON, 60.0) == []


def test_the_longest_due_is_claimed_first(outbox: SqlOutbox, a_plan: MakePlan) -> None:
    outbox.plan([a_plan(str(number), not_before=NOON - number) for number in range(5)], NOON)
    assert [claimed.plan.customer_id for claimed in outbox.claim("email", "me", 3, NOON, 60.0)] == ["4", "3", "2"]


def test_a_sent_message_is_settled_with_its_reply(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan()], NOON)
    claimed = claim_one(outbox)
    assert outbox.settle_and_intend(None, claimed, NOON + 1) is None
    assert states() == {"sending": 1}
    outbox.settle_and_intend(Settled(claimed, YES, "sent"), None, NOON + 2)
    found = load_message(store, claimed.plan.key)
    assert found is not None
    standing, tried = found
    assert (standing.state, standing.reply, standing.attempts, standing.settled_at) == ("sent", "250 ok", 1, NOON + 2)
    assert [(each.outcome, each.reply) for each in tried] == [("accepted", "250 ok")]
    assert [each.key for each in settled_since(store, NOON)] == [claimed.plan.key]


def test_one_transaction_settles_the_last_and_intends_the_next(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan("1"), a_plan("2")], NOON)
    first, second = outbox.claim("email", "me", 2, NOON, 60.0)
    outbox.settle_and_intend(None, first, NOON)

    def fail(point: str) -> None:
        if point == "intending":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SqlOutbox(store, crash=fail).settle_and_intend(Settled(first, YES, "sent"), second, NOON)
    assert states() == {"sending": 1, "claimed": 1}
    assert outbox.settle_and_intend(Settled(first, YES, "sent"), second, NOON) is None
    assert states() == {"sent": 1, "sending": 1}


def test_a_lost_claim_is_planned_again_and_its_late_owner_may_not_send(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan()], NOON)
    late = claim_one(outbox, lease=1.0)
    assert outbox.recover(NOON + SECOND, 600.0).released == 1
    refusal = outbox.settle_and_intend(None, late, NOON + SECOND)
    assert refusal == Refusal("claimed", "its lease is lost")
    again = claim_one(outbox, NOON + SECOND, owner="you")
    assert again.epoch == late.epoch + 1
    assert outbox.settle_and_intend(None, late, NOON + SECOND) is not None
    outbox.refuse(late, Refusal("cancelled", "too late"), NOON + SECOND)
    assert states() == {"claimed": 1}


def test_a_lease_that_ran_out_may_not_send_even_if_nobody_took_it(outbox: SqlOutbox, a_plan: MakePlan) -> None:
    outbox.plan([a_plan()], NOON)
    late = claim_one(outbox, lease=1.0)
    assert outbox.settle_and_intend(None, late, NOON + SECOND) is not None


def test_a_lost_send_is_in_doubt_and_never_simply_planned(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    outbox.plan([a_plan()], NOON)
    outbox.settle_and_intend(None, claim_one(outbox, lease=1.0), NOON)
    found = outbox.recover(NOON + SECOND, 600.0)
    assert (found.released, found.in_doubt, found.ripe) == (0, 1, ())
    assert outbox.claim("email", "me", 1, NOON + 10 * SECOND, 60.0) == []
    assert [doubt.key for doubt in outbox.recover(NOON + 601 * SECOND, 600.0).ripe] == [a_plan().key]


def test_the_intent_begins_a_new_lease(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    outbox.plan([a_plan()], NOON)
    claimed = claim_one(outbox, lease=10.0)
    outbox.settle_and_intend(None, claimed, NOON + 9 * SECOND)
    assert outbox.recover(NOON + 18 * SECOND, 600.0).in_doubt == 0
    assert outbox.recover(NOON + 19 * SECOND, 600.0).in_doubt == 1


def test_what_a_dead_process_held_is_taken_back_at_once(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan("1"), a_plan("2"), a_plan("3")], NOON)
    first, _ = outbox.claim("email", "dead", 2, NOON, 60.0)
    outbox.settle_and_intend(None, first, NOON)
    claim_one(outbox, owner="alive")
    found = outbox.recover(NOON + 1, 600.0)
    assert (found.released, found.in_doubt) == (1, 1)
    assert states() == {"planned": 1, "in_doubt": 1, "claimed": 1}


def test_a_late_yes_ends_the_doubt(outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States) -> None:
    outbox.plan([a_plan()], NOON)
    claimed = claim_one(outbox, lease=1.0)
    outbox.settle_and_intend(None, claimed, NOON)
    outbox.recover(NOON + SECOND, 600.0)
    outbox.settle_and_intend(Settled(claimed, YES, "sent"), None, NOON + 2 * SECOND)
    assert states() == {"sent": 1}


def test_a_late_definite_no_plans_the_message_again(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan()], NOON)
    claimed = claim_one(outbox, lease=1.0)
    outbox.settle_and_intend(None, claimed, NOON)
    outbox.recover(NOON + SECOND, 600.0)
    outbox.settle_and_intend(Settled(claimed, Answer("never", "550"), "failed"), None, NOON + 2 * SECOND)
    assert states() == {"planned": 1}


def test_a_doubt_is_settled_once(outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States) -> None:
    outbox.plan([a_plan()], NOON)
    outbox.settle_and_intend(None, claim_one(outbox, lease=1.0), NOON)
    (doubt,) = outbox.recover(NOON + SECOND, 0.0).ripe
    assert outbox.resolve(doubt, Refusal("planned", "not there"), NOON + SECOND)
    again = claim_one(outbox, NOON + SECOND, lease=1.0)
    outbox.settle_and_intend(None, again, NOON + SECOND)
    outbox.recover(NOON + 2 * SECOND, 0.0)
    # The old look-up knows nothing of the second attempt; acting on it would send the message twice.
    assert not outbox.resolve(doubt, Refusal("planned", "not there"), NOON + 2 * SECOND)
    assert states() == {"in_doubt": 1}


def test_an_unreachable_channel_costs_no_attempt(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    outbox.plan([a_plan()], NOON)
    claimed = claim_one(outbox)
    outbox.settle_and_intend(None, claimed, NOON)
    outbox.settle_and_intend(Settled(claimed, Answer("later"), "planned", counts=False), None, NOON)
    assert claim_one(outbox).attempts == 0


def test_a_retry_waits_until_its_time(outbox: SqlOutbox, store: Store, a_plan: MakePlan) -> None:
    outbox.plan([a_plan()], NOON)
    claimed = claim_one(outbox)
    outbox.settle_and_intend(None, claimed, NOON)
    outbox.settle_and_intend(Settled(claimed, Answer("later"), "planned", "again", NOON + SECOND), None, NOON)
    assert outbox.claim("email", "me", 1, NOON, 60.0) == []
    assert claim_one(outbox, NOON + SECOND).attempts == 1


def test_a_message_whose_time_is_over_never_leaves(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan("1", expires_at=NOON + 5), a_plan("2", expires_at=NOON + 5)], NOON)
    claimed = claim_one(outbox)
    refusal = outbox.settle_and_intend(None, claimed, NOON + 5)
    assert refusal is not None
    assert refusal.state == "expired"
    assert outbox.recover(NOON + 5, 600.0).expired == 1
    assert states() == {"expired": 2}


def test_reading_the_outbox_shows_no_personal_data(store: Store, outbox: SqlOutbox, a_plan: MakePlan) -> None:
    outbox.plan([a_plan("1", context='{"name": "Ada"}')], NOON)
    shown = repr(latest_messages(store)) + repr(count_messages(store)) + repr(load_message(store, a_plan("1").key))
    assert "1" in shown
    assert "@" not in shown
    assert "Ada" not in shown
