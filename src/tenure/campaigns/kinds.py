"""What may be compared with what: the kinds of a profile's columns, and the words a column can hold.

Pure checks on the tree of `domain/segment.py`; each returns the tree it accepts, or raises `MismatchError` with a
clause and a remedy that `conditions.py` completes with file, line and character.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from tenure.domain.errors import nearest
from tenure.domain.profile import BY_NAME, STAGES, Unit
from tenure.domain.segment import Calculation, Column, Compare, Comparison, Constant, OneOf, Property, Term

Kind = Literal["text", "texts", "number", "moment", "flag", "property", "nothing"]

_KIND: dict[Unit, Kind] = {
    "text": "text", "texts": "texts", "moment": "moment", "money": "number", "number": "number", "share": "number",
    "days": "number", "count": "number", "flag": "flag",
}  # fmt: skip
_SAID: dict[Kind, str] = {
    "text": "text", "texts": "a list", "number": "a number", "moment": "a moment", "flag": "true or false",
    "property": "a property", "nothing": "NULL",
}  # fmt: skip

CHANNELS = ("email", "sms", "push", "inapp", "webhook", "mail")

# Columns whose words are a closed list: a misspelt one would silently match nobody.
WORDS: dict[str, tuple[str, ...]] = {
    "stage": STAGES,
    "channels": CHANNELS,
    "path": ("undecided", "hit_and_run", "discount", "active"),
    "driver": ("price", "exclusivity", "service"),
    "investment": ("grow", "keep", "serve", "let_go"),
}


class MismatchError(Exception):
    """Two things that cannot be put together: the clause that says so and what to do."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(problem)


def kind_of(term: Term) -> Kind:
    """The kind of a term; an event's property takes the kind of what it is compared with."""
    match term:
        case Column(name):
            return _KIND[BY_NAME[name].unit]
        case Property():
            return "property"
        case Calculation():
            return "number"
        case Constant(value):
            return _kind_of_value(value)


def _kind_of_value(value: str | int | float | bool | None) -> Kind:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def checked_calculation(calculation: Calculation) -> Calculation:
    """The calculation, if both sides are numbers.

    Raises:
        MismatchError: one of them is not.
    """
    for side in (calculation.left, calculation.right):
        kind = kind_of(side)
        if kind == "moment":
            raise MismatchError(
                f"one cannot calculate with {said(side)}, which is a moment",
                "Use a column that counts days, such as `recency_days` or `days_to_end`.",
            )
        if kind not in ("number", "property"):
            raise MismatchError(
                f"one cannot calculate with {said(side)}, which is {_SAID[kind]}", "Use number columns."
            )
    return calculation


def checked_comparison(operator: Comparison, left: Term, right: Term) -> Compare:
    """The comparison, with text beside a moment read as a moment.

    Raises:
        MismatchError: the two sides are of different kinds, or the comparison can never mean anything.
    """
    if isinstance(left, Constant) and isinstance(right, Constant):
        raise MismatchError("this compares two constants and is the same for everyone", "Name a profile column.")
    left, right = _beside(left, right), _beside(right, left)
    kinds = {kind_of(left), kind_of(right)}
    if _is_moment_constant(left, right) or _is_moment_constant(right, left):
        kinds = {"moment"}
    _refuse_lists_and_nothing(left, right)
    if kinds == {"property"}:
        raise MismatchError(
            "two properties cannot be compared", "Compare a property with a constant or a profile column."
        )
    if "property" in kinds:
        kinds -= {"property"}
        if kinds == {"moment"}:
            raise MismatchError(
                "a property cannot be compared with a moment", "Use `within:` for how long ago it may be."
            )
    if len(kinds) > 1:
        raise MismatchError(
            f"{said(left)} is {_SAID[kind_of(left)]} and cannot be compared with {said(right)}, "
            f"which is {_SAID[kind_of(right)]}",
            "Compare a column with a constant or a column of its own kind.",
        )
    if kinds == {"flag"} and operator not in ("=", "<>"):
        raise MismatchError(
            f"{said(left)} is true or false and is neither more nor less than another", "Use `=` or `<>`."
        )
    _check_words(left, right)
    _check_words(right, left)
    return Compare(operator, left, right)


def checked_choice(term: Term, values: tuple[Constant, ...]) -> OneOf:
    """The test of a term against a list of constants.

    Raises:
        MismatchError: the constants differ in kind from the term or from each other.
    """
    read = tuple(checked_comparison("=", term, value).right for value in values)
    constants = tuple(value for value in read if isinstance(value, Constant))
    if len({kind_of(value) for value in constants}) > 1:
        raise MismatchError("the list mixes numbers and text", "Write one kind.")
    return OneOf(term, constants)


def check_word(column: str, word: str) -> None:
    """Refuse a word that the column never holds.

    Raises:
        MismatchError: naming the nearest word it does hold.
    """
    known = WORDS.get(column)
    if known and word not in known:
        raise MismatchError(f"`{column}` never holds '{word}'", nearest(word, known))


def said(term: Term) -> str:
    """The term as its author would recognise it."""
    match term:
        case Column(name):
            return f"`{name}`"
        case Property(name):
            return f"`properties.{name}`"
        case Calculation():
            return "the calculation"
        case Constant(value):
            return f"'{value}'" if isinstance(value, str) else str(value).lower()


def moment_text(text: str) -> str | None:
    """A date or moment in ISO 8601 as `YYYY-MM-DD HH:MM:SS` in UTC, or None if it is neither."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is not None:
        offset = moment.utcoffset()
        try:
            moment = (moment - offset).replace(tzinfo=None) if offset else moment.replace(tzinfo=None)
        except OverflowError:
            return None
    return moment.isoformat(" ", "seconds")


def _beside(term: Term, other: Term) -> Term:
    if not _is_moment_constant(term, other) or not isinstance(term, Constant):
        return term
    moment = moment_text(str(term.value))
    if moment is None:
        raise MismatchError(
            f"'{term.value}' is not a moment", "Write one such as '2011-09-01' or '2011-09-01 18:30:00'."
        )
    return Constant(moment)


def _is_moment_constant(term: Term, other: Term) -> bool:
    """Whether the term is text beside a moment; `_beside` has read it as a moment by then."""
    return kind_of(other) == "moment" and isinstance(term, Constant) and isinstance(term.value, str)


def _refuse_lists_and_nothing(left: Term, right: Term) -> None:
    for side in (left, right):
        if kind_of(side) == "nothing":
            raise MismatchError("nothing equals NULL, not even NULL", "Write `IS NULL` or `IS NOT NULL`.")
        if kind_of(side) == "texts":
            raise MismatchError(f"{said(side)} is a list", f"Ask whether it holds a word: `'email' IN {side.name}`."
                           if isinstance(side, Column) else "")  # fmt: skip


def _check_words(column: Term, word: Term) -> None:
    if isinstance(column, Column) and isinstance(word, Constant) and isinstance(word.value, str):
        check_word(column.name, word.value)
