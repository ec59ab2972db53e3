"""Finds conditions that can never hold together, so that a campaign that speaks to nobody is refused, not silent.

Reasons over what is joined by AND at the top, one column (or property) at a time: intervals of numbers and moments,
lists of words, known and unknown. What stands inside an OR is left alone: this may miss a contradiction and never
invents one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from tenure.domain.profile import BY_NAME
from tenure.domain.segment import (
    And,
    Column,
    Compare,
    Comparison,
    Condition,
    Constant,
    Contains,
    IsNull,
    IsTrue,
    Not,
    OneOf,
    Property,
    Term,
)

Value = str | int | float | bool
Named = tuple[str, Condition]

_OPPOSITE: dict[Comparison, Comparison] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_FLIPPED: dict[Comparison, Comparison] = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Bound:
    """What one comparison says of one column or property; `null` is set when it asks for known or unknown alone."""

    operator: Comparison | None = None
    values: tuple[Value, ...] = ()
    null: bool | None = None


@dataclass(slots=True)
class _Room:
    """What is left for one column after some bounds."""

    is_count: bool
    low: tuple[Value, bool] | None = None  # the bound, and whether it is itself allowed
    high: tuple[Value, bool] | None = None
    among: set[Value] | None = None
    never: set[Value] = field(default_factory=set)
    known: set[bool] = field(default_factory=set)


def contradiction(terms: Sequence[Named]) -> tuple[str, ...] | None:
    """The words of the fewest conditions that cannot hold together, None if all can.

    Args:
        terms: conditions that must all hold, each with the words it was written in.
    """
    bounds: dict[str, list[tuple[str, list[Bound]]]] = {}
    for words, condition in terms:
        found: dict[str, list[Bound]] = {}
        for subject, bound in _bounds(condition):
            found.setdefault(subject, []).append(bound)
        for subject, mine in found.items():
            bounds.setdefault(subject, []).append((words, mine))
    for subject, said in bounds.items():
        for count in (1, 2, len(said)):
            for some in combinations(said, count):
                if _is_impossible(subject, [bound for _, mine in some for bound in mine]):
                    return tuple(words for words, _ in some)
    return None


def beyond(terms: Iterable[Named]) -> tuple[str, str] | None:
    """The words of a condition that asks of a column what it never holds, and what that is; None if there is none."""
    for words, condition in terms:
        for subject, bound in _bounds(condition):
            column = BY_NAME.get(subject)
            if column is None or column.unit not in ("share", "count"):
                continue
            limits = [Bound(">=", (0,))] + ([Bound("<=", (1,))] if column.unit == "share" else [])
            if _is_impossible(subject, [bound, *limits]):
                holds = "lies between 0 and 1" if column.unit == "share" else "is never below 0"
                return words, f"`{subject}` {holds}"
    return None


def _bounds(condition: Condition) -> Iterator[tuple[str, Bound]]:
    """The bounds that must hold wherever the condition does, each with the column or property it is about."""
    match condition:
        case And(conditions):
            for part in conditions:
                yield from _bounds(part)
        case Compare(operator, left, Constant(value)) if (name := _subject(left)) and value is not None:
            yield name, Bound(operator, (value,))
        case Compare(operator, Constant(value), right) if (name := _subject(right)) and value is not None:
            yield name, Bound(_FLIPPED[operator], (value,))
        case OneOf(term, values) if name := _subject(term):
            yield name, Bound("=", tuple(v.value for v in values if v.value is not None))
        case IsNull(term) if name := _subject(term):
            yield name, Bound(null=True)
        case IsTrue(Column(name)):
            yield name, Bound("=", (True,))
        case Contains(Column(name), word):
            yield f"{name}:{word}", Bound("=", (True,))
        case Not(inner):
            yield from _denied(inner)


def _denied(condition: Condition) -> Iterator[tuple[str, Bound]]:
    """As `_bounds`, of the opposite; what is not known makes neither hold, so both ask for something known."""
    match condition:
        case Not(inner):
            yield from _bounds(inner)
        case Compare(operator, left, right):
            yield from _bounds(Compare(_OPPOSITE[operator], left, right))
        case OneOf(term, values) if name := _subject(term):
            yield from ((name, Bound("<>", (v.value,))) for v in values if v.value is not None)
        case IsNull(term) if name := _subject(term):
            yield name, Bound(null=False)
        case IsTrue(Column(name)):
            yield name, Bound("=", (False,))
        case Contains(Column(name), word):
            yield f"{name}:{word}", Bound("=", (False,))


def _subject(term: Term) -> str | None:
    match term:
        case Column(name):
            return name
        case Property(name):
            return f"properties.{name}"
        case _:
            return None


def _is_impossible(subject: str, bounds: Sequence[Bound]) -> bool:
    room = _Room(subject in BY_NAME and BY_NAME[subject].unit == "count")
    kinds = {_kind(value) for bound in bounds for value in bound.values}
    if len(kinds) > 1:
        return False  # a property compared with text here and a number there
    for bound in bounds:
        _narrow(room, bound)
    if len(room.known) > 1:
        return True
    if room.among is not None:
        return not any(_fits(room, value) for value in room.among)
    return _is_empty(room)


def _narrow(room: _Room, bound: Bound) -> None:
    if bound.operator is None:
        room.known.add(not bound.null)
        return
    room.known.add(True)
    if bound.operator == "=":
        room.among = set(bound.values) if room.among is None else room.among & set(bound.values)
    elif bound.operator == "<>":
        room.never |= set(bound.values)
    else:
        _cut(room, bound.operator, bound.values[0])


def _cut(room: _Room, operator: Comparison, value: Value) -> None:
    closed = operator in ("<=", ">=")
    if room.is_count and not isinstance(value, str):  # more than 5 orders are 6 or more
        up = operator in (">", ">=")
        whole = math.ceil(value) if up else math.floor(value)
        value = whole if closed or whole != value else whole + (1 if up else -1)
        closed = True
    if operator in (">", ">="):
        tighter = room.low is None or (value, not closed) > (room.low[0], not room.low[1])
        room.low = (value, closed) if tighter else room.low
    else:
        tighter = room.high is None or (value, closed) < (room.high[0], room.high[1])
        room.high = (value, closed) if tighter else room.high


def _fits(room: _Room, value: Value) -> bool:
    if value in room.never or (room.is_count and not isinstance(value, str) and value != math.floor(value)):
        return False
    if room.low is not None and (value < room.low[0] or (value == room.low[0] and not room.low[1])):  # type: ignore[operator]
        return False
    return room.high is None or value < room.high[0] or (value == room.high[0] and room.high[1])  # type: ignore[operator]


def _is_empty(room: _Room) -> bool:
    if room.low is None or room.high is None:
        return False
    (low, low_closed), (high, high_closed) = room.low, room.high
    if low == high:
        return not (low_closed and high_closed) or low in room.never
    return bool(low > high)  # type: ignore[operator]


def _kind(value: Value) -> str:
    return "flag" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
