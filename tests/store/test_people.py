"""Nobody who said stop is written to, whatever was planned, claimed or consented before; both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tenure.domain.message import Plan, Refusal
from tenure.store.connection import Store
from tenure.store.outbox import SqlOutbox
from tenure.store.people import Permission, lift_suppression, may_receive, record_consents, suppress

NOON = 1_700_000_000_000_000
SECOND = 1_000_000
MakePlan = Callable[..., Plan]
States = Callable[[], dict[str, int]]


def test_a_suppression_after_the_claim_still_stops_the_message(
    outbox: SqlOutbox, store: Store, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan("1"), a_plan("2"), a_plan("1", occasion_key="later", not_before=NOON + SECOND)], NOON)
    first, second = outbox.claim("email", "me", 2, NOON, 60.0)
    mine = first if first.plan.customer_id == "1" else second
    assert suppress(store, "1", NOON, "asked on the phone") == 2
    refusal = outbox.settle_and_intend(None, mine, NOON)
    assert refusal == Refusal("suppressed", "asked on the phone")
    assert states() == {"suppressed": 2, "claimed": 1}


def test_a_suppression_wins_over_a_grant_and_can_be_lifted(store: Store, outbox: SqlOutbox, a_plan: MakePlan) -> None:
    suppress(store, "1", NOON, "complained", channel="email")
    record_consents(store, [Permission("1", "email", "marketing", "granted", NOON + 1)], NOON + 1)
    assert not may_receive(store, "1", "email", "service")
    assert may_receive(store, "1", "sms", "marketing")
    outbox.plan([a_plan("1")], NOON)
    (claimed,) = outbox.claim("email", "me", 1, NOON, 60.0)
    refusal = outbox.settle_and_intend(None, claimed, NOON)
    assert refusal == Refusal("suppressed", "suppressed: complained")
    assert lift_suppression(store, "1", channel="email")
    assert not lift_suppression(store, "1", channel="email")
    assert may_receive(store, "1", "email", "service")


def test_a_withdrawn_consent_ends_what_is_planned(
    store: Store, outbox: SqlOutbox, a_plan: MakePlan, states: States
) -> None:
    outbox.plan([a_plan("1"), a_plan("1", occasion_key="invoice", purpose="service")], NOON)
    assert record_consents(store, [Permission("1", "email", "marketing", "denied", NOON)], NOON) == 1
    assert states() == {"planned": 1, "suppressed": 1}
    assert may_receive(store, "1", "email", "service")


def test_the_latest_consent_counts_and_a_denial_breaks_the_tie(store: Store) -> None:
    def told(*given: tuple[str, int]) -> bool:
        record_consents(store, [Permission("1", "email", "marketing", state, at) for state, at in given], NOON)  # type: ignore[arg-type]
        return may_receive(store, "1", "email", "marketing")

    assert told(("granted", 5), ("denied", 3))
    assert not told(("denied", 5))
    assert not told(("granted", 5))
    assert told(("granted", 6))
    record_consents(store, [Permission("1", "any", "any", "denied", 7)], NOON)
    assert not may_receive(store, "1", "email", "marketing")


def test_suppression_and_intent_never_cross(store: Store, a_plan: MakePlan) -> None:
    """Once `suppress` has returned, no message of that customer begins to leave."""
    outbox = SqlOutbox(store)
    outbox.plan([a_plan(str(number)) for number in range(60)], NOON)
    stopped: set[str] = set()
    crossed: list[str] = []

    def stop() -> None:
        for number in range(60):
            suppress(store, str(number), NOON, "stop")
            stopped.add(str(number))

    def leave() -> None:
        while batch := outbox.claim("email", "me", 3, NOON, 60.0):
            for claimed in batch:
                before = claimed.plan.customer_id in stopped
                if outbox.settle_and_intend(None, claimed, NOON) is None and before:
                    crossed.append(claimed.plan.customer_id)

    with ThreadPoolExecutor(3) as pool:
        for work in [pool.submit(stop), pool.submit(leave), pool.submit(leave)]:
            work.result()
    assert crossed == []
