"""Renders a condition over the profile as SQL that means the same on DuckDB and on Spark.

A tree of `domain/segment.py` comes in, text goes out. Names come from the closed list of profile columns, constants are
spelt so that no sign in them can mean anything to a parser, a division by zero is NULL, and a property that is no
number is NULL where a number is asked for. Comparisons keep SQL's three values: what is not known is neither true nor
false. Spark's session must run in UTC, as all of ours do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tenure.domain.profile import BY_NAME
from tenure.domain.segment import (
    And,
    Calculation,
    Column,
    Compare,
    Condition,
    Constant,
    Contains,
    IsNull,
    IsTrue,
    Not,
    OneOf,
    Or,
    Property,
    Term,
)

Dialect = Literal["duckdb", "spark"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
# Everything outside is spelt as chr(n): Spark reads a backslash as an escape, joins '' to nothing, and fills in ${…};
# the binding of `:parameters` would touch a colon. One spelling for all engines costs a little legibility.
_PLAIN = re.compile(r"[^\x00-\x1f\x7f'\\:$?{}%;`\"]+")
# Engines differ in what else they take for a number: one reads '1d', the other 'inf'.
_NUMBER = "^[-+]?[0-9]{1,30}([.][0-9]{0,30})?([eE][-+]?[0-9]{1,2})?$"


def render(condition: Condition, *, alias: str = "", properties: str | None = None, dialect: Dialect = "duckdb") -> str:
    """The condition as a SQL expression in parentheses, over a published profile.

    Args:
        condition: the tree.
        alias: the profile's alias in the query, if it has one.
        properties: the VARCHAR column (with its alias) that holds the event's properties as JSON.
        dialect: whose SQL.

    Raises:
        KeyError: the tree names a column that the profile does not have.
        ValueError: it reads a property and `properties` is not given, or a name is no name.
    """
    return _Renderer(alias, properties, dialect).condition(condition)


def render_term(term: Term, *, alias: str = "", properties: str | None = None, dialect: Dialect = "duckdb") -> str:
    """The term as a SQL expression; a property or calculation gives a DOUBLE. Arguments and errors as for `render`."""
    renderer = _Renderer(alias, properties, dialect)
    return renderer.plain(term) if isinstance(term, Column | Constant) else renderer.number(term)


def text_literal(text: str) -> str:
    """Text as a SQL constant in which every sign stands for itself on every engine."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        found = _PLAIN.match(text, at)
        pieces.append(f"'{found[0]}'" if found else f"chr({ord(text[at])})")
        at = found.end() if found else at + 1
    if not pieces:
        return "''"
    return pieces[0] if len(pieces) == 1 else f"({' || '.join(pieces)})"


@dataclass(frozen=True, slots=True)
class _Renderer:
    alias: str
    properties: str | None
    dialect: Dialect

    def __post_init__(self) -> None:
        for name in (self.alias, self.properties):
            if name and not _NAME.fullmatch(name):
                raise ValueError(f"`{name}` is not a name")

    def condition(self, node: Condition) -> str:
        match node:
            case And(conditions):
                return f"({' AND '.join(map(self.condition, conditions))})" if conditions else "TRUE"
            case Or(conditions):
                return f"({' OR '.join(map(self.condition, conditions))})" if conditions else "FALSE"
            case Not(condition):
                return f"(NOT {self.condition(condition)})"
            case Compare(operator, left, right):
                return f"({self._beside(left, right)} {operator} {self._beside(right, left)})"
            case OneOf(term, values):
                return self._one_of(term, values)
            case IsNull(term):
                return f"({self.plain(term)} IS NULL)"
            case IsTrue(column):
                return self.plain(column)
            case Contains(column, word):
                # A list that is not known holds nothing; both engines spell the test alike.
                return f"COALESCE(array_contains({self.plain(column)}, {text_literal(word)}), FALSE)"

    def plain(self, term: Term) -> str:
        """The term as it is: a column in its own type, a property as text."""
        match term:
            case Column(name):
                return f"{self.alias}.{BY_NAME[name].name}" if self.alias else BY_NAME[name].name
            case Constant(value):
                return _constant(value)
            case Property(name):
                return self._property(name)
            case Calculation():
                return self.number(term)

    def number(self, term: Term) -> str:
        """The term as a DOUBLE."""
        match term:
            case Property(name):
                return f"TRY_CAST(regexp_extract({self._property(name)}, '{_NUMBER}', 0) AS DOUBLE)"
            case Calculation("/", left, right):
                return f"({self.number(left)} / NULLIF({self.number(right)}, 0))"
            case Calculation(operator, left, right):
                return f"({self.number(left)} {operator} {self.number(right)})"
            case _:
                return f"CAST({self.plain(term)} AS DOUBLE)"

    def _beside(self, term: Term, other: Term) -> str:
        """The term spelt so that it can be compared with the other."""
        if isinstance(term, Property) and _is_number(other):
            return self.number(term)
        if isinstance(other, Property) and isinstance(term, Constant) and isinstance(term.value, bool):
            return text_literal("true" if term.value else "false")
        if isinstance(other, Property) and isinstance(term, Column) and BY_NAME[term.name].unit == "flag":
            return f"(CASE WHEN {self.plain(term)} THEN 'true' WHEN NOT {self.plain(term)} THEN 'false' END)"
        if isinstance(term, Constant) and isinstance(term.value, str) and _is_moment(other):
            return f"CAST({_moment(term.value)} AS TIMESTAMP)"
        return self.plain(term)

    def _one_of(self, term: Term, values: tuple[Constant, ...]) -> str:
        if not values:
            return "FALSE"
        words = ", ".join(self._beside(value, term) for value in values)
        return f"({self._beside(term, values[0])} IN ({words}))"

    def _property(self, name: str) -> str:
        if self.properties is None:
            raise ValueError("the condition reads an event's properties, and no column of them is given")
        if not _NAME.fullmatch(name) or "." in name:
            raise ValueError(f"`{name}` is not the name of a property")
        if self.dialect == "spark":
            return f"get_json_object({self.properties}, '$.{name}')"
        # Without the guard one malformed text would end the whole query.
        return f"(CASE WHEN json_valid({self.properties}) THEN json_extract_string({self.properties}, '$.{name}') END)"


def _constant(value: str | int | float | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return text_literal(value)
    # A literal with a point is a DECIMAL, whose division and rounding differ between engines.
    return str(value) if isinstance(value, int) else f"CAST({value!r} AS DOUBLE)"


def _moment(text: str) -> str:
    if not re.fullmatch(r"[0-9: .-]{10,26}", text):
        raise ValueError("the constant beside a moment is no moment")
    # A colon before a digit is no parameter to the binding of relations, so a moment may stand as it is.
    return f"'{text}'"


def _is_number(term: Term) -> bool:
    if isinstance(term, Constant):
        return isinstance(term.value, int | float) and not isinstance(term.value, bool)
    return isinstance(term, Calculation) or (
        isinstance(term, Column) and BY_NAME[term.name].published in ("DOUBLE", "BIGINT")
    )


def _is_moment(term: Term) -> bool:
    return isinstance(term, Column) and BY_NAME[term.name].unit == "moment"
