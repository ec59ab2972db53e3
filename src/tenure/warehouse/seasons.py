"""Gives the relations the seasonal clock that is in place, or says that there is none so that nobody looks for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tenure.warehouse.duckdb import DuckWarehouse

if TYPE_CHECKING:
    import pyarrow as pa

_KEPT = "season_in_place"
# Where nothing is seasonal the clock has no rows: counting every line by its category to find that out costs a tenth.
FLAT = (
    "SELECT CAST(NULL AS BIGINT) AS customer_key, CAST(NULL AS BIGINT) AS span_more, CAST(NULL AS BIGINT) AS since_more"
    " WHERE 1 = 0"
)


@contextmanager
def season(warehouse: DuckWarehouse, clock: pa.Table | None) -> Iterator[dict[str, str]]:
    """The queries that stand for the seasonal relations, for as long as the block lasts.

    Args:
        clock: `category`, `day`, `clock_milli` for every day that may be asked about; None where all is flat.
    """
    if clock is None:
        yield {"clock": FLAT}
        return
    try:
        with warehouse.lend("lent_season", clock):
            warehouse.fetch(
                f"CREATE OR REPLACE TEMP TABLE {_KEPT} AS SELECT category, CAST(day AS BIGINT) AS day,"
                " CAST(clock_milli AS BIGINT) AS clock_milli FROM lent_season"
            )
        yield {"season_days": f"SELECT category, day, clock_milli FROM {_KEPT}"}
    finally:
        warehouse.run(f"DROP TABLE IF EXISTS {_KEPT}")
