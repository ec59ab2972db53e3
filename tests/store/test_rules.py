"""The rules of sending by themselves: how long to wait, and when to give up."""

from __future__ import annotations

from collections.abc import Callable

from tenure.domain.message import Answer, Claimed, Doubt, Plan
from tenure.operations.lane import settled
from tenure.operations.send import rule_for

NOON = 1_700_000_000_000_000
MINUTE = 60_000_000
MakePlan = Callable[..., Plan]


def test_a_service_message_is_not_sent_again_for_ever() -> None:
    doubt = Doubt("k", 3, "email", "service", attempts=6)
    refusal = rule_for(doubt, None, 6)
    assert refusal is not None
    assert refusal.state == "unknown"


def test_a_later_answer_never_waits_more_than_six_hours(a_plan: MakePlan) -> None:
    waits = [
        settled(Claimed(a_plan(), 1, "me", 60.0, tried), Answer("later"), NOON, 100).not_before for tried in range(9)
    ]
    assert [(wait - NOON) // MINUTE for wait in waits if wait] == [1, 4, 16, 64, 256, 360, 360, 360, 360]
