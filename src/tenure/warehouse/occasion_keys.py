"""What tells one occasion from the next, and what narrows it, over a row `h` that happened and a profile `p`."""

from __future__ import annotations

import re

from tenure.domain.campaign import Occasion
from tenure.domain.moments import MICROS_PER_DAY
from tenure.domain.profile import BY_NAME
from tenure.domain.segment import And, columns_of
from tenure.warehouse.dialect import render, text_literal

_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def key_sql(occasion: Occasion) -> str:
    """The key as text: a profile column (alias p), or one of the properties of what happened (alias h)."""
    if occasion.key in BY_NAME:
        return f"CAST(p.{BY_NAME[occasion.key].name} AS VARCHAR)"
    name = occasion.key.removeprefix("properties.")
    if not _PROPERTY.fullmatch(name):
        raise ValueError(f"`{name}` is not the name of a property")
    return f"(CASE WHEN json_valid(h.properties) THEN json_extract_string(h.properties, '$.{name}') END)"


def where_sql(occasion: Occasion, *, of_row: bool | None = None) -> str:
    """The occasion's own condition over `h.properties` and the profile `p`.

    Args:
        occasion: whose condition.
        of_row: True for the terms that read nothing of the profile, False for the others, None for all.
    """
    terms = occasion.where.terms if occasion.where is not None else ()
    kept = tuple(tree for _, tree in terms if of_row is None or (not columns_of(tree)) is of_row)
    return render(And(kept), alias="p", properties="h.properties")


def micros(days: float) -> int:
    """A span of days in microseconds."""
    return round(days * MICROS_PER_DAY)


def midnight_sql(day: str, zone: str) -> str:
    """The moment (microseconds UTC) at which a day, given as days since 1970, begins on the calendar of a zone."""
    if zone == "UTC":
        return f"(({day}) * {MICROS_PER_DAY})"
    date = f"CAST(DATE '1970-01-01' + CAST({day} AS INTEGER) AS TIMESTAMP)"
    return f"epoch_us(timezone({text_literal(zone)}, {date}))"


def day_sql(micros: str, zone: str) -> str:
    """The day, as days since 1970, on which a moment in microseconds falls on the calendar of a zone."""
    if zone == "UTC":
        return f"CAST(floor(({micros}) / {float(MICROS_PER_DAY)!r}) AS BIGINT)"
    local = f"timezone({text_literal(zone)}, make_timestamptz({micros}))"
    return f"CAST(datediff('day', DATE '1970-01-01', {local}) AS BIGINT)"


def latest_sql(rows: str, source: str, occasion: Occasion, order: str, joined: str) -> str:
    """One occasion for each customer out of rows that are each one customer's.

    Args:
        rows: SQL of `customer_key, at, properties`.
        source: the profiles' name.
        occasion: says what its key is and what narrows it.
        order: the best of several first, over the alias h.
        joined: which row is whose, over the aliases h and p.
    """
    key = key_sql(occasion)
    return f"""
        SELECT customer_key, occasion_key, occasion_at, properties FROM (
            SELECT p.customer_key, {key} AS occasion_key, h."at" AS occasion_at, h.properties,
                row_number() OVER (PARTITION BY p.customer_key ORDER BY {order}, {key} DESC, h.properties DESC) AS place
            FROM ({rows}) h JOIN {source} p ON {joined} WHERE {where_sql(occasion)} AND {key} IS NOT NULL
        ) WHERE place = 1"""


def shared_sql(rows: str, source: str, occasion: Occasion, order: str, joined: str = "TRUE", unless: str = "") -> str:
    """One occasion for each customer out of a few rows that may be everybody's, such as sales or releases.

    The rows are numbered once, the best first, and each customer's lowest number is looked up again: a window over
    every customer beside every row would not fit into memory, and the key would be read out of JSON for each pair.

    Args:
        rows: SQL of `at, properties` and whatever `joined`, `order` and `unless` read.
        source, occasion, order, joined: as for `latest_sql`.
        unless: SQL of `customer_key, number` pairs that are ruled out, over the relation `numbered`.
    """
    key = key_sql(occasion)
    if occasion.key in BY_NAME:  # the same for each of a customer's rows
        own, theirs, kept = "NULL", key, "l.column_key"
    else:
        own, theirs, kept = key, "h.own_key", "h.own_key"
    ruled_out = f"""AND NOT EXISTS (SELECT 1 FROM ({unless}) b
                WHERE b.customer_key = p.customer_key AND b.number = h.number)""" if unless else ""  # fmt: skip
    return f"""
        WITH numbered AS (
            SELECT *, {own} AS own_key, row_number() OVER (ORDER BY {order}) AS number
            FROM ({rows}) h WHERE {where_sql(occasion, of_row=True)})
        SELECT l.customer_key, {kept} AS occasion_key, h."at" AS occasion_at, h.properties
        FROM (
            SELECT p.customer_key, min(h.number) AS number, max({theirs}) AS column_key
            FROM numbered h JOIN {source} p ON {joined}
            WHERE {where_sql(occasion, of_row=False)} AND {theirs} IS NOT NULL {ruled_out} GROUP BY p.customer_key
        ) l JOIN numbered h ON h.number = l.number"""
