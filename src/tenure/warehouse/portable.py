"""The portable subset of SQL as a checker: a relation that passes gives the same rows on every engine that was tried.

Every rule was learnt from a break: a function that rounds differently, a division that is whole on one engine and not
on another, a LAG that is 0 instead of NULL. What is not allowed here is refused by name, with the reason. The same
subset is described in docs/explanation/profile.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from tenure.relations import Relation, bind

_STRUCTURE = (
    exp.Select, exp.With, exp.CTE, exp.Subquery, exp.Table, exp.TableAlias, exp.From, exp.Join, exp.Where, exp.Group,
    exp.Having, exp.Order, exp.Ordered, exp.Union, exp.Distinct, exp.Alias, exp.Column, exp.Identifier, exp.Literal,
    exp.Null, exp.Star, exp.Paren, exp.DataType, exp.Window, exp.WindowSpec, exp.Tuple, exp.Var,
)  # fmt: skip
_OPERATORS = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE,
    exp.GT, exp.GTE, exp.Is, exp.In, exp.Between, exp.DPipe, exp.Like,
)  # fmt: skip
_FUNCTIONS = (
    exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Count, exp.Sum, exp.Min, exp.Max, exp.RowNumber, exp.Lag, exp.Cast,
    exp.Floor, exp.Round, exp.Abs, exp.Substring, exp.MD5, exp.Length, exp.Lower, exp.Upper, exp.Trim,
)  # fmt: skip
_ALLOWED = frozenset((*_STRUCTURE, *_OPERATORS, *_FUNCTIONS))
_TYPES = (exp.DataType.Type.BIGINT, exp.DataType.Type.DOUBLE, exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)
_AGGREGATES = (exp.Count, exp.Sum, exp.Min, exp.Max)


def refusals(relation: Relation) -> list[str]:
    """What keeps a relation from being portable, each as a clause; none when it is.

    Raises:
        sqlglot.errors.ParseError: the text is no SQL at all.
    """
    tree = sqlglot.parse_one(bind(relation.sql, dict.fromkeys(relation.parameters, 1)), dialect="duckdb")
    found = [
        f"{type(node).__name__} is not in the portable subset" for node in tree.walk() if type(node) not in _ALLOWED
    ]
    for rule in (_divisions, _sums, _casts, _windows, _joins, _selects, _columns, _literals):
        found += rule(tree)
    return [*dict.fromkeys([*found, *_header(tree, relation)])]


def _divisions(tree: exp.Expr) -> Iterator[str]:
    """Of integers it is a whole number on one engine and a double on the next; by zero NULL, infinite or an error."""
    for division in tree.find_all(exp.Div):
        if not all(_is_double(side) for side in (division.left, division.right)):
            yield f"cast both sides of `{division.sql()}` AS DOUBLE before dividing"
        if division.right.find(exp.Column) and not division.right.find(exp.Nullif):
            yield f"guard the divisor by NULLIF(…, 0) in `{division.sql()}`"


def _sums(tree: exp.Expr) -> Iterator[str]:
    """A sum of BIGINT is a 128-bit number on one engine, which must not leave the relation."""
    outer = _outer(tree)
    for total in outer.find_all(exp.Sum):
        if total.find_ancestor(exp.Select) is outer and isinstance(
            total.find_ancestor(exp.Cast, exp.Select), exp.Select
        ):
            yield f"write CAST({total.sql()} AS BIGINT)"


def _casts(tree: exp.Expr) -> Iterator[str]:
    """CAST of a fraction to an integer rounds on one engine and cuts on another."""
    for cast in tree.find_all(exp.Cast):
        if cast.to.this not in _TYPES:
            yield f"cast to BIGINT, DOUBLE or STRING, not `{cast.to.sql()}`"
        is_whole = isinstance(cast.this, exp.Floor)
        if cast.to.this == exp.DataType.Type.BIGINT and not is_whole and _divides(cast.this):
            yield f"write CAST(FLOOR(…) AS BIGINT) instead of `{cast.sql()}`"


def _divides(node: exp.Expr) -> bool:
    return any(not isinstance(d.find_ancestor(exp.Floor), exp.Floor) for d in node.find_all(exp.Div))


def _windows(tree: exp.Expr) -> Iterator[str]:
    """An order that is left open differs between engines and runs; LAG in the first row is 0 on one engine."""
    for window in tree.find_all(exp.Window):
        if isinstance(window.this, exp.RowNumber | exp.Lag) and not window.args.get("order"):
            yield f"order `{window.sql()}`"
        if isinstance(window.this, exp.Lag):
            select = window.find_ancestor(exp.Select)
            if select is None or not select.find(exp.RowNumber):
                yield "put a ROW_NUMBER beside LAG and use its value only where that is above 1"


def _joins(tree: exp.Expr) -> Iterator[str]:
    """Only equality joins run everywhere, and fast."""
    for join in tree.find_all(exp.Join):
        on = join.args.get("on")
        if join.args.get("using") or join.side not in ("", "LEFT") or join.kind not in ("", "INNER", "CROSS"):
            yield f"join by JOIN, LEFT JOIN or CROSS JOIN and ON, not `{join.sql()[:60]}`"
        elif join.kind == "CROSS":
            continue
        elif on is None or any(not isinstance(part, exp.EQ) for part in _parts(on)):
            yield f"join on equal columns only, not `{on.sql() if on else ''}`"


def _parts(on: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(on, exp.And):
        yield from _parts(on.left)
        yield from _parts(on.right)
    elif isinstance(on, exp.Paren):
        yield from _parts(on.this)
    else:
        yield on


def _selects(tree: exp.Expr) -> Iterator[str]:
    """Grouping by aliases or positions, and unnamed columns, are read differently."""
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        if group and any(not isinstance(part, exp.Column) for part in group.expressions):
            yield f"group by columns only, not `{group.sql()}`"
        if any(isinstance(part, exp.Star) for part in select.expressions):
            yield "name the columns instead of `*`"
        having = select.args.get("having")
        if having:
            aliases = {
                part.alias for part in select.expressions if isinstance(part, exp.Alias) and part.find(*_AGGREGATES)
            }
            hidden = aliases & {column.name for column in having.find_all(exp.Column)}
            yield from (
                f"`{name}` in HAVING is an alias on one engine and a column on another" for name in sorted(hidden)
            )
    first = tree.find(exp.Select)
    if first is not None:
        for part in _outer(tree).expressions:
            if not isinstance(part, exp.Alias | exp.Column) or (isinstance(part, exp.Column) and part.table):
                yield f"name the column `{part.sql()}` with AS"


def _outer(tree: exp.Expr) -> exp.Select:
    while isinstance(tree, exp.Union | exp.Subquery):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        raise TypeError(f"a relation is a SELECT, not {type(tree).__name__}")
    return tree


def _columns(tree: exp.Expr) -> Iterator[str]:
    """`at` alone begins a time-travel clause on one engine."""
    for column in tree.find_all(exp.Column):
        if column.name == "at" and not column.table:
            yield "write `at` with its table's alias before it"


def _literals(tree: exp.Expr) -> Iterator[str]:
    """1.5 is a DECIMAL on one engine and a double on another."""
    for literal in tree.find_all(exp.Literal):
        if not literal.is_string and not literal.this.isdigit() and not isinstance(literal.parent, exp.Cast):
            yield f"write {literal.this} as a fraction of integers, or CAST it AS DOUBLE"


def _header(tree: exp.Expr, relation: Relation) -> Iterator[str]:
    columns = tuple(part.alias_or_name for part in _outer(tree).expressions)
    if columns != relation.columns:
        yield f"the header says the columns {', '.join(relation.columns)} but the text gives {', '.join(columns)}"
    inner = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - inner
    if read != set(relation.inputs):
        yield f"the header says the inputs {', '.join(relation.inputs)} but the text reads {', '.join(sorted(read))}"


def _is_double(node: exp.Expr) -> bool:
    return isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.DOUBLE
