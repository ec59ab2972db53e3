"""How cells are converted inside an expression: row by row, and never silently.

A file's cells are text. What an expression treats as a number, casts or parses is converted beside the row; a cell that
does not convert leaves a sentence in a flag beside it, so that it cannot vanish from a sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from tenure.warehouse import instants
from tenure.warehouse.canonical import excerpt, is_number, quoted

# Aggregates that the parser does not know as such.
_AGGREGATES = frozenset({"fsum", "kahan_sum", "product", "mean", "mode", "listagg", "count_if", "min_by", "max_by"})
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Round, exp.Ceil, exp.Floor, exp.Sum, exp.Avg,
               exp.Sqrt, exp.Ln, exp.Pow)  # fmt: skip
_WHOLE = (exp.Mod, exp.IntDiv)
_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ, exp.Between)
_EXTREMES = (exp.Min, exp.Max, exp.Greatest, exp.Least)
_PASSING = (exp.Paren, exp.Coalesce, exp.Nullif, exp.If, exp.Case, *_EXTREMES)


@dataclass(frozen=True, slots=True)
class Zones:
    """How moments inside expressions are read.

    Attributes:
        zone: of times written without one.
        calendar: the business's, of dates without a time.
        orders: source column → how it writes days and months.
    """

    zone: str
    calendar: str
    orders: Mapping[str, instants.Order]


def aggregates(tree: exp.Expr) -> bool:
    """Whether an expression puts rows together (windows do not)."""
    return any(is_aggregate(node) and not _in_window(node) for node in tree.find_all(exp.Func))


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a function is an aggregate."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in _AGGREGATES
    return isinstance(node, exp.AggFunc)


class Conversions:
    """The conversions of one SELECT, collected as columns that are computed before it.

    Args:
        known: the source's columns and DuckDB's types.
        zones: how moments are read.
        guarded: let what fails on a row be NULL there.
    """

    def __init__(self, known: Mapping[str, str], zones: Zones, guarded: bool) -> None:
        self.known = known
        self.zones = zones
        self.guarded = guarded
        self.steps: list[tuple[str, str]] = []
        self._made: dict[str, tuple[str, str]] = {}

    def render(self, tree: exp.Expr, *, moment: bool = False, amount: bool = False) -> tuple[str, list[str]]:
        """SQL of an expression over the source's rows and the steps, and the flags that say why it may be unreadable.

        Args:
            tree: columns are spelt as the source spells them; changed in place.
            moment: the earliest or latest of a column that is a moment.
            amount: the result is a number.
        """
        flags: list[str] = []
        for node in list(tree.find_all(exp.Column)):
            if fields := node.meta.get("fields"):
                self._reach(node, fields)
        for node in list(tree.find_all(exp.Column)):
            kind = self.known.get(node.name, "VARCHAR")
            if moment and kind == "VARCHAR":
                self._as_moment(node, flags)
            elif (target := _number_type(node, amount)) and not is_number(kind):
                cell = node.sql("duckdb")
                text = f"NULLIF(trim(CAST({cell} AS VARCHAR)), '')"
                self._convert(node, f"TRY_CAST({text} AS {target})", cell, "is not a number", flags)
        for cast in list(tree.find_all(exp.Cast, exp.StrToTime)):
            self._forgive(cast, flags)
        _in_file_order(tree)
        if self.guarded and not tree.find(exp.Window):
            self._guard(tree)
        return tree.sql("duckdb"), flags

    def _reach(self, node: exp.Column, fields: list[str]) -> None:
        """A nested field: of a JSON text by its path, of a struct by its name."""
        own = node.name
        if self.known[own] in ("VARCHAR", "JSON"):
            path = "$" + "".join('."' + part.replace('"', "").replace("'", "''") + '"' for part in fields)
            sql = f"json_extract_string({quoted(own)}, '{path}')"
        else:
            sql = ".".join(quoted(part) for part in (own, *fields))
        node.replace(_column(self._step(sql)))

    def _as_moment(self, node: exp.Column, flags: list[str]) -> None:
        own, zones = node.name, self.zones
        if own not in self._made:
            order = zones.orders.get(own, "unknown")
            steps, micros, problem = instants.moment(own, "VARCHAR", order, zones.zone, zones.calendar)
            self.steps += [*steps, (f"{own}#at", f"make_timestamptz({micros})"), (f"{own}#why", problem)]
            self._made[own] = (f"{own}#at", f"{own}#why")
        name, flag = self._made[own]
        node.replace(_column(name))
        flags.append(quoted(flag))

    def _forgive(self, node: exp.Expr, flags: list[str]) -> None:
        """CAST and strptime become forgiving; over a row's own cells a failure is remembered."""
        source = node.this
        if isinstance(node, exp.Cast):
            kind = node.args["to"].sql("duckdb")
            forgiving = f"TRY_CAST({source.sql('duckdb')} AS {kind})"
            what = f"is not of the type {kind}"
        else:
            forgiving = node.sql("duckdb").replace("STRPTIME(", "try_strptime(", 1)
            what = "does not have the form that strptime expects"
        if aggregates(source) or source.find(exp.Window):
            node.replace(sqlglot.parse_one(forgiving, dialect="duckdb"))
        else:
            self._convert(node, forgiving, source.sql("duckdb"), what, flags)

    def _convert(self, node: exp.Expr, sql: str, cell: str, what: str, flags: list[str]) -> None:
        """Put a conversion beside the row, once for all who use it."""
        key = f"{sql}\x1f{what}"
        if key not in self._made:
            name = self._step(sql)
            failed = f"NULLIF(trim(CAST({cell} AS VARCHAR)), '') IS NOT NULL AND {quoted(name)} IS NULL"
            flag = self._step(f"CASE WHEN {failed} THEN {excerpt(cell)} || ' {what}' END")
            self._made[key] = (name, flag)
        name, flag = self._made[key]
        node.replace(_column(name))
        if quoted(flag) not in flags:
            flags.append(quoted(flag))

    def _guard(self, tree: exp.Expr) -> None:
        """Compute inside TRY what may fail on a row; beside GROUP BY the engine cannot do that."""
        targets = [tree.this]
        if aggregates(tree):
            targets = [node.this for node in tree.find_all(exp.Func) if is_aggregate(node)]
        for node in targets:
            if isinstance(node, exp.Expr) and not isinstance(node, exp.Column | exp.Literal | exp.Star | exp.Distinct):
                node.replace(_column(self._step(f"TRY({self._inline(node.sql('duckdb'))})")))

    def _inline(self, sql: str) -> str:
        """The text with steps written out: inside TRY the engine does not read earlier aliases."""
        for name, text in reversed(self.steps):
            sql = sql.replace(quoted(name), f"({text})")
        return sql

    def _step(self, sql: str) -> str:
        """The name of a computed column; steps may use those before them (DuckDB reads earlier aliases)."""
        for name, text in self.steps:
            if text == sql:
                return name
        name = f"#{len(self.steps)}"
        self.steps.append((name, sql))
        return name


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _in_window(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        parent = parent.parent
    return isinstance(parent, exp.Window)


def _number_type(node: exp.Expr, amount: bool) -> str | None:
    """The number type in which an expression uses a column, or None where it may stay text."""
    child, parent, compared = node, node.parent, False
    while parent is not None:
        if isinstance(parent, exp.Bracket):
            return "BIGINT" if parent.this is not child else None
        if isinstance(parent, (*_WHOLE, *_ARITHMETIC)):
            # An index such as [1 + n % 20] must stay whole all the way up.
            return "BIGINT" if isinstance(parent, _WHOLE) or parent.find_ancestor(exp.Bracket) else "DOUBLE"
        if isinstance(parent, _COMPARISONS):
            others = [other for other in parent.iter_expressions() if other is not child]
            return "DOUBLE" if any(_is_numeric(other) for other in others) else None
        if isinstance(parent, exp.If) and parent.this is child:
            return None
        if not isinstance(parent, _PASSING):
            return None
        compared = compared or isinstance(parent, _EXTREMES)
        child, parent = parent, parent.parent
    # The largest of texts is not the largest of numbers.
    return "DOUBLE" if amount and compared else None


def _is_numeric(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Literal):
        return not node.is_string
    return isinstance(node, (*_ARITHMETIC, *_WHOLE, exp.Count))


def _in_file_order(tree: exp.Expr) -> None:
    """`first`, `last` and `any_value` mean the file's order and skip empty cells; left alone they would be chance."""
    for node in list(tree.find_all(exp.First, exp.Last, exp.AnyValue)):
        if node.find_ancestor(exp.Window) is None:
            function = "arg_max" if isinstance(node, exp.Last) else "arg_min"
            cell = sqlglot.parse_one(f"NULLIF(CAST({node.this.sql('duckdb')} AS VARCHAR), '')", dialect="duckdb")
            node.replace(exp.Anonymous(this=function, expressions=[cell, _column("#row")]))
