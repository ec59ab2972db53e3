"""Receive: what an event SDK sent, taken apart into events, so that a broken one never takes the others with it.

Any SDK that speaks the Segment HTTP API may send. Whatever reads as JSON is taken; an event that the rest of the line
could not carry (text that is no Unicode, numbers that JSON cannot hold, endless nesting, no sender's id) is marked with
its reason and kept aside.

Trap: Python's reader accepts NaN, halves of surrogate pairs and bytes smuggled past UTF-8, which neither SQLite,
PostgreSQL nor the warehouse stores, and refuses a whole batch for one number of 5,000 digits.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from typing import Any

from tenure.domain.arrival import CALLS, LARGEST_EVENT, LONGEST_ID, Arrived
from tenure.domain.errors import TenureError

_DEEPEST = 100
_CUT = "\udc00 nested"  # stands for what was nested too deep: never in text that is Unicode
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_STRICT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_LENIENT = json.JSONEncoder(separators=(",", ":"))


class TooLargeError(TenureError):
    """More was sent than is taken at once."""


def receive(call: str, content: dict[str, Any], new_id: Callable[[], str]) -> list[Arrived]:
    """The events of one request, in its order.

    Args:
        call: one of `CALLS`, or `batch`.
        content: the request's body, as `read` gives it.
        new_id: makes the id of an event that has neither an id nor a moment of its own.

    Raises:
        TooLargeError: the one event of a request is larger than 32 kB.
        TenureError: a batch has no list of events.
    """
    if call != "batch":
        return [_alone(call, content, new_id)]
    events = content.get("batch")
    if not isinstance(events, list):
        raise TenureError("the body has no list `batch`", 'Send {"batch": [event, …]}.')
    return [_in_batch(event, content.get("sentAt"), new_id) for event in events]


def read(body: bytes) -> dict[str, Any]:
    """The JSON object of a request's body, unpacked.

    Raises:
        TenureError: it is something else.
    """
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        content = _loads(text)
    except ValueError as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise TenureError(f"the body is not JSON{where}", "Send one JSON object, gzipped or not.") from None
    if not isinstance(content, dict):
        raise TenureError("the body is not a JSON object", "Send one JSON object, gzipped or not.")
    return content


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        return json.loads(_shallow(text, 2), parse_int=_whole)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more digits than Python converts
        return json.loads(text, parse_int=_whole)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= 300 else math.inf


def _shallow(text: str, outer: int) -> str:
    """The text with a mark in the place of everything that is nested too deep in an event `outer` levels down."""
    pieces, depth, kept = [], 0, 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == _DEEPEST + outer + 1:
                pieces += [text[kept : token.start()], json.dumps(_CUT)]
                kept = len(text)
        elif token[0] in "]}":
            depth -= 1
            if depth == _DEEPEST + outer:
                kept = token.end()
    return "".join([*pieces, text[kept:]])


def _alone(call: str, event: dict[str, Any], new_id: Callable[[], str]) -> Arrived:
    arrived = _arrived(call, event, new_id)
    if arrived.reason == _LARGE:
        raise TooLargeError(f"the event {_LARGE}", "Send less with it.")
    return arrived


def _in_batch(event: Any, sent_at: Any, new_id: Callable[[], str]) -> Arrived:
    if not isinstance(event, dict):
        return _aside("", "", _loose(event), "is not a JSON object")
    if sent_at is not None:
        event.setdefault("sentAt", sent_at)
    kind = event.get("type")
    return _arrived(kind if isinstance(kind, str) else "", event, new_id)


def _arrived(kind: str, event: dict[str, Any], new_id: Callable[[], str]) -> Arrived:
    event.pop("writeKey", None)
    body, reason = _written(event)
    given = event.get("messageId")
    message_id = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    reason = reason or _what_is_missing(kind, event)
    if len(message_id) > LONGEST_ID:
        reason = reason or f"has a messageId of more than {LONGEST_ID} characters"
    if reason:
        return _aside(message_id, kind, body, reason)
    if not message_id:
        # An event that names its own moment is the same when it is sent again; without one, each is another.
        dated = event.get("timestamp") or event.get("originalTimestamp")
        event.pop("sentAt", None)
        message_id = _digest(_STRICT.encode(event)) if dated else new_id()
    return Arrived(message_id.replace("\0", "\ufffd"), kind, body)


_DEEP = f"is nested more than {_DEEPEST} deep"
_LARGE = f"is larger than {LARGEST_EVENT >> 10} kB"


def _written(event: dict[str, Any]) -> tuple[str, str]:
    """The event as text that every store can hold, and what stands against it."""
    try:
        text = _STRICT.encode(event)
        size = len(text.encode())
    except ValueError as error:
        reason = "holds a number that JSON cannot hold"
        if isinstance(error, UnicodeEncodeError):
            reason = _DEEP if _CUT in text else "holds text that is not Unicode"
        return _loose(event), reason
    except RecursionError:
        return "", _DEEP
    if size > LARGEST_EVENT:
        return text, _LARGE
    if text.count("[") + text.count("{") > _DEEPEST and _shallow(text, 0) != text:
        return text, _DEEP
    # No database keeps the character NUL, and no reader misses it.
    return (_NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text), ""


def _loose(event: Any) -> str:
    """An event that is kept aside, as far as it can be written."""
    try:
        return _LENIENT.encode(event)
    except RecursionError:
        return ""


def _what_is_missing(kind: str, event: dict[str, Any]) -> str:
    if kind not in CALLS:
        return f"its `type` is none of {', '.join(CALLS)}"
    for name in ("userId", "anonymousId", "previousId", "groupId"):
        if isinstance(event.get(name), bool | float | list | dict):
            return f"its {name} is neither text nor a whole number"
    if not named(event, "userId") and not named(event, "anonymousId"):
        return "names nobody: it has neither userId nor anonymousId"
    if kind == "track" and not (isinstance(event.get("event"), str) and event["event"].strip()):
        return "has no name: `event` is missing"
    if kind == "alias" and not (named(event, "userId") and named(event, "previousId")):
        return "an alias needs userId and previousId"
    if kind == "group" and not named(event, "groupId"):
        return "has no groupId"
    return ""


def named(event: dict[str, Any], name: str) -> str | None:
    """An id of an event as text; None when it is missing or empty."""
    value = event.get(name)
    return (str(value).strip() or None) if value is not None else None


def _aside(message_id: str, kind: str, body: str, reason: str) -> Arrived:
    """An event kept aside, under an id that a store can hold."""
    try:
        message_id.encode()
        is_good = 0 < len(message_id) <= LONGEST_ID and "\0" not in message_id
    except UnicodeEncodeError:
        is_good = False
    return Arrived(message_id if is_good else _digest(body), kind if kind in CALLS else "", body, reason)


def _digest(text: str) -> str:
    return f"sha256-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
