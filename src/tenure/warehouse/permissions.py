"""Consents that arrived lately, which the operational store must follow before the next message leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tenure.warehouse.duckdb import DuckWarehouse


@dataclass(frozen=True, slots=True)
class Arrived:
    """A consent by the customer's own id; `at` in microseconds UTC."""

    customer_id: str
    channel: str
    purpose: str
    state: Literal["granted", "denied"]
    at: int


def consents_received(warehouse: DuckWarehouse, since: int) -> list[Arrived]:
    """Consents that were received at or after a moment (microseconds UTC), oldest first."""
    rows = warehouse.fetch(
        'SELECT u.customer_id, c.channel, c.purpose, c.state, c."at" FROM facts.consents c'
        " JOIN facts.customers u ON u.customer_key = c.customer_key"
        ' WHERE c.received_at >= ? ORDER BY c."at", c.consent_id',
        [since],
    )
    return [Arrived(*row) for row in rows]
