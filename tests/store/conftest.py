"""Stores on both databases, and messages to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenure.domain.message import Plan, message_key
from tenure.store.connection import Store, open_store
from tenure.store.outbox import SqlOutbox
from tenure.store.review import count_messages
from tenure.store.schema import prepare

NOON = 1_700_000_000_000_000  # microseconds UTC
DAY = 86_400_000_000


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store may be."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    return str(request.getfixturevalue("postgres")())


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = open_store(address)
    prepare(opened)
    yield opened
    opened.close()


@pytest.fixture
def a_plan() -> Callable[..., Plan]:
    def plan(customer: str = "42", **changes: object) -> Plan:
        occasion = str(changes.get("occasion_key", "o"))
        fields: dict[str, object] = {
            "key": message_key(str(changes.get("campaign", "winback")), customer, occasion),
            "run_id": "r1", "campaign": "winback", "campaign_version": "v1", "customer_id": customer,
            "customer_key": 42, "occasion_key": "o", "channel": "email", "purpose": "marketing",
            "recipient": f"c{customer}@example.com", "locale": "en", "context": "{}", "not_before": NOON - 1,
            "expires_at": NOON + DAY, "cost_milli_minor": 20,
        }  # fmt: skip
        return Plan(**(fields | changes))  # type: ignore[arg-type]

    return plan


@pytest.fixture
def outbox(store: Store) -> SqlOutbox:
    return SqlOutbox(store, gone=lambda owner: owner == "dead")


@pytest.fixture
def states(store: Store) -> Callable[[], dict[str, int]]:
    """Counts the messages by state."""

    def count() -> dict[str, int]:
        found: dict[str, int] = {}
        for count in count_messages(store):
            found[count.state] = found.get(count.state, 0) + count.messages
        return found

    return count
