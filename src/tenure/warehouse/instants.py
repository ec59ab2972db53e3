"""How moments and dates are read, however a file writes them.

ISO 8601 with and without a zone, 31.12.2011, 31/12/2011 or 12/31/2011 (which of the two is learnt from the column's own
unambiguous values), 20111231, seconds, milliseconds or microseconds since 1970, and months by English name. What stays
unclear gets a sentence with the remedy, never a guess.

A time without a zone is in the source's `timezone`. A date without a time is that day on the business's own calendar:
in UTC it would fall on the day before for every shop in America.
"""

from __future__ import annotations

from typing import Literal

Order = Literal["dmy", "mdy", "unknown"]
Parts = tuple[tuple[tuple[str, str], ...], str, str]

FIRST_YEAR, LAST_YEAR = 1900, 2200
_LOW, _HIGH = -2_208_988_800_000_000, 7_289_654_400_000_000  # microseconds of 1900-01-01 and 2201-01-01
_ISO_DAY = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_CLOCK = r"[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
_ZONE = r" ?(Z|z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)"
_TWELVE = r"( ?[AaPp][Mm])?"
_PARTS = r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(.*)"
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p")
_NAMED = ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%a, %d %b %Y")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def learn(name: str) -> str:
    """SQL that counts the values of a text column that can only be day-first, and those that can only be month-first.

    Yields two columns; dotted dates are day-first everywhere and say nothing about the others.
    """
    first, second = _number_at(_name(name), 1), _number_at(_name(name), 2)
    match = f"regexp_matches({_name(name)}, '^ *[0-9]{{1,2}}[/-][0-9]{{1,2}}[/-][0-9]{{4}}')"
    return (
        f"count(*) FILTER (WHERE {match} AND {first} > 12 AND {second} <= 12), "
        f"count(*) FILTER (WHERE {match} AND {second} > 12 AND {first} <= 12)"
    )


def decide(day_first: int, month_first: int) -> Order:
    """What a column's unambiguous values say about the rest of it."""
    if day_first and not month_first:
        return "dmy"
    if month_first and not day_first:
        return "mdy"
    return "unknown"


def moment(name: str, kind: str, order: Order, zone: str, calendar: str) -> Parts:
    """How a moment is read: (prepared columns, SQL of microseconds since 1970 UTC, SQL of the problem)."""
    prepared = _name(f"{name}#m")
    if kind == "VARCHAR":
        text = _name(f"{name}#t")
        steps: tuple[tuple[str, str], ...] = (
            (f"{name}#t", f"NULLIF(trim({_name(name)}, e' \\t\\r\\n'), '')"),
            (f"{name}#m", _micros_of_text(text, order, zone, calendar)),
        )
        return steps, _bounded(prepared), _problem(prepared, text, order)
    sql = _micros_of_typed(_name(name), kind, zone, calendar)
    if sql is None:
        return (), "CAST(NULL AS BIGINT)", f"CASE WHEN {_name(name)} IS NOT NULL THEN 'is not a moment' END"
    return ((f"{name}#m", sql),), _bounded(prepared), _problem(prepared, _name(name), order)


def date(name: str, kind: str, order: Order, zone: str, calendar: str) -> Parts:
    """How a date is read: like a moment, then its day on the business's calendar (days since 1970)."""
    steps, value, problem = moment(name, kind, order, zone, calendar)
    return steps, day(value, calendar), problem


def day(micros: str, calendar: str) -> str:
    """SQL of the day number of a moment on a calendar."""
    if calendar == "UTC":
        return f"CAST(floor({micros} / 86400000000.0) AS BIGINT)"
    return f"CAST(datediff('day', DATE '1970-01-01', {_local(micros, calendar)}) AS BIGINT)"


def month(micros: str, calendar: str) -> str:
    """SQL of the months since January 1970 of a moment on a calendar."""
    local = f"make_timestamp({micros})" if calendar == "UTC" else _local(micros, calendar)
    return f"CAST((year({local}) - 1970) * 12 + month({local}) - 1 AS BIGINT)"


