"""Checks the SQL expressions that people write in source files: one expression over the source's own columns.

An expression may compute, aggregate and use windows. It may not ask a table, a file, the network, the system, the
clock or chance: functions are allowed by name, everything else is refused with file and line. What columns there are is
known only when the source is opened; `warehouse/mapping.py` names the nearest one then.
"""

from __future__ import annotations

from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from tenure.domain.errors import Place, TenureError, nearest

LONGEST = 20_000  # characters; beyond it a parser can be made to take minutes


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Text; numbers; choices; moments; JSON, lists and structs; aggregates; windows.
FUNCTIONS = _words("""
    ascii chr concat concat_ws contains starts_with ends_with prefix suffix format left right length strlen lower upper
    lpad rpad ltrim rtrim trim md5 sha256 hash position strpos instr regexp_extract regexp_full_match regexp_matches
    regexp_replace regexp_split_to_array repeat replace reverse split split_part string_split substr substring
    translate strip_accents to_base64 from_base64 base64 unicode url_decode url_encode printf
    abs ceil ceiling floor round round_even trunc sign sqrt cbrt exp ln log log10 log2 pow power mod greatest least
    isnan isinf isfinite even
    coalesce ifnull nullif if iff case cast try_cast
    date date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayofmonth
    dayofweek dayofyear epoch epoch_ms epoch_us extract hour isodow last_day make_date make_time make_timestamp
    make_timestamptz minute month monthname dayname quarter second strftime strptime try_strptime timezone
    to_timestamp to_days to_hours to_minutes to_seconds to_months to_years to_weeks week weekday year interval
    json json_array json_array_length json_exists json_extract json_extract_string json_keys json_object json_type
    json_value json_valid to_json array_length array_to_string list_value list_contains list_extract list_element
    list_sum list_distinct list_sort array_extract element_at struct_extract struct_pack row map map_extract len
    sum avg mean min max count any_value first last arg_min arg_max min_by max_by string_agg group_concat listagg
    list array_agg bool_and bool_or median mode product fsum count_if stddev variance quantile_cont quantile_disc
    row_number rank dense_rank lag lead first_value last_value nth_value ntile cume_dist percent_rank
""")
# Words of the grammar and of types that may stand before a bracket.
_GRAMMAR = _words("""
    in and or not when then else over filter by between like ilike is from decimal numeric varchar char using as on
    distinct order partition within group preceding following any all similar to glob asc desc
""")
_FORBIDDEN: tuple[tuple[type, str], ...] = (
    (exp.Query, "asks another table"), (exp.Exists, "asks another table"), (exp.Table, "names a table"),
    (exp.Lambda, "has a function of its own"), (exp.Parameter, "has a parameter"),
    (exp.Placeholder, "has a parameter"), (exp.Command, "is a command"), (exp.DDL, "is a command"),
    (exp.CurrentDate, "asks the clock"), (exp.CurrentTime, "asks the clock"),
    (exp.CurrentTimestamp, "asks the clock"), (exp.CurrentDatetime, "asks the clock"),
    (exp.CurrentUser, "asks the system"), (exp.Rand, "throws dice"), (exp.Uuid, "throws dice"),
)  # fmt: skip


def check(text: str, place: Place, name: str) -> None:
    """Refuse what is not one SQL expression over the source's columns.

    Args:
        text: as written, in DuckDB's dialect.
        place: file and line, for the message.
        name: the column (or `where`) that it makes.

    Raises:
        TenureError: it cannot be read, asks more than the row, or calls an unknown function.
    """
    if len(text) > LONGEST:
        raise TenureError(f"the expression for `{name}` is longer than {LONGEST:,} characters", "Shorten it.", place)
    try:
        tokens = sqlglot.tokenize(text, read="duckdb")
        trees = sqlglot.parse(text, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise TenureError(
            f"the expression for `{name}` cannot be read: {_first_line(error)}",
            "Write one SQL expression; quote column names with spaces as \"Customer ID\".", place,
        ) from None  # fmt: skip
    if len(trees) != 1 or trees[0] is None:
        raise TenureError(f"`{name}` must be exactly one expression", "Remove the semicolon.", place)
    tree = trees[0]
    if isinstance(tree, exp.Alias):
        raise TenureError(f"the expression for `{name}` gives itself a name", "Remove AS …", place)
    _check_nodes(tree, place, name)
    _check_functions(tokens, place, name)


def _check_nodes(tree: exp.Expr, place: Place, name: str) -> None:
    for node in tree.walk():
        for kind, what in _FORBIDDEN:
            if isinstance(node, kind):
                raise TenureError(
                    f"the expression for `{name}` {what}", "Use the row's own columns and plain functions only.", place
                )
        if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            raise TenureError(f"the expression for `{name}` has a `*` of its own", "Name one column.", place)


def _check_functions(tokens: list[Token], place: Place, name: str) -> None:
    for token, following in pairwise(tokens):
        if following.token_type is not TokenType.L_PAREN or not (token.text[:1].isalpha() or token.text[:1] == "_"):
            continue
        if token.token_type is TokenType.STRING:
            continue
        word = token.text.lower()
        if word not in FUNCTIONS and word not in _GRAMMAR:
            raise TenureError(
                f"the expression for `{name}` calls `{word}`, which is not allowed here",
                nearest(word, FUNCTIONS) if len(word) > 2 else "", place,
            )  # fmt: skip


def _first_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    plain = str(error).splitlines()[0]
    return plain.split("\x1b")[0].strip().rstrip(".").lower()[:120]
