"""A condition over the profile as a tree, so that no text of a person ever reaches an engine unparsed.

`campaigns/conditions.py` parses text into these nodes; `warehouse/dialect.py` renders them for an engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Comparison = Literal["=", "<>", "<", "<=", ">", ">="]
Arithmetic = Literal["+", "-", "*", "/"]


@dataclass(frozen=True, slots=True)
class Column:
    """A profile column by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the occasion's event, such as `properties.rating`."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant: text, number, truth value or NULL."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Calculation:
    """Two terms joined by + − × ÷; a division by zero is NULL on every engine."""

    operator: Arithmetic
    left: Term
    right: Term


Term = Column | Property | Constant | Calculation


@dataclass(frozen=True, slots=True)
class Compare:
    """One term compared with another."""

    operator: Comparison
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class IsNull:
    """The term is not known."""

    term: Term


@dataclass(frozen=True, slots=True)
class OneOf:
    """The term equals one of the values."""

    term: Term
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A list column (such as `channels`) holds the value."""

    column: Column
    value: str


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A flag column by itself."""

    column: Column


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    conditions: tuple[Condition, ...]


Condition = Compare | IsNull | OneOf | Contains | IsTrue | Not | And | Or


def columns_of(node: Condition | Term) -> frozenset[str]:
    """Names of the profile columns that a condition or term reads."""
    match node:
        case Column(name):
            return frozenset({name})
        case Property() | Constant():
            return frozenset()
        case Calculation(_, left, right) | Compare(_, left, right):
            return columns_of(left) | columns_of(right)
        case IsNull(term) | OneOf(term, _):
            return columns_of(term)
        case Contains(column, _) | IsTrue(column):
            return frozenset({column.name})
        case Not(condition):
            return columns_of(condition)
        case And(conditions) | Or(conditions):
            return frozenset().union(*(columns_of(c) for c in conditions))


def properties_of(node: Condition | Term) -> frozenset[str]:
    """Names of the occasion's properties that a condition or term reads."""
    match node:
        case Property(name):
            return frozenset({name})
        case Column() | Constant() | Contains() | IsTrue():
            return frozenset()
        case Calculation(_, left, right) | Compare(_, left, right):
            return properties_of(left) | properties_of(right)
        case IsNull(term) | OneOf(term, _):
            return properties_of(term)
        case Not(condition):
            return properties_of(condition)
        case And(conditions) | Or(conditions):
            return frozenset().union(*(properties_of(c) for c in conditions))
