"""The SELECT that turns a source's own rows into rows with the contract's columns.

A source is read as it is written, text where it is text; what an expression treats as a number or converts is cast
row by row, and a cell that does not convert is remembered beside the result instead of vanishing from a sum. If any
expression aggregates, rows are grouped by those that do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from tenure.domain.errors import Place, TenureError, nearest
from tenure.domain.extract import Extract
from tenure.domain.facts import TABLES, FactTable
from tenure.warehouse.canonical import excerpt, is_number, quoted

ROW = '"#row"'
_AMOUNTS = ("money", "quantity", "number", "count", "flag")
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Round, exp.Ceil, exp.Floor, exp.Sum, exp.Avg,
               exp.Sqrt, exp.Ln, exp.Pow)  # fmt: skip
_WHOLE = (exp.Mod, exp.IntDiv, exp.Bracket)
_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ, exp.Between)
_PASSING = (exp.Paren, exp.Coalesce, exp.Greatest, exp.Least, exp.Nullif, exp.If, exp.Case)
AGGREGATES = frozenset(
    [
        "sum",
        "avg",
        "mean",
        "min",
        "max",
        "count",
        "any_value",
        "first",
        "last",
        "arg_min",
        "arg_max",
        "min_by",
        "max_by",
        "string_agg",
        "group_concat",
        "listagg",
        "list",
        "array_agg",
        "bool_and",
        "bool_or",
        "median",
        "mode",
        "product",
        "fsum",
        "kahan_sum",
        "sumkahan",
        "count_if",
        "countif",
        "stddev",
        "variance",
        "quantile",
        "quantile_cont",
        "quantile_disc",
        "approx_count_distinct",
    ]
)


@dataclass(slots=True)
class Mapped:
    """The SELECT over a source and what it means.

    Attributes:
        sql: rows of `#row`, the contract's columns, and `<column>#bad` where a conversion can fail.
        columns: contract column → whether it has a `#bad` column.
        grouped: rows of the source were put together.
        heavy: grouping or windows make it worth computing once.
    """

    sql: str = ""
    columns: dict[str, bool] = field(default_factory=dict)
    grouped: bool = False
    heavy: bool = False


def needed(extract: Extract, known: Mapping[str, str]) -> list[str]:
    """The source's own columns that an extract reads, in the source's order.

    Args:
        extract: what is to be read.
        known: the source's columns and DuckDB's types.

    Raises:
        TenureError: an expression names a column that the source does not have.
    """
    table = TABLES[extract.table]
    used = {
        _resolve(node, known, extract, name).lower()
        for name, tree in [*_trees(extract, table, known).items(), *_where(extract)]
        for node in tree.find_all(exp.Column)
    }
    return [name for name in known if name.lower() in used]


def mapped(extract: Extract, origin: str, known: Mapping[str, str], *, guarded: bool = False) -> Mapped:
    """The SELECT for an extract.

    Args:
        extract: the expressions.
        origin: SQL that stands for the source's rows (a table or a table function), with a column `#row`.
        known: the source's columns and DuckDB's types.
        guarded: let an expression that fails on a row be NULL there instead of ending the import.

    Raises:
        TenureError: an unknown column, or a required column that nothing yields.
    """
    table = TABLES[extract.table]
    trees = _trees(extract, table, known)
    _require(extract, table, trees, known)
    grouped = any(_aggregates(tree) for tree in trees.values())
    building = _Building(extract, known, guarded)
    if grouped:
        _gather(table, extract, trees, known)
    result = Mapped(grouped=grouped, heavy=grouped or any(t.find(exp.Window) for t in trees.values()))
    outer = [f'min({ROW}) AS "#row"' if grouped else f'{ROW} AS "#row"']
    condition = building.condition()
    for name, tree in trees.items():
        sql, bad = building.render(name, tree)
        if name == table.key[0]:
            bad = [*building.condition_flags, *bad]
        outer.append(f"{sql} AS {quoted(name)}")
        result.columns[name] = bool(bad)
        if bad:
            flags = [f"max({flag})" if grouped else flag for flag in bad]
            outer.append(f"COALESCE({', '.join(flags)}, NULL) AS {quoted(name + '#bad')}")
    inner = ", ".join(["*", *(f"{sql} AS {quoted(name)}" for name, sql in building.steps)])
    result.sql = f"SELECT {', '.join(outer)} FROM (SELECT {inner} FROM {origin}) {condition}"
    if grouped:
        result.sql += " GROUP BY ALL"
    return result


def _trees(extract: Extract, table: FactTable, known: Mapping[str, str]) -> dict[str, exp.Expression]:
    lower = {name.lower(): name for name in known}
    trees: dict[str, exp.Expression] = {}
    for column in table.columns:
        if column.name in extract.columns:
            trees[column.name] = _parse(extract.columns[column.name])
        elif column.name in lower:
            trees[column.name] = exp.column(lower[column.name], quoted=True)
    return trees


def _where(extract: Extract) -> list[tuple[str, exp.Expression]]:
    return [("where", _parse(extract.where))] if extract.where else []


def _parse(text: str) -> exp.Expression:
    tree = sqlglot.parse_one(text, dialect="duckdb")
    assert isinstance(tree, exp.Expression)
    return tree


def _require(extract: Extract, table: FactTable, trees: Mapping[str, exp.Expression], known: Mapping[str, str]) -> None:
    for name in table.required:
        if name not in trees:
            hint = nearest(name, known) if known else ""
            raise TenureError(
                f"there is no column `{name}`, which {table.name} needs",
                f"{hint} Say which expression makes it: `{name}: …` in a source file, or --map {name}=….".strip(),
                _place(extract, ""),
            )


def _gather(table: FactTable, extract: Extract, trees: dict[str, exp.Expression], known: Mapping[str, str]) -> None:
    """In a grouped mapping, unnamed columns take their group's first value; unnamed amounts are never guessed."""
    for column in table.columns:
        if column.name in extract.columns or column.name not in trees or column.name in table.key:
            continue
        if column.kind in _AMOUNTS:
            if column.required:
                raise TenureError(
                    f"rows are grouped, so `{column.name}` must say how the rows of a group become one",
                    f"For instance `{column.name}: sum({column.name})` or `max({column.name})`.",
                    _place(extract, ""),
                )
            del trees[column.name]
        else:
            trees[column.name] = exp.First(this=trees[column.name])


