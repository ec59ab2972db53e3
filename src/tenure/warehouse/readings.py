"""The staged form of a fact table: each column's canonical value and, beside it, why it cannot be read.

This is the input of the relations in `facts/`: `row_no`, and for each column of the contract `<column>` and
`<column>_problem`; a table with a moment also has `day` and `month_no` on the business's calendar, and events have what
is read from their properties. Whether a row is accepted is decided there, not here.
"""

from __future__ import annotations

from collections.abc import Mapping

from tenure.domain.facts import CANONICAL_TYPE, TABLES, FactTable
from tenure.domain.money import minor_per_unit
from tenure.warehouse import instants
from tenure.warehouse.canonical import LARGEST_AMOUNT, Ways, quoted, rate, reading

# What an event's properties may call the thing that it is about, in order of preference.
_PROPERTIES = {
    "product_id": ("product_id", "productId", "sku"),
    "amount": ("value", "total", "revenue"),
    "price": ("price",),
    "quantity": ("quantity",),
    "message_id": ("message_id", "messageId"),
    "previous_id": ("previous_id", "previousId"),
}


def staged_columns(table: str) -> tuple[tuple[str, str], ...]:
    """Names and types of the columns of `staged_<table>`, for whoever runs the acceptance rules on another engine."""
    fact = TABLES[table]
    columns = [("row_no", "BIGINT")]
    for column in fact.columns:
        columns += [(column.name, CANONICAL_TYPE[column.kind]), (f"{column.name}_problem", "VARCHAR")]
    if fact.moment:
        columns += [("day", "BIGINT"), ("month_no", "BIGINT")]
    if table == "events":
        columns += [("product_id", "VARCHAR"), ("value", "BIGINT"), ("message_id", "VARCHAR")]
    return tuple(columns)


def staged_rows(table: FactTable, rows: str, columns: Mapping[str, bool], kinds: Mapping[str, str], ways: Ways) -> str:
    """The SELECT over mapped rows that yields `staged_columns`.

    Args:
        table: whose columns.
        rows: the mapped rows.
        columns: the mapped ones, and whether each has a `#bad` column.
        kinds: DuckDB's types of the mapped columns.
        ways: how they are read.
    """
    first: list[tuple[str, str]] = []
    second: list[tuple[str, str]] = []
    values = ['"#row" AS row_no']
    if ways.rated:
        code, rate_sql, unknown = rate(kinds["currency"], ways.business)
        first.append(("#code", code))
        second.append(("#rate", rate_sql))
    for column in table.columns:
        if column.name not in columns:
            values += _absent(column.name, CANONICAL_TYPE[column.kind])
            continue
        read = reading(column, kinds[column.name], ways)
        first += read.prepare[:1]
        second += read.prepare[1:]
        problems = [read.problem]
        if columns[column.name]:
            problems.insert(0, quoted(f"{column.name}#bad"))
        if column.name == "currency":
            problems.append(unknown)
        values.append(f"{read.value} AS {quoted(column.name)}")
        values.append(f"COALESCE({', '.join(problems)}, NULL) AS {quoted(column.name + '_problem')}")
    inner = f"SELECT *{_also(second)} FROM (SELECT *{_also(first)} FROM {rows})"
    return _with_calendar(table, f"SELECT {', '.join(values)} FROM ({inner})", ways)


def _absent(name: str, kind: str) -> list[str]:
    return [f"CAST(NULL AS {kind}) AS {quoted(name)}", f"CAST(NULL AS VARCHAR) AS {quoted(name + '_problem')}"]


def _also(steps: list[tuple[str, str]]) -> str:
    return "".join(f", {sql} AS {quoted(name)}" for name, sql in steps)


def _with_calendar(table: FactTable, rows: str, ways: Ways) -> str:
    extra: list[tuple[str, str]] = []
    if table.moment:
        zone, moment = ways.business.timezone, quoted(table.moment)
        extra += [("day", instants.day(moment, zone)), ("month_no", instants.month(moment, zone))]
    if table.name == "events":
        return _with_properties(rows, extra, ways)
    return f"SELECT *{_also(extra)} FROM ({rows})"


def _with_properties(rows: str, extra: list[tuple[str, str]], ways: Ways) -> str:
    """Events: what their properties say, parsed once a row; an alias joins the anonymous id that it names."""
    paths = [f"'$.{name}'" for names in _PROPERTIES.values() for name in names]
    found = (
        "CASE WHEN properties IS NOT NULL AND properties_problem IS NULL "
        f"THEN json_extract_string(properties, [{', '.join(paths)}]) END"
    )
    at, of = 0, {}
    for key, names in _PROPERTIES.items():
        of[key] = "COALESCE(" + ", ".join(f'"#found"[{at + n + 1}]' for n in range(len(names))) + ", NULL)"
        at += len(names)
    number = {key: f"TRY_CAST({of[key]} AS DOUBLE)" for key in ("amount", "price", "quantity")}
    amount = f"COALESCE({number['amount']}, {number['price']} * COALESCE({number['quantity']}, 1))"
    minor = minor_per_unit(ways.business.currency)
    extra += [
        ("product_id", of["product_id"]),
        ("value", f"CASE WHEN abs({amount}) <= {LARGEST_AMOUNT} "
                  f"THEN CAST(round_even(round({amount} * {minor}, 4), 0) AS BIGINT) END"),
        ("message_id", of["message_id"]),
    ]  # fmt: skip
    joined = f"CASE WHEN lower(name) = 'alias' THEN COALESCE(anonymous_id, {of['previous_id']}) ELSE anonymous_id END"
    return (
        f'SELECT * EXCLUDE ("#found") REPLACE ({joined} AS anonymous_id){_also(extra)} '
        f'FROM (SELECT *, {found} AS "#found" FROM ({rows}))'
    )
