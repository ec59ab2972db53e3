"""A planned message gets the words of its own campaign or step, in the wire form of its channel, when it may leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from tenure.domain.business import Business, ContactRules
from tenure.domain.errors import TenureError
from tenure.domain.message import Envelope, Plan, Refusal, message_key
from tenure.operations.compose import Composer

HEAD = "---\nsubject: {0}\nsms: {0} by SMS\npush_title: {0}\npush: {0} by push\n---\n{0} by e-mail\n"
TEXTS = {"cart": {"en": HEAD.format("First")}, "cart/reminder": {"en": HEAD.format("Reminder")}}
NOON = datetime(2024, 6, 3, 12, 0, tzinfo=UTC)


class Noon:
    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


def composer(overheard: bool = False, **contact: Any) -> Composer:
    def texts(version: str, name: str) -> Mapping[str, str] | None:
        return TEXTS.get(name) if version == "v1" else None

    business = Business(name="The Shop", contact=ContactRules(**contact))
    return Composer(business, texts, b"sixteen bytes at least", Noon(), lambda _: overheard)


def plan(**changes: Any) -> Plan:
    plain = Plan(
        key=message_key("cart", "ada", "1"), run_id="run-1", campaign="cart", campaign_version="v1", customer_id="ada",
        customer_key=1, occasion_key="1", channel="email", purpose="marketing", recipient="ada@example.org",
        locale="en", context=json.dumps({"customer": {"timezone": "UTC"}}), not_before=0, expires_at=10**18,
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("campaign", "channel", "said"),
    [("cart", "email", b"First by e-mail"), ("cart/reminder", "email", b"Reminder by e-mail"),
     ("cart", "sms", b"First by SMS\nStop: http"), ("cart/reminder", "push", b'"text": "Reminder by push"'),
     ("cart/reminder", "webhook", b'"campaign": "cart/reminder"'), ("cart", "mail", b"First by e-mail")],
)  # fmt: skip
def test_each_campaign_and_step_speaks_with_its_own_words(campaign: str, channel: str, said: bytes) -> None:
    envelope = composer()(plan(campaign=campaign, channel=channel))
    assert isinstance(envelope, Envelope)
    assert said in envelope.body
    assert envelope.sender == ("hello@example.com" if channel == "email" else "The Shop")


def test_what_was_not_kept_is_named() -> None:
    with pytest.raises(TenureError, match="[Tt]he texts of cart version v0 were not kept"):
        composer()(plan(campaign_version="v0"))


def test_quiet_hours_and_caps_hold_for_every_channel_but_not_for_service() -> None:
    night = {"quiet_from": time(11), "quiet_until": time(13)}
    for channel in ("email", "sms", "push"):
        kept = composer(**night)(plan(channel=channel))
        assert isinstance(kept, Refusal)
        assert kept.state == "planned"
        assert isinstance(composer(overheard=True)(plan(channel=channel)), Refusal)
        service = composer(overheard=True, **night)(plan(channel=channel, purpose="service"))
        assert isinstance(service, Envelope)
        assert b"/u/" not in service.body
