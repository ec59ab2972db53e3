"""Calls of the Segment specification as rows of facts: who somebody is, and what they did.

A call becomes at most two rows, of `customers` and of `events`, in the contract's columns, every cell as text. What the
e-commerce events mean beyond themselves is found where events of any source are imported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tenure.domain.arrival import Waiting
from tenure.domain.moments import from_micros
from tenure.operations.receive import named

Cells = dict[str, str | None]

# Columns of `customers`, and what their traits may be called.
_TRAITS: Mapping[str, tuple[str, ...]] = {
    "created_at": ("created_at", "createdAt"),
    "email": ("email",),
    "phone": ("phone",),
    "name": ("name",),
    "locale": ("locale", "language"),
    "timezone": ("timezone",),
    "country": ("country",),
    "birthday": ("birthday",),
    "acquisition_channel": ("acquisition_channel", "acquisitionChannel"),
    "acquisition_cost": ("acquisition_cost", "acquisitionCost"),
}
_NAMES = {"page": "Page Viewed", "screen": "Screen Viewed"}
# Beyond this a sender's clock is wrong, and not only a network slow.
_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What one call says.

    Attributes:
        customer_id: whom it names; None for somebody anonymous.
        at: when it happened, or None when that cannot be read.
        traits: what it says about the customer: columns by name, None for one that is taken back.
        attributes: traits that have no column.
        event: the row of `events`; None for a call that says only who somebody is.
    """

    customer_id: str | None
    at: datetime | None
    traits: Cells = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    event: Cells | None = None


def tell(waiting: Waiting) -> Told:
    """What a waiting call says, as rows."""
    call = json.loads(waiting.body)
    customer_id, anonymous_id = named(call, "userId"), named(call, "anonymousId")
    at, written = _moment(call, from_micros(waiting.received_at))
    traits: Cells = {}
    attributes: dict[str, Any] = {}
    if waiting.kind == "identify" and customer_id:
        traits, attributes = _traits(call.get("traits"))
    event: Cells | None = None
    # Who both signed in and was anonymous before: the event that joins the two.
    if waiting.kind != "identify" or anonymous_id:
        event = {
            "event_id": waiting.message_id, "customer_id": customer_id,
            "anonymous_id": named(call, "previousId") if waiting.kind == "alias" else anonymous_id,
            "name": _name(waiting.kind, call), "occurred_at": written, "properties": _properties(waiting.kind, call),
        }  # fmt: skip
    return Told(customer_id, at, traits, attributes, event)


def _name(kind: str, call: Mapping[str, Any]) -> str:
    return str(call["event"]).strip() if kind == "track" else _NAMES.get(kind, kind)


def _properties(kind: str, call: Mapping[str, Any]) -> str | None:
    if kind in ("identify", "alias"):
        return None
    given = call.get("traits" if kind == "group" else "properties")
    more = {"page": ("name", "category"), "screen": ("name", "category"), "group": ("groupId",)}.get(kind, ())
    extra = {name: call[name] for name in more if call.get(name) is not None}
    if extra and isinstance(given, dict | None):
        given = {**(given or {}), **extra}
    return None if given is None else _json(given)


def _traits(given: Any) -> tuple[Cells, dict[str, Any]]:
    """Traits as columns of `customers`, and those that have none."""
    rest = dict(given) if isinstance(given, dict) else {}
    cells: Cells = {}
    for column, names in _TRAITS.items():
        for name in names:
            if name in rest:
                cells[column] = _cell(column, rest.pop(name))
    parts = [str(rest[name]) for name in ("firstName", "first_name", "lastName", "last_name") if rest.get(name)]
    if parts and "name" not in cells:
        cells["name"] = " ".join(parts)
    return cells, rest


def _cell(column: str, value: Any) -> str | None:
    if value is None:
        return None
    if column == "created_at" and isinstance(value, int | float) and not isinstance(value, bool):
        return _since_1970(value) or str(value)
    return value if isinstance(value, str) else _json(value)


def _since_1970(number: float) -> str | None:
    """A moment counted in seconds or milliseconds since 1970; what is neither stays as it is."""
    seconds = number / 1000 if abs(number) > 1e11 else number
    return written(datetime.fromtimestamp(seconds, UTC)) if abs(seconds) < 1e11 and abs(seconds) > 1e8 else None


def _moment(call: Mapping[str, Any], received: datetime) -> tuple[datetime | None, str]:
    """When a call happened, and how that is written.

    Nothing is sent after it arrives: a sender whose clock runs ahead is set back by as much.
    """
    said = call.get("timestamp") or call.get("originalTimestamp") or call.get("sentAt")
    if said is None:
        return received, written(received)
    at = _instant(said)
    if at is None:
        return None, str(said)
    sent = _instant(call.get("sentAt"))
    if sent is not None and sent - received > _SLACK:
        at -= sent - received
    at = min(at, received)
    return at, written(at)


def _instant(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(at: datetime) -> str:
    """A moment as text, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_readable(column: str, text: str | None) -> bool:
    """Whether a trait with a form of its own has it."""
    try:
        if text is not None and column == "birthday":
            date.fromisoformat(text.strip()[:10])
        if text is not None and column == "acquisition_cost":
            float(text)
    except ValueError:
        return False
    return text is None or column != "created_at" or _instant(text) is not None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
