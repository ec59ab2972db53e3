"""Reads a condition such as `overdue > 1.5 AND 'email' IN channels` and refuses whatever it does not know.

Text comes in, the tree of `domain/segment.py` goes out; no text ever reaches an engine. Three gates stand in a row:
only listed words and signs (`grammar.py`), only listed nodes of sqlglot's tree (here), only columns of the profile and
kinds that fit (`kinds.py`). The grammar is described in docs/reference/conditions.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tenure.campaigns import kinds
from tenure.campaigns.grammar import ALLOWED, Source, pieces_of, tokens_of
from tenure.campaigns.kinds import MismatchError
from tenure.domain.campaign import Audience
from tenure.domain.errors import nearest
from tenure.domain.profile import BY_NAME
from tenure.domain.segment import (
    And,
    Arithmetic,
    Calculation,
    Column,
    Comparison,
    Condition,
    Constant,
    Contains,
    IsNull,
    IsTrue,
    Not,
    Or,
    Property,
    Term,
)  # fmt: skip

LARGEST = 10**15  # beyond it a DOUBLE no longer tells one unit from the next

_COMPARISONS: dict[type[exp.Expr], Comparison] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], Arithmetic] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_NUMBER = re.compile(r"\d{1,15}(\.\d{0,15})?|\.\d{1,15}")
Read = TypeVar("Read")
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def parse_audience(text: str, source: Source) -> Audience:
    """Read a condition and keep its top-level ANDs apart, each with its own words, so that a no can name one.

    Raises:
        TenureError: naming file, line, character and what to write instead.
    """
    tokens = tokens_of(text, source)
    terms = []
    for start, end in pieces_of(tokens):
        words = text[start:end].strip()
        if not words:
            source.refuse("AND needs a condition on both sides", "Complete it or take the AND away.", start)
        terms.append((" ".join(words.splitlines()), _read(words, text.index(words, start), source, _condition)))
    return Audience(" ".join(text.split("\n")).strip(), tuple(terms))


def parse_condition(text: str, source: Source) -> Condition:
    """Read a condition as one tree.

    Raises:
        TenureError: naming file, line, character and what to write instead.
    """
    terms = tuple(condition for _, condition in parse_audience(text, source).terms)
    return terms[0] if len(terms) == 1 else And(terms)


def parse_term(text: str, source: Source) -> Term:
    """Read a calculation that gives a number, such as `plan_price * 0.3`.

    Raises:
        TenureError: as for a condition, or the result is no number.
    """
    tokens_of(text, source)
    term = _read(text, 0, source, _term)
    if kinds.kind_of(term) not in ("number", "property"):
        source.refuse(f"{kinds.said(term)} is not a number", "Write a number column or a calculation.")
    return term


@dataclass(frozen=True, slots=True)
class _Reading:
    """A condition being read: where it stands and at which character of the whole it begins."""

    source: Source
    offset: int

    def refuse(self, node: exp.Expr, problem: str, remedy: str = "") -> NoReturn:
        starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
        self.source.refuse(problem, remedy, min(starts) + self.offset if starts else None)


def _read(text: str, offset: int, source: Source, convert: Callable[[exp.Expr, _Reading], Read]) -> Read:
    try:
        node = sqlglot.parse_one(text, dialect="duckdb")
        return convert(node, _Reading(source, offset))
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        near = f" near `{details[0]['highlight']}`" if details[0].get("highlight") else ""
        source.refuse(f"this is not a condition{near}", ALLOWED, offset)
    except RecursionError:
        source.refuse("the condition is nested too deeply", "Write it flatter.", offset)


def _condition(node: exp.Expr, reading: _Reading) -> Condition:
    kind = type(node)
    if kind in (exp.And, exp.Or):
        parts = tuple(_condition(part, reading) for part in node.flatten())
        return And(parts) if kind is exp.And else Or(parts)
    if kind in _COMPARISONS:
        return _compared(_COMPARISONS[kind], node, reading)
    if kind is exp.Paren:
        return _condition(node.this, reading)
    if kind is exp.Not:
        return Not(_condition(node.this, reading))
    if kind is exp.Between and not node.args.get("symmetric"):
        return _between(node, reading)
    if kind is exp.In:
        return _choice(node, reading)
    if kind is exp.Is and isinstance(node.expression, exp.Null):
        return IsNull(_term(node.this, reading))
    if kind is exp.Column:
        return _flag(node, reading)
    return reading.refuse(node, f"`{_shown(node)}` is not a condition", ALLOWED)


def _compared(operator: Comparison, node: exp.Expr, reading: _Reading) -> Condition:
    left, right = _term(node.this, reading), _term(node.expression, reading)
    try:
        return kinds.checked_comparison(operator, left, right)
    except MismatchError as mismatch:
        reading.refuse(node, mismatch.problem, mismatch.remedy)


def _between(node: exp.Expr, reading: _Reading) -> Condition:
    term = _term(node.this, reading)
    low, high = _term(node.args["low"], reading), _term(node.args["high"], reading)
    try:
        return And((kinds.checked_comparison(">=", term, low), kinds.checked_comparison("<=", term, high)))
    except MismatchError as mismatch:
        reading.refuse(node, mismatch.problem, mismatch.remedy)


def _choice(node: exp.Expr, reading: _Reading) -> Condition:
    if node.args.get("field") is not None:
        return _contains(node, reading)
    if node.args.get("query") is not None or not node.expressions:
        reading.refuse(node, "IN needs a list of constants", "Write `stage IN ('active', 'loyal')`.")
    term = _term(node.this, reading)
    values = tuple(_term(value, reading) for value in node.expressions)
    if not all(isinstance(value, Constant) for value in values):
        reading.refuse(node, "IN needs a list of constants", "Write `stage IN ('active', 'loyal')`.")
    try:
        return kinds.checked_choice(term, cast("tuple[Constant, ...]", values))
    except MismatchError as mismatch:
        reading.refuse(node, mismatch.problem, mismatch.remedy)


def _contains(node: exp.Expr, reading: _Reading) -> Condition:
    word, column = _term(node.this, reading), _term(node.args["field"], reading)
    if not isinstance(column, Column) or kinds.kind_of(column) != "texts":
        reading.refuse(node, f"{kinds.said(column)} is not a list", "Write `= …`, or a list in parentheses.")
    if not isinstance(word, Constant) or not isinstance(word.value, str):
        reading.refuse(node, "only a word can be looked for in a list", f"Write `'…' IN {column.name}`.")
    try:
        kinds.check_word(column.name, word.value)
    except MismatchError as mismatch:
        reading.refuse(node, mismatch.problem, mismatch.remedy)
    return Contains(column, word.value)


def _flag(node: exp.Expr, reading: _Reading) -> Condition:
    column = _term(node, reading)
    if not isinstance(column, Column) or kinds.kind_of(column) != "flag":
        reading.refuse(node, f"{kinds.said(column)} is not true or false by itself", "Compare it with something.")
    return IsTrue(column)


def _term(node: exp.Expr, reading: _Reading) -> Term:
    kind = type(node)
    if kind is exp.Column:
        return _column(node, reading)
    if kind is exp.Paren:
        return _term(node.this, reading)
    if kind is exp.Literal:
        return Constant(node.this) if node.is_string else _number(node, 1, reading)
    if kind is exp.Boolean:
        return Constant(bool(node.this))
    if kind is exp.Null:
        return Constant(None)
    if kind is exp.Neg and type(node.this) is exp.Literal and not node.this.is_string:
        return _number(node.this, -1, reading)
    if kind is exp.Neg:
        return _calculated("-", Constant(0), _term(node.this, reading), node, reading)
    if kind in _ARITHMETIC:
        left, right = _term(node.this, reading), _term(node.expression, reading)
        return _calculated(_ARITHMETIC[kind], left, right, node, reading)
    if kind is exp.Cast and type(node.this) is exp.Literal and node.this.is_string:
        return _moment(node, reading)
    return reading.refuse(node, f"`{_shown(node)}` is not allowed here", ALLOWED)


def _calculated(operator: Arithmetic, left: Term, right: Term, node: exp.Expr, reading: _Reading) -> Term:
    try:
        return kinds.checked_calculation(Calculation(operator, left, right))
    except MismatchError as mismatch:
        reading.refuse(node, mismatch.problem, mismatch.remedy)


def _number(node: exp.Expr, sign: int, reading: _Reading) -> Constant:
    text = str(node.this)
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)) or float(text) >= LARGEST:
        reading.refuse(node, f"`{text[:20]}` is not a number of at most 15 digits", "Write digits and one point.")
    return Constant(sign * (float(text) if "." in text else int(text)))


def _moment(node: exp.Expr, reading: _Reading) -> Constant:
    moment = kinds.moment_text(str(node.this.this))
    if moment is None or not cast("exp.Cast", node).to.is_type("date", "timestamp", "timestampntz"):
        reading.refuse(node, f"`{_shown(node)}` is not a moment", "Write DATE '2011-09-01'.")
    return Constant(moment)


def _column(node: exp.Expr, reading: _Reading) -> Column | Property:
    parts = [str(part.this) for part in node.parts] if isinstance(node, exp.Column) else []
    if len(parts) == 1 and parts[0].lower() in BY_NAME:
        return Column(parts[0].lower())
    if parts and parts[0].lower() == "properties" and len(parts) > 1:
        return _property(parts, node, reading)
    name = ".".join(parts)
    return reading.refuse(node, f"the profile has no column `{name}`", nearest(name, BY_NAME))


def _property(parts: list[str], node: exp.Expr, reading: _Reading) -> Property:
    if not reading.source.properties:
        reading.refuse(node, f"`{'.'.join(parts)}` needs an occasion with an `event:`",
                       "Read properties with one, or with a `calendar:` or a `release:`.")  # fmt: skip
    if len(parts) != 2 or not _PROPERTY.fullmatch(parts[1]):
        reading.refuse(node, f"`{'.'.join(parts)}` is not the name of a property",
                       "Write `properties.NAME` with letters, digits and underscores.")  # fmt: skip
    return Property(parts[1])


def _shown(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")[:40]