def _local(micros: str, calendar: str) -> str:
    return f"timezone('{calendar}', make_timestamptz({micros}))"


def _at(timestamp: str, zone: str) -> str:
    if zone == "UTC":
        return f"epoch_us({timestamp})"
    return f"epoch_us(timezone('{zone}', {timestamp}))"


def _number_at(text: str, group: int) -> str:
    return f"TRY_CAST(regexp_extract({text}, '^ *{_PARTS}', {group}) AS INTEGER)"


def _micros_of_typed(own: str, kind: str, zone: str, calendar: str) -> str | None:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN isfinite({own}) THEN epoch_us({own}) END"
    if kind.startswith("TIMESTAMP"):
        return f"CASE WHEN isfinite({own}) THEN {_at(f'CAST({own} AS TIMESTAMP)', zone)} END"
    if kind == "DATE":
        return f"CASE WHEN isfinite({own}) THEN {_at(f'CAST({own} AS TIMESTAMP)', calendar)} END"
    if kind.endswith("INT") or kind.endswith("INTEGER") or kind.startswith("DECIMAL") or kind in ("DOUBLE", "FLOAT"):
        number = f"CAST({own} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {_micros_of_number(number, calendar)} END"
    return None


def _micros_of_number(number: str, calendar: str) -> str:
    """Eight digits are a day (20111231); otherwise the size tells seconds from milli-, micro- and nanoseconds."""
    written = f"TRY_CAST(try_strptime(CAST(CAST({number} AS BIGINT) AS VARCHAR), '%Y%m%d') AS TIMESTAMP)"
    return (
        f"CASE WHEN {number} BETWEEN 19000101 AND 22001231 AND {number} = trunc({number}) "
        f"THEN {_at(written, calendar)} "
        f"WHEN abs({number}) < 1e8 THEN NULL "
        f"WHEN abs({number}) < 1e11 THEN CAST(round({number} * 1e6) AS BIGINT) "
        f"WHEN abs({number}) < 1e14 THEN CAST(round({number} * 1e3) AS BIGINT) "
        f"WHEN abs({number}) < 1e17 THEN CAST({number} AS BIGINT) "
        f"WHEN abs({number}) < 9e18 THEN CAST({number} / 1e3 AS BIGINT) END"
    )


def _micros_of_text(text: str, order: Order, zone: str, calendar: str) -> str:
    comma = f"replace({text}, ',', '.')"
    zoned = f"regexp_replace(regexp_replace({comma}, ' +([+-])', '\\1'), '([ T][0-9]+:[0-9]+)([Zz+ -])', '\\1:00\\2')"
    long_zoned = f"regexp_replace({comma}, ' +([+-])', '\\1')"
    day_first = "%d.%m.%Y"
    unified = f"regexp_replace({text}, '^([0-9]+)[/-]([0-9]+)[/-]', '\\1.\\2.')"
    parted = {"dmy": day_first, "mdy": "%m.%d.%Y"}
    arms = [
        (f"regexp_full_match({text}, '{_ISO_DAY}{_CLOCK}')", _at(f"TRY_CAST({comma} AS TIMESTAMP)", zone)),
        (f"regexp_full_match({text}, '{_ISO_DAY}')", _at(f"TRY_CAST({text} AS TIMESTAMP)", calendar)),
        (f"regexp_full_match({text}, '{_ISO_DAY}[ T][0-9]{{1,2}}:[0-9]{{2}}{_ZONE}')",
         f"epoch_us(TRY_CAST({zoned} AS TIMESTAMPTZ))"),
        (f"regexp_full_match({text}, '{_ISO_DAY}{_CLOCK}{_ZONE}')",
         f"epoch_us(TRY_CAST({long_zoned} AS TIMESTAMPTZ))"),
        (f"regexp_full_match({text}, '[0-9]{{1,2}}[.][0-9]{{1,2}}[.][0-9]{{4}}({_CLOCK}{_TWELVE})?')",
         _parsed(text, (day_first,), zone, calendar)),
        (f"regexp_full_match({text}, '[0-9]{{1,2}}([/-])[0-9]{{1,2}}[/-][0-9]{{4}}({_CLOCK}{_TWELVE})?')",
         _parted(unified, order, parted, zone, calendar)),
        (f"regexp_full_match({text}, '[0-9]{{14}}')", _at(f"try_strptime({text}, '%Y%m%d%H%M%S')", zone)),
        (f"regexp_full_match({text}, '-?[0-9]{{8,19}}([.][0-9]+)?')",
         _micros_of_number(f"TRY_CAST({text} AS DOUBLE)", calendar)),
        # strptime would read `infinity` whatever the pattern, so a digit is asked for.
        (f"regexp_full_match({text}, '[A-Za-z, ]*[0-9][0-9A-Za-z, :.-]*') AND regexp_matches({text}, '[A-Za-z]{{3}}')",
         _parsed(text, _NAMED, zone, calendar)),
    ]  # fmt: skip
    return "CASE " + " ".join(f"WHEN {test} THEN {value}" for test, value in arms) + " END"


