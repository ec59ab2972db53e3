"""Occasions that a calendar gives: birthdays and other days that return, the business's own dates, and plain periods.

All are days on the business's calendar, so each lasts until the midnight that ends it. What lies ahead may be known: a
sale is announced before it begins. Yields the columns of `occasions.py`.
"""

from __future__ import annotations

import calendar
import json
from datetime import date, timedelta

from tenure.domain.campaign import Occasion
from tenure.domain.happenings import BIRTHDAY
from tenure.domain.moments import AsOf, date_of, start_of_day, to_micros
from tenure.domain.profile import BY_NAME
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.occasion_keys import day_sql, latest_sql, micros, midnight_sql, shared_sql


def yearly_sql(occasion: Occasion, as_of: AsOf, zone: str, source: str) -> str:
    """The return of a date that is open now, the nearest if two are; 29 February falls on the 28th in other years."""
    if occasion.date == BIRTHDAY:
        firsts = "SELECT customer_key, birthday AS first_day FROM facts.customers WHERE birthday IS NOT NULL"
    else:
        column = f"epoch_us({BY_NAME[occasion.date or ''].name})"
        firsts = f"SELECT customer_key, {day_sql(column, zone)} AS first_day FROM {source} WHERE {column} IS NOT NULL"
    this = date_of(as_of.day).year
    years = ", ".join(f"({year}, {28 + calendar.isleap(year)})" for year in (this - 1, this, this + 1))
    returns = f"""
        SELECT customer_key, y.year, y.year - year(f.first) AS years, CAST(datediff('day', DATE '1970-01-01', make_date(
            y.year, month(f.first), least(day(f.first), CASE month(f.first) WHEN 2 THEN y.february ELSE 31 END)
        )) AS BIGINT) AS return_day
        FROM (SELECT customer_key, DATE '1970-01-01' + CAST(first_day AS INTEGER) AS first FROM ({firsts})) f
        CROSS JOIN (VALUES {years}) y(year, february) WHERE year(f.first) < y.year"""
    rows = f"""
        SELECT customer_key, "at", CAST(json_object('year', year, 'years', years) AS VARCHAR) AS properties
        FROM (SELECT *, {midnight_sql("return_day", zone)} AS "at", {midnight_sql("return_day + 1", zone)} AS over_at
            FROM ({returns}))
        WHERE {_is_open(occasion, as_of)}"""
    return latest_sql(rows, source, occasion, _nearest(as_of), "p.customer_key = h.customer_key")


def calendar_sql(occasion: Occasion, as_of: AsOf, zone: str, source: str) -> str:
    """The nearest of the business's dates of one kind that are open now and meant for this customer."""
    names = "occasion_id, name, kind, country, category"
    pairs = ", ".join(f"'{name}', {name}" for name in names.split(", "))
    days = ", ".join(
        f"'{name}', strftime(DATE '1970-01-01' + CAST({name} AS INTEGER), '%Y-%m-%d')"
        for name in ("starts_on", "last_on")
    )
    rows = f"""
        SELECT "at", country, category, CAST(json_object({pairs}, {days.replace("'last_on'", "'ends_on'")}) AS VARCHAR)
            AS properties
        FROM (SELECT *, {midnight_sql("starts_on", zone)} AS "at", {midnight_sql("last_on + 1", zone)} AS over_at
            FROM (SELECT {names}, starts_on, COALESCE(ends_on, starts_on) AS last_on FROM facts.occasions
                WHERE kind = {text_literal(occasion.calendar or "")}))
        WHERE {_is_open(occasion, as_of)}"""
    theirs = """(h.country IS NULL OR upper(h.country) = upper(p.country))
        AND (h.category IS NULL OR h.category = p.top_category)"""
    return shared_sql(rows, source, occasion, f"{_nearest(as_of)}, h.properties", theirs)


def schedule_sql(occasion: Occasion, as_of: AsOf, zone: str, source: str) -> str:
    """The day, week or month of the business's calendar that `as_of` lies in: the same occasion for everybody."""
    name, first = period(occasion.schedule or "", date_of(as_of.day))
    properties = json.dumps({"period": name, "starts_on": first.isoformat()})
    rows = f"""SELECT CAST({to_micros(start_of_day(first, zone))} AS BIGINT) AS "at",
        {text_literal(properties)} AS properties"""
    return shared_sql(rows, source, occasion, 'h."at"')


def period(schedule: str, day: date) -> tuple[str, date]:
    """The period that a day lies in, by name and first day: `2024-06-03`, `2024-W23` (from Monday) or `2024-06`."""
    if schedule == "week":
        year, week, weekday = day.isocalendar()
        return f"{year}-W{week:02}", day - timedelta(days=weekday - 1)
    if schedule == "month":
        return f"{day:%Y-%m}", day.replace(day=1)
    return day.isoformat(), day


def _is_open(occasion: Occasion, as_of: AsOf) -> str:
    return f'"at" <= {as_of.at + micros(occasion.before_days)} AND over_at > {as_of.at - micros(occasion.late_days)}'


def _nearest(as_of: AsOf) -> str:
    return f'abs(h."at" - {as_of.at}), h."at"'
