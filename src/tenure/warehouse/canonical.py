"""How each kind of column is read: the SQL that makes the canonical value, and the sentence when it cannot be read.

A reading never fails: an unreadable cell becomes NULL beside a problem, so one bad cell costs one row and no more.
Moments are read in `instants.py`. All SQL here is DuckDB's and is made from names and closed lists only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tenure.domain.business import Business
from tenure.domain.facts import Column
from tenure.domain.money import minor_per_unit
from tenure.warehouse import instants

LARGEST_AMOUNT = 1_000_000_000_000  # units; beyond it doubles lose cents, and no basket is worth more
LARGEST_QUANTITY = 1_000_000_000
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
          "UHUGEINT")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A column's SQL in two layers.

    Attributes:
        prepare: (name, SQL over the mapped rows) computed first, so that no cast is done twice.
        value: SQL of the canonical value, over the prepared names.
        problem: SQL of the sentence, NULL when the cell can be read (an empty cell can).
        more: further (name, SQL) columns that the reading yields.
    """

    prepare: tuple[tuple[str, str], ...]
    value: str
    problem: str
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ways:
    """What readings of one import have in common.

    Attributes:
        timezone: IANA zone of times written without one.
        business: whose currency, rates and calendar apply.
        orders: how each text column writes days and months, once learnt from its values.
        rated: the table has a currency column, so its amounts are converted.
    """

    timezone: str
    business: Business
    orders: dict[str, Literal["dmy", "mdy", "unknown"]] = field(default_factory=dict)
    rated: bool = False


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """A value as a SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def is_number(kind: str) -> bool:
    """Whether DuckDB's type of that name holds numbers."""
    return kind in _WHOLE or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def reading(column: Column, kind: str, ways: Ways) -> Reading:
    """How a column of the mapped rows is read.

    Args:
        column: the contract's column; the mapped rows have it under the same name.
        kind: DuckDB's type of the mapped column.
        ways: what the import's readings share.
    """
    match column.kind:
        case "text":
            return _text(column.name, kind)
        case "json":
            return _json(column.name, kind)
        case "choice":
            plain = _text(column.name, kind)
            return Reading(plain.prepare, f"lower({plain.value})", plain.problem)
        case "flag":
            return _flag(column.name, kind)
        case "moment":
            order = ways.orders.get(column.name, "unknown")
            return Reading(*instants.moment(column.name, kind, order, ways.timezone, ways.business.timezone))
        case "date":
            order = ways.orders.get(column.name, "unknown")
            return Reading(*instants.date(column.name, kind, order, ways.timezone, ways.business.timezone))
        case "money":
            scale = str(minor_per_unit(ways.business.currency)) + (' * "#rate"' if ways.rated else "")
            return _number(column.name, kind, scale, LARGEST_AMOUNT, "BIGINT")
        case "quantity":
            return _number(column.name, kind, "1000", LARGEST_QUANTITY, "BIGINT")
        case "count":
            return _count(column.name, kind)
        case "number":
            return _number(column.name, kind, "", LARGEST_AMOUNT, "DOUBLE")


def rate(kind: str, business: Business) -> tuple[str, str, str]:
    """The exchange rate of a row's `currency` column: (prepared code, SQL of the rate, SQL of the problem)."""
    code = f"upper({_trimmed('currency', kind)})"
    known = [(business.currency.upper(), 1.0), *((name, float(value)) for name, value in business.rates)]
    arms = " ".join(f"WHEN {text_literal(name)} THEN CAST({value!r} AS DOUBLE)" for name, value in known)
    rate_sql = f'CASE COALESCE("#code", {text_literal(business.currency.upper())}) {arms} END'
    problem = (
        f'CASE WHEN "#code" IS NOT NULL AND {rate_sql} IS NULL THEN \'the currency \' || "#code" || '
        "' has no rate; add it under rates: in tenure.yaml' END"
    )
    return code, rate_sql, problem


def excerpt(sql: str) -> str:
    """SQL of a cell as it may be shown in a reason: its first 40 characters in backticks."""
    return f"'`' || left(replace(CAST({sql} AS VARCHAR), chr(0), '?'), 40) || '`'"


def _trimmed(name: str, kind: str) -> str:
    if kind == "VARCHAR":
        return f"NULLIF(trim({quoted(name)}, e' \\t\\r\\n'), '')"
    return f"CAST({quoted(name)} AS VARCHAR)"


def _text(name: str, kind: str) -> Reading:
    own, prepared = quoted(name), quoted(f"{name}#t")
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        # Spreadsheets and data frames turn the id 13085 into 13085.0 as soon as one row lacks it.
        nan = f"isnan(CAST({own} AS DOUBLE))"
        sql = (
            f"CASE WHEN {nan} THEN NULL WHEN {own} = trunc({own}) AND abs({own}) < 1e15 "
            f"THEN CAST(CAST({own} AS BIGINT) AS VARCHAR) ELSE CAST({own} AS VARCHAR) END"
        )
        return Reading(((f"{name}#t", sql),), prepared, "CAST(NULL AS VARCHAR)")
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("[]"):
        return Reading(((f"{name}#t", f"CAST(to_json({own}) AS VARCHAR)"),), prepared, "CAST(NULL AS VARCHAR)")
    problem = f"CASE WHEN contains({prepared}, chr(0)) THEN 'holds a NUL byte' END"
    return Reading(((f"{name}#t", _trimmed(name, kind)),), prepared, problem)


