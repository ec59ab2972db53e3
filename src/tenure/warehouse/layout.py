"""What stands in the derived tables: how canonical values become the published ones, and how customers are cut up.

Facts are kept sorted by customer, so a range of keys is a range of rows and each chunk reads only its own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tenure.domain.money import minor_per_unit
from tenure.domain.profile import COLUMNS, ProfileColumn
from tenure.warehouse.views import KeyRange

if TYPE_CHECKING:
    from tenure.warehouse.duckdb import DuckWarehouse

ROWS_PER_CHUNK = 1_600_000  # memory grows with it; below half of it, planning each statement begins to cost more
FOR_MODELS = (
    "first_day",
    "last_day",
    "span_milli",
    "since_milli",
)  # columns of the relation `profile` that models read and nobody else
AT_ONCE = 4  # ranges under way at the same time, if there are as many threads; each takes its memory
WORTH_SHARING = 8  # a base of fewer rows than this part of a range is one range: planning it twice would cost more
MERGED = 4  # finishing reads one row per customer, so it takes this many ranges at once


def published(currency: str, *, days: bool = False) -> str:
    """The select list that turns the rows of `profile` into the published form, `customer_key` first.

    Args:
        days: with the columns `FOR_MODELS` after the key, which models need and nobody else.
    """
    minor = minor_per_unit(currency)
    more = FOR_MODELS if days else ()
    return ", ".join(["customer_key", *more, *(f"{_published(column, minor)} AS {column.name}" for column in COLUMNS)])


def _published(column: ProfileColumn, minor: int) -> str:
    name = column.name
    if column.model:
        return f"CAST(NULL AS {column.published})"
    match column.unit:
        case "money":
            return f"CAST({name} AS DOUBLE) / {minor}"
        case "moment":
            return f"make_timestamp({name})"
        case "flag":
            return f"{name} = 1"
        case "texts":
            return f"CASE WHEN {name} = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(rtrim({name}, ','), ',') END"
        case _:
            return f"CAST({name} AS {column.published})"


def merged(parts: list[KeyRange]) -> list[KeyRange]:
    """The same base in fewer, wider ranges."""
    return [
        KeyRange(some[0].low, some[-1].high) for some in (parts[i : i + MERGED] for i in range(0, len(parts), MERGED))
    ]


def chunks(warehouse: DuckWarehouse, rows_per_chunk: int = ROWS_PER_CHUNK) -> list[KeyRange]:
    """The whole base as ranges of customer keys with about the same number of rows each; none when it is empty."""
    low, high, customers = warehouse.fetch(
        "SELECT MIN(customer_key), MAX(customer_key), COUNT(*) FROM facts.customers"
    )[0]
    if not customers:
        return []
    rows = warehouse.fetch(
        "SELECT (SELECT COUNT(*) FROM facts.order_lines) + (SELECT COUNT(*) FROM facts.orders)"
        " + (SELECT COUNT(*) FROM facts.events)"
    )[0][0]
    span = high - low + 1
    count = 1
    if rows * WORTH_SHARING > rows_per_chunk:
        # A multiple of those under way, so that none waits for the last one.
        at_once = min(warehouse.threads(), AT_ONCE)
        count = min(at_once * max(1, round(rows / (rows_per_chunk * at_once))), customers)
    edges = [low + span * i // count for i in range(count + 1)]
    return [KeyRange(a, b) for a, b in pairwise(edges) if a < b]