def _aggregates(tree: exp.Expression) -> bool:
    return any(
        is_aggregate(node) and not isinstance(node.parent, exp.Window)
        and not (isinstance(node.parent, exp.Filter | exp.IgnoreNulls) and isinstance(node.parent.parent, exp.Window))
        for node in tree.find_all(exp.Func)
    )  # fmt: skip


def is_aggregate(node: exp.Expression) -> bool:
    """Whether a function puts rows together."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in AGGREGATES
    return isinstance(node, exp.AggFunc)


def _place(extract: Extract, column: str) -> Place:
    line = extract.lines.get(column, extract.lines.get(""))
    return Place(extract.place or ", ".join(name.rsplit("/", 1)[-1] for name in extract.files[:3]), line)


def _resolve(node: exp.Column, known: Mapping[str, str], extract: Extract, column: str) -> str:
    """The source's name of a column; a nested field belongs to its first part."""
    lower = {name.lower(): name for name in known}
    first = node.parts[0].name
    if first.lower() not in lower:
        raise TenureError(
            f"{_what(extract)} has no column `{first}`, which `{column}` reads", nearest(first, known),
            _place(extract, column),
        )  # fmt: skip
    return lower[first.lower()]


def _what(extract: Extract) -> str:
    if not extract.files:
        return "the query"
    return extract.files[0].rsplit("/", 1)[-1]