def _parsed(text: str, days: tuple[str, ...], zone: str, calendar: str) -> str:
    """A text read by patterns: without a clock it is a day of the calendar, with one a time of the zone."""
    spaced = f"replace({text}, 'T', ' ')" if days[0].startswith("%d.") or days[0].startswith("%m.") else text
    plain = ", ".join(f"'{pattern}'" for pattern in days)
    timed = ", ".join(f"'{pattern}{time}'" for pattern in days for time in _TIMES[1:])
    return (
        f"CASE WHEN contains({text}, ':') THEN {_at(f'try_strptime({spaced}, [{timed}])', zone)} "
        f"ELSE {_at(f'try_strptime({text}, [{plain}])', calendar)} END"
    )


def _parted(unified: str, order: Order, parted: dict[str, str], zone: str, calendar: str) -> str:
    """Day or month first: what the value itself says, else what the column says, else nothing."""
    first, second = _number_at(unified, 1), _number_at(unified, 2)
    dmy, mdy = (_parsed(unified, (parted[key],), zone, calendar) for key in ("dmy", "mdy"))
    unclear = {"dmy": dmy, "mdy": mdy, "unknown": f"CASE WHEN {first} = {second} THEN {dmy} END"}[order]
    return f"CASE WHEN {first} > 12 THEN {dmy} WHEN {second} > 12 THEN {mdy} ELSE {unclear} END"


def _bounded(micros: str) -> str:
    return f"CASE WHEN {micros} BETWEEN {_LOW} AND {_HIGH - 1} THEN {micros} END"


def _problem(micros: str, own: str, order: Order) -> str:
    shown = f"'`' || left(replace(CAST({own} AS VARCHAR), chr(0), '?'), 40) || '`'"
    unclear = ""
    if order == "unknown":
        cell = f"CAST({own} AS VARCHAR)"
        unclear = (
            f"WHEN regexp_matches(CAST({own} AS VARCHAR), '^[0-9]{{1,2}}[/-][0-9]{{1,2}}[/-][0-9]{{4}}') "
            f"AND {_number_at(cell, 1)} <= 12 AND {_number_at(cell, 2)} <= 12 "
            f"THEN {shown} || ' may be day or month first; say date_order: dmy or date_order: mdy' "
        )
    return (
        f"CASE WHEN {own} IS NULL THEN NULL "
        f"WHEN {micros} IS NULL THEN CASE {unclear}"
        f"WHEN regexp_full_match(CAST({own} AS VARCHAR), '[0-9]{{5}}([.][0-9]+)?') THEN {shown} || "
        "' looks like a spreadsheet''s day number; save the column as a date' "
        f"WHEN regexp_matches(CAST({own} AS VARCHAR), '^[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-][0-9]{{2}}([^0-9]|$)') "
        f"THEN {shown} || ' has a year of two digits' "
        f"ELSE {shown} || ' is not a moment that can be read' END "
        f"WHEN {micros} NOT BETWEEN {_LOW} AND {_HIGH - 1} THEN {shown} "
        f"|| ' is outside {FIRST_YEAR} to {LAST_YEAR}' END"
    )
