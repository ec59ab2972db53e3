"""Binds the names that relations read to facts before a moment, of the customers asked for, so that none can peek.

A relation says `FROM orders`; what it gets is made here and nowhere else: the rows of `facts.orders` whose moment lies
before `as_of`, of one range of customers, of a few named ones, or of all. Columns that were written into a row later
than the row itself (when a ticket was closed, when a contract was cancelled) are unknown until their own moment. The
same text serves DuckDB and Spark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import AsOf
from tenure.relations import Relation, bind, in_order

Values = Mapping[str, int | float | str | None]
Source = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Everyone:
    """All customers."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Customers whose key is at least `low` and less than `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Named:
    """The customers whose keys stand in the column `customer_key` of a table; all lie between `low` and `high`."""

    table: str
    low: int
    high: int


Scope = Everyone | KeyRange | Named

# Columns that a later moment of the same row wrote: column → (the column with that moment, what it was before).
_WRITTEN_LATER: dict[str, dict[str, tuple[str, str]]] = {
    "tickets": {"closed_at": ("closed_at", "NULL")},
    "subscriptions": {
        "cancelled_at": ("cancelled_at", "NULL"),
        "cancel_reason": ("cancelled_at", "NULL"),
        "auto_renew_consent_at": ("auto_renew_consent_at", "NULL"),
        "auto_renew": ("auto_renew_consent_at", "0"),
    },
    # A row made known by a fact stays; what the business wrote when it listed the customer is not known before that.
    "customers": {
        column.name if column.name != "created_at" else "at": ("at", "NULL")
        for column in TABLES["customers"].columns
        if column.name != "customer_id"
    }
    | {"day": ("at", "NULL"), "month_no": ("at", "NULL"), "declared": ("at", "0")},
}
_ARRIVAL = ("source", "received_at")
_WORD = re.compile(r"\w+")


def names() -> tuple[str, ...]:
    """Every name of facts that a relation may read."""
    return (*TABLES, *OWN_TABLES)


def narrowed(name: str, as_of: AsOf, scope: Scope, source: str, words: Container[str] | None = None) -> str:
    """The query that a relation reads under the name of a fact table.

    Args:
        name: one of `names()`.
        scope: of which customers; tables without a customer are never cut.
        source: what the engine calls the stored table.
        words: only columns among these; all when None.
    """
    columns = [c for c, _ in (TABLES[name].stored if name in TABLES else OWN_TABLES[name]) if c not in _ARRIVAL]
    if words is not None:
        columns = [c for c in columns if c in words or c == "customer_key"]
    later = _WRITTEN_LATER.get(name, {})
    chosen = ", ".join(_as_known(column, later.get(column), as_of) for column in columns)
    tests = [*_before(name, as_of), *(_of(scope) if "customer_key" in columns else ())]
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f"SELECT {chosen} FROM {source} AS f{where}"


def _as_known(column: str, later: tuple[str, str] | None, as_of: AsOf) -> str:
    if later is None:
        return f"f.{column} AS {column}"
    moment, before = later
    return f"CASE WHEN f.{moment} >= {as_of.at} THEN {before} ELSE f.{column} END AS {column}"


def _before(name: str, as_of: AsOf) -> tuple[str, ...]:
    if name in ("customers", "occasions"):
        return ()  # masked above; a calendar is known in advance
    if name == "products":
        return (f"(f.released_at IS NULL OR f.released_at < {as_of.at})",)
    if name == "events":
        return (f"f.at < {as_of.at}", f"f.known_at < {as_of.at}")
    return (f"f.at < {as_of.at}",)


def _of(scope: Scope) -> tuple[str, ...]:
    match scope:
        case Everyone():
            return ("f.customer_key IS NOT NULL",)
        case KeyRange(low, high):
            return (f"f.customer_key >= {low}", f"f.customer_key < {high}")
        case Named(table, low, high):
            # The bounds let the engine skip what lies outside them, which for one customer is nearly everything.
            within = (f"f.customer_key >= {low}", f"f.customer_key <= {high}")
            return (*within, f"f.customer_key IN (SELECT customer_key FROM {table})")


def statement(
    target: str, relations: Mapping[str, Relation], given: Mapping[str, str], values: Values, *, hints: bool = True
) -> str:
    """One statement that yields the rows of a relation, its inputs spelled out before it.

    Args:
        target: the relation's name.
        relations: the relations that may be needed, by name.
        given: queries that stand for an input, by name; they win over a relation of that name.
        values: the parameters.
        hints: say to DuckDB that facts are read where they are used, rather than copied first.
    """
    parts = [
        f"{name} AS {'NOT MATERIALIZED ' if hints else ''}({given[name]})" for name in _facts(target, relations, given)
    ]
    needed = _needed(target, relations, given)
    parts += [f"{r.name} AS ({bind(r.sql, values)})" for r in in_order(needed) if r.name != target]
    text = bind(relations[target].sql, values)
    return f"WITH {', '.join(parts)} SELECT * FROM ({text}) AS result" if parts else text


def needed_by(target: str, relations: Mapping[str, Relation]) -> frozenset[str]:
    """The relations that a relation reads, directly or through others, and itself."""
    facts = dict.fromkeys(names(), "")
    return frozenset(relation.name for relation in _needed(target, relations, facts))


def _needed(target: str, relations: Mapping[str, Relation], given: Mapping[str, str]) -> list[Relation]:
    found: dict[str, Relation] = {}
    waiting = [target]
    while waiting:
        name = waiting.pop()
        if name in found or (name in given and name != target):
            continue
        found[name] = relations[name]
        waiting += relations[name].inputs
    return list(found.values())


def _facts(target: str, relations: Mapping[str, Relation], given: Mapping[str, str]) -> list[str]:
    read = {name for relation in _needed(target, relations, given) for name in relation.inputs}
    return sorted(read & set(given))


def facts_of(as_of: AsOf, scope: Scope, source: Source) -> dict[str, str]:
    """The queries of all fact tables, by name; `source` gives what the engine calls a stored table."""
    return {name: narrowed(name, as_of, scope, source(name)) for name in names()}


def lean_facts_of(as_of: AsOf, scope: Scope, source: Source, readers: Iterable[Relation]) -> dict[str, str]:
    """The queries of the fact tables that some relations read, with no column that none of them mentions."""
    words: dict[str, set[str]] = {}
    for relation in readers:
        for name in relation.inputs:
            words.setdefault(name, set()).update(_WORD.findall(relation.sql))
    return {name: narrowed(name, as_of, scope, source(name), words[name]) for name in names() if name in words}