class _Building:
    """One SELECT under construction: collects the conversions that are computed row by row."""

    def __init__(self, extract: Extract, known: Mapping[str, str], guarded: bool) -> None:
        self.extract = extract
        self.known = known
        self.guarded = guarded
        self.steps: list[tuple[str, str]] = []
        self.condition_flags: list[str] = []
        self._made: dict[str, tuple[str, str | None]] = {}

    def condition(self) -> str:
        """The WHERE clause; a row whose condition cannot be read stays, to be kept aside with its reason."""
        if not self.extract.where:
            return ""
        sql, self.condition_flags = self._row_level("where", _parse(self.extract.where))
        tests = [f"({sql})", *(f"{flag} IS NOT NULL" for flag in self.condition_flags)]
        return f"WHERE {' OR '.join(tests)}"

    def render(self, name: str, tree: exp.Expression) -> tuple[str, list[str]]:
        """SQL of one column and the names of the flags that say why it may be unreadable."""
        return self._row_level(name, tree)

    def _row_level(self, name: str, tree: exp.Expression) -> tuple[str, list[str]]:
        flags: list[str] = []
        tree = exp.Paren(this=tree.copy())
        for column in list(tree.find_all(exp.Column)):
            self._spell(column, name)
        for node in list(tree.find_all(exp.Column)):
            target = _numeric(node)
            if target and not is_number(self._kind(node)):
                self._replace(node, f"TRY_CAST(NULLIF(trim(CAST({node.sql('duckdb')} AS VARCHAR)), '') AS {target})",
                              node.sql("duckdb"), "is not a number", flags)  # fmt: skip
        for node in list(tree.find_all(exp.Cast, exp.StrToTime)):
            self._convert(node, flags)
        _ordered(tree)
        inside = tree.this
        if self.guarded:
            self._guard(inside)
        return tree.this.sql("duckdb"), flags

    def _guard(self, tree: exp.Expression) -> None:
        """Compute what may fail row by row inside TRY, which DuckDB cannot do beside GROUP BY."""
        if tree.find(exp.Window):
            return
        targets = [tree]
        if _aggregates(tree):
            targets = [node.this for node in tree.find_all(exp.Func) if is_aggregate(node)]
        for node in targets:
            if isinstance(node, exp.Expression) and not isinstance(
                node, exp.Column | exp.Literal | exp.Star | exp.Distinct
            ):
                step = self._step(f"#t{len(self.steps)}", f"TRY({self._inline(node.sql('duckdb'))})")
                node.replace(exp.column(step, quoted=True))

    def _spell(self, node: exp.Column, column: str) -> None:
        """Write a column as the source spells it; a field of a JSON text is extracted by its path."""
        own = _resolve(node, self.known, self.extract, column)
        rest = [part.name for part in node.parts[1:]]
        if not rest:
            node.replace(exp.column(own, quoted=True))
        elif self.known[own] in ("VARCHAR", "JSON"):
            path = "$" + "".join('."' + part.replace('"', "") + '"' for part in rest)
            step = f"#f{len(self.steps)}"
            sql = f"json_extract_string({quoted(own)}, '{path.replace(chr(39), chr(39) * 2)}')"
            node.replace(exp.column(self._step(step, sql), quoted=True))
        else:
            sql = ".".join(quoted(part) for part in (own, *rest))
            node.replace(exp.column(self._step(f"#f{len(self.steps)}", sql), quoted=True))

    def _step(self, name: str, sql: str) -> str:
        for known, text in self.steps:
            if text == sql:
                return known
        self.steps.append((name, sql))
        return name

    def _kind(self, node: exp.Column) -> str:
        # A step's name is not a source column: JSON text, or a field whose type the engine will see.
        return self.known.get(node.name, "VARCHAR")

    def _convert(self, node: exp.Expression, flags: list[str]) -> None:
        """CAST and strptime become forgiving; over plain cells a failure is remembered."""
        source = node.this
        if isinstance(node, exp.Cast):
            forgiving = exp.TryCast(this=source.copy(), to=node.args["to"].copy()).sql("duckdb")
            what = f"is not of the type {node.args['to'].sql('duckdb')}"
        else:
            forgiving = f"try_strptime({source.sql('duckdb')}, {node.args['format'].sql('duckdb')})"
            what = "does not have the form that strptime expects"
        inside = source.find(exp.Func, exp.Window)
        if isinstance(inside, exp.Window) or any(is_aggregate(n) for n in source.find_all(exp.Func)):
            node.replace(sqlglot.parse_one(forgiving, dialect="duckdb"))
            return
        self._replace(node, forgiving, source.sql("duckdb"), what, flags)

    def _replace(self, node: exp.Expression, sql: str, cell: str, what: str, flags: list[str]) -> None:
        key = f"{sql}\x1f{what}"
        if key not in self._made:
            number = len(self._made)
            # A step may read an earlier one, so each stands in full: the engine computes equal terms once.
            full, cell = self._inline(sql), self._inline(cell)
            name, flag = f"#v{number}", f"#b{number}"
            self.steps.append((name, full))
            self.steps.append((flag, f"CASE WHEN NULLIF(trim(CAST({cell} AS VARCHAR)), '') IS NOT NULL "
                                     f"AND ({full}) IS NULL THEN {excerpt(cell)} || ' {what}' END"))  # fmt: skip
            self._made[key] = (name, flag)
        name, flag = self._made[key]
        node.replace(exp.column(name, quoted=True))
        if flag and quoted(flag) not in flags:
            flags.append(quoted(flag))

    def _inline(self, sql: str) -> str:
        for name, text in reversed(self.steps):
            sql = sql.replace(quoted(name), f"({text})")
        return sql


def _numeric(node: exp.Expression) -> str | None:
    """The number type in which an expression uses a column, or None where it may stay text."""
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, _WHOLE):
            return None if isinstance(parent, exp.Bracket) and parent.this is child else "BIGINT"
        if isinstance(parent, _ARITHMETIC):
            # An index such as [1 + n % 20] must stay whole all the way up.
            return "BIGINT" if parent.find_ancestor(exp.Bracket) else "DOUBLE"
        if isinstance(parent, _COMPARISONS):
            others = [e for e in parent.iter_expressions() if e is not child]
            return "DOUBLE" if any(_is_numeric(e) for e in others) else None
        if isinstance(parent, exp.If) and parent.this is child and not isinstance(child, exp.Column):
            return None
        if isinstance(parent, exp.Window | exp.Order | exp.Ordered | exp.Cast) or not isinstance(
            parent, (*_PASSING, exp.Min, exp.Max)
        ):
            return None
        child, parent = parent, parent.parent
    return None


def _is_numeric(node: exp.Expression) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Literal):
        return not node.is_string
    return isinstance(node, (*_ARITHMETIC, exp.Mod, exp.IntDiv, exp.Count))


def _ordered(tree: exp.Expression) -> None:
    """`first`, `last` and `any_value` mean the file's order: in parallel they would mean anybody's."""
    for node in list(tree.find_all(exp.First, exp.Last, exp.AnyValue)):
        if node.find_ancestor(exp.Window) is not None:
            continue
        function = "arg_max" if isinstance(node, exp.Last) else "arg_min"
        cell = f"NULLIF(CAST({node.this.sql('duckdb')} AS VARCHAR), '')"
        node.replace(exp.Anonymous(this=function, expressions=[_parse(cell), exp.column("#row", quoted=True)]))
