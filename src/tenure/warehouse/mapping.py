"""The SELECT that turns a source's own rows into rows with the contract's columns.

Each column of the contract is made by its expression, or taken from the source's column of the same name. If any
expression aggregates, rows are grouped by those that do not, so that one file of receipt lines yields orders as well as
their lines. What happens to a cell on the way is in `conversions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from tenure.domain.errors import Place, TenureError, nearest
from tenure.domain.extract import Extract
from tenure.domain.facts import TABLES, FactTable
from tenure.warehouse.canonical import quoted
from tenure.warehouse.conversions import Conversions, Zones, aggregates
from tenure.warehouse.instants import Order

ROW = '"#row"'
_AMOUNTS = ("money", "quantity", "number", "count", "flag")


@dataclass(slots=True)
class Mapped:
    """The SELECT over a source and what it means.

    Attributes:
        sql: rows of `#row`, the contract's columns, and `<column>#bad` where a conversion can fail.
        columns: contract column → whether it has a `#bad` column.
        heavy: grouping or windows make it worth computing once.
    """

    sql: str = ""
    columns: dict[str, bool] = field(default_factory=dict)
    heavy: bool = False


def needed(extract: Extract, known: Mapping[str, str]) -> list[str]:
    """The source's own columns that an extract reads, in the source's order.

    Args:
        extract: what is to be read.
        known: the source's columns and DuckDB's types.

    Raises:
        TenureError: an expression names a column that the source does not have, or nothing yields a required one.
    """
    table = TABLES[extract.table]
    _require(extract, table, _trees(extract, table, known), known)
    used = {
        resolve(node, known, extract, name).lower()
        for name, tree in _all_trees(extract, known)
        for node in tree.find_all(exp.Column)
    }
    return [name for name in known if name.lower() in used]


def grouped_moments(extract: Extract, known: Mapping[str, str]) -> list[str]:
    """Text columns of the source that are compared as moments (`min("Created at")`) before rows are grouped."""
    found = []
    for name, tree in _trees(extract, TABLES[extract.table], known).items():
        cell = _extreme(tree, TABLES[extract.table], name)
        if cell is not None and known.get(resolve(cell, known, extract, name)) == "VARCHAR":
            found.append(resolve(cell, known, extract, name))
    return list(dict.fromkeys(found))


def mapped(
    extract: Extract, origin: str, known: Mapping[str, str], calendar: str, orders: Mapping[str, Order], *,
    guarded: bool = False,
) -> Mapped:  # fmt: skip
    """The SELECT for an extract.

    Args:
        extract: the expressions.
        origin: SQL that stands for the source's rows (a table or a table function), with a column `#row`.
        known: the source's columns and DuckDB's types.
        calendar: the business's time zone.
        orders: for the columns of `grouped_moments`, how they write days and months.
        guarded: let an expression that fails on a row be NULL there instead of ending the import.

    Raises:
        TenureError: an unknown column, or a required column that nothing yields.
    """
    table = TABLES[extract.table]
    trees = _trees(extract, table, known)
    _require(extract, table, trees, known)
    grouped = any(aggregates(tree) for tree in trees.values())
    if grouped:
        _gather(table, extract, trees)
    conversions = Conversions(known, Zones(extract.timezone, calendar, orders), guarded)
    condition, unclear = _condition(extract, known, conversions)
    result = Mapped(heavy=grouped or any(tree.find(exp.Window) for tree in trees.values()))
    outer = [f'min({ROW}) AS "#row"' if grouped else f'{ROW} AS "#row"']
    for name, tree in trees.items():
        _spell(tree, known, extract, name)
        moment = _extreme(tree, table, name) is not None
        sql, bad = conversions.render(tree, moment=moment, amount=table.column(name).kind in _AMOUNTS)
        if name == table.key[0]:
            bad = [*unclear, *bad]
        outer.append(f"{sql} AS {quoted(name)}")
        result.columns[name] = bool(bad)
        if bad:
            flags = [f"max({flag})" if grouped else flag for flag in bad]
            outer.append(f"COALESCE({', '.join(flags)}, NULL) AS {quoted(name + '#bad')}")
    inner = ", ".join(["*", *(f"{sql} AS {quoted(name)}" for name, sql in conversions.steps)])
    result.sql = f"SELECT {', '.join(outer)} FROM (SELECT {inner} FROM {origin}) {condition}"
    if grouped:
        result.sql += " GROUP BY ALL"
    return result


def resolve(node: exp.Column, known: Mapping[str, str], extract: Extract, column: str) -> str:
    """The source's name of the column that a node means; a nested field belongs to its first part.

    Raises:
        TenureError: the source has no such column; names the nearest.
    """
    lower = {name.lower(): name for name in known}
    first = node.parts[0].name
    if first.lower() not in lower:
        raise TenureError(
            f"{_what(extract)} has no column `{first}`, which the expression for `{column}` reads",
            nearest(first, known), _place(extract, column),
        )  # fmt: skip
    return lower[first.lower()]


def _trees(extract: Extract, table: FactTable, known: Mapping[str, str]) -> dict[str, exp.Expr]:
    lower = {name.lower(): name for name in known}
    trees: dict[str, exp.Expr] = {}
    for column in table.columns:
        if column.name in extract.columns:
            trees[column.name] = _parse(extract.columns[column.name])
        elif column.name in lower:
            trees[column.name] = _parse(quoted(lower[column.name]))
    return trees


def _all_trees(extract: Extract, known: Mapping[str, str]) -> list[tuple[str, exp.Expr]]:
    trees = list(_trees(extract, TABLES[extract.table], known).items())
    return [*trees, ("where", _parse(extract.where))] if extract.where else trees


def _parse(text: str) -> exp.Expr:
    # Inside brackets, so that every node has a parent and can be replaced in place.
    return exp.Paren(this=sqlglot.parse_one(text, dialect="duckdb"))


def _extreme(tree: exp.Expr, table: FactTable, name: str) -> exp.Column | None:
    """The column whose earliest or latest value a moment is; as text, 9.1.2020 would come after 10.1.2020."""
    node = tree.unnest()
    if table.column(name).kind in ("moment", "date") and isinstance(node, exp.Min | exp.Max):
        inside = node.this.unnest()
        return inside if isinstance(inside, exp.Column) and len(inside.parts) == 1 else None
    return None


def _condition(extract: Extract, known: Mapping[str, str], conversions: Conversions) -> tuple[str, list[str]]:
    """The WHERE clause; a row whose condition cannot be read stays, to be kept aside with its reason."""
    if not extract.where:
        return "", []
    tree = _parse(extract.where)
    _spell(tree, known, extract, "where")
    sql, flags = conversions.render(tree)
    return f"WHERE {' OR '.join([sql, *(f'{flag} IS NOT NULL' for flag in flags)])}", flags


def _spell(tree: exp.Expr, known: Mapping[str, str], extract: Extract, column: str) -> None:
    """Write each column as the source spells it, quoted: `user` is a column here and never a function."""
    for node in list(tree.find_all(exp.Column)):
        own = resolve(node, known, extract, column)
        rest = [exp.to_identifier(part.name, quoted=True) for part in node.parts[1:]]
        spelt = exp.Column(this=exp.to_identifier(own, quoted=True))
        spelt.meta["fields"] = [part.name for part in rest]
        node.replace(spelt)


def _require(extract: Extract, table: FactTable, trees: Mapping[str, exp.Expr], known: Mapping[str, str]) -> None:
    for name in table.required:
        if name not in trees:
            hint = nearest(name, known) if known else ""
            raise TenureError(
                f"{_what(extract)} has no column `{name}`, which {table.name} needs",
                f"{hint} Say what makes it: `{name}: …` in the source file, or --map {name}=….".strip(),
                _place(extract, ""),
            )


def _gather(table: FactTable, extract: Extract, trees: dict[str, exp.Expr]) -> None:
    """In a grouped mapping, unnamed columns take their group's first value; unnamed amounts are never guessed.

    Raises:
        TenureError: a required amount is not named.
    """
    for column in table.columns:
        if column.name in extract.columns or column.name not in trees or column.name in table.key:
            continue
        if column.kind not in _AMOUNTS:
            trees[column.name] = exp.Paren(this=exp.First(this=trees[column.name].unnest()))
        elif not column.required:
            del trees[column.name]
        else:
            raise TenureError(
                f"rows are grouped, so `{column.name}` must say how the rows of a group become one",
                f"For instance `{column.name}: sum({column.name})` or `max({column.name})`.",
                _place(extract, ""),
            )


def _place(extract: Extract, column: str) -> Place:
    return Place(extract.place, extract.lines.get(column, extract.lines.get("")))


def _what(extract: Extract) -> str:
    if not extract.files:
        return "the query"
    name = extract.files[0].rsplit("/", 1)[-1]
    return f"`{name}`" if len(extract.files) == 1 else f"`{name}` or a file beside it"