def _json(name: str, kind: str) -> Reading:
    plain = _text(name, kind)
    if kind not in ("VARCHAR", "JSON"):
        return plain
    prepared = quoted(f"{name}#t")
    problem = f"CASE WHEN {prepared} IS NOT NULL AND NOT json_valid({prepared}) THEN 'is not JSON' END"
    return Reading(plain.prepare, prepared, problem)


def _flag(name: str, kind: str) -> Reading:
    own, prepared = quoted(name), quoted(f"{name}#t")
    if kind == "BOOLEAN":
        return Reading((), f"CAST({own} AS BIGINT)", "CAST(NULL AS VARCHAR)")
    text = f"lower({_text(name, kind).prepare[0][1]})"
    value = (
        f"CASE WHEN {prepared} IN ('true', 't', 'yes', 'y', '1', 'on') THEN 1 "
        f"WHEN {prepared} IN ('false', 'f', 'no', 'n', '0', 'off') THEN 0 END"
    )
    problem = (
        f"CASE WHEN {prepared} IS NOT NULL AND ({value}) IS NULL "
        f"THEN {excerpt(prepared)} || ' is neither true nor false' END"
    )
    return Reading(((f"{name}#t", text),), f"CAST({value} AS BIGINT)", problem)


def _number(name: str, kind: str, scale: str, largest: int, stored: str) -> Reading:
    number, text = quoted(f"{name}#n"), quoted(f"{name}#t")
    prepare: tuple[tuple[str, str], ...] = ((f"{name}#n", f"CAST({quoted(name)} AS DOUBLE)"),)
    unread = ""
    if not is_number(kind):
        cell = _trimmed(name, kind)
        prepare = ((f"{name}#t", cell), (f"{name}#n", f"CASE WHEN NOT contains({cell}, '_') "
                                                      f"THEN TRY_CAST({cell} AS DOUBLE) END"))  # fmt: skip
        unread = f"WHEN {text} IS NOT NULL AND {number} IS NULL THEN {unreadable(name, text)} "
    problem = (
        f"CASE {unread}WHEN {number} IS NULL THEN NULL "
        f"WHEN isnan({number}) OR isinf({number}) THEN 'is not a finite number; leave the cell empty where there is "
        f"none' WHEN abs({number}) > {largest} THEN 'is beyond {largest:,}' END"
    )
    safe = f"CASE WHEN isfinite({number}) AND abs({number}) <= {largest} THEN {number} END"
    if not scale:
        return Reading(prepare, safe, problem)
    # Rounded twice: 1.005 × 100 is 100.49999999999999 in binary, and must be the half that it is written as.
    return Reading(prepare, f"CAST(round_even(round(({safe}) * {scale}, 4), 0) AS {stored})", problem)


def _count(name: str, kind: str) -> Reading:
    plain = _number(name, kind, "", LARGEST_AMOUNT, "DOUBLE")
    number = quoted(f"{name}#n")
    problem = (
        f"COALESCE({plain.problem}, CASE WHEN isfinite({number}) AND {number} <> trunc({number}) "
        "THEN 'must be a whole number' END)"
    )
    return Reading(plain.prepare, f"CAST({plain.value} AS BIGINT)", problem)


def unreadable(name: str, text: str) -> str:
    """SQL of the sentence for a text that is no number, with the remedy where the trap is a known one."""
    swap, point = f"{name}: replace({name}, '','', '''')", f"{name}: replace({name}, '','', ''.'')"
    return (
        f"{excerpt(text)} || CASE "
        f"WHEN regexp_full_match({text}, '[+-]?[0-9]{{1,3}}(,[0-9]{{3}})+(\\.[0-9]+)?') "
        f"THEN ' has a thousands separator; map it, for instance {swap}' "
        f"WHEN regexp_full_match({text}, '[+-]?[0-9]{{1,3}}([. ''][0-9]{{3}})+(,[0-9]+)?') "
        f"THEN ' has a thousands separator; map it with replace()' "
        f"WHEN regexp_full_match({text}, '[+-]?[0-9]+,[0-9]+') "
        f"THEN ' has a decimal comma; map it, for instance {point}' "
        f"WHEN regexp_matches({text}, '^[$€£¥]|[$€£¥]$|[A-Z]{{3}}$') AND regexp_matches({text}, '[0-9]') "
        "THEN ' carries a currency sign; map it with replace(), and say the currency in `currency`' "
        "ELSE ' is not a number' END"
    )
