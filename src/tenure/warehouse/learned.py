"""What was measured and what it taught, kept by its moment, so that no earlier moment can know it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tenure.domain.learned import Learned, Lift
from tenure.domain.moments import AsOf
from tenure.warehouse.duckdb import DuckWarehouse

if TYPE_CHECKING:
    import pyarrow as pa

# One row per thing learned. `kind` is the field of `domain.learned.Learned`; `name` a campaign, or a channel for
# `unsubscribed`; stage and path are NULL for all; sd and people belong to lifts alone.
LEARNED: tuple[tuple[str, str], ...] = (
    ("as_of", "TIMESTAMP"), ("kind", "VARCHAR"), ("name", "VARCHAR"), ("stage", "VARCHAR"), ("path", "VARCHAR"),
    ("mean", "DOUBLE"), ("sd", "DOUBLE"), ("people", "BIGINT"),
)  # fmt: skip
# One row per campaign and moment of measuring: what `operations/learn.py` returns.
EFFECTS: tuple[tuple[str, str], ...] = (
    ("as_of", "TIMESTAMP"), ("campaign", "VARCHAR"), ("since", "TIMESTAMP"), ("treated", "BIGINT"),
    ("control", "BIGINT"), ("waiting", "BIGINT"), ("treated_goals", "BIGINT"), ("control_goals", "BIGINT"),
    ("treated_rate", "DOUBLE"), ("control_rate", "DOUBLE"), ("effect", "DOUBLE"), ("effect_low", "DOUBLE"),
    ("effect_high", "DOUBLE"), ("once_low", "DOUBLE"), ("once_high", "DOUBLE"), ("variance_ratio", "DOUBLE"),
    ("lift", "DOUBLE"), ("believed", "DOUBLE"), ("learned", "DOUBLE"),
    ("people_needed", "BIGINT"), ("weeks_needed", "DOUBLE"), ("treated_revenue", "DOUBLE"),
    ("control_revenue", "DOUBLE"), ("revenue_effect", "DOUBLE"), ("revenue_low", "DOUBLE"),
    ("revenue_high", "DOUBLE"), ("revenue_variance_ratio", "DOUBLE"), ("profit_effect", "DOUBLE"),
    ("profit_low", "DOUBLE"), ("profit_high", "DOUBLE"), ("discount", "DOUBLE"), ("wasted", "DOUBLE"),
    ("wasted_low", "DOUBLE"), ("wasted_high", "DOUBLE"), ("sent", "BIGINT"), ("opened", "BIGINT"),
    ("unsubscribed", "BIGINT"), ("cost", "DOUBLE"), ("alarm", "VARCHAR"),
)  # fmt: skip
_SHARES = ("alone", "redeemed", "unsubscribed", "promised")


class DuckLearned:
    """What was learned in one workspace (`ports.Lessons`)."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse = warehouse
        warehouse.lay_table("learned", LEARNED)

    def learned(self, as_of: AsOf) -> Learned:
        """What was known at a moment: the latest that was learned before it.

        What is learned at the very moment of a run is for the next one: the daily job decides and then learns, and
        explaining its decision afterwards must find what it knew.
        """
        rows = self._warehouse.arrow(
            f"""SELECT kind, name, stage, path, mean, sd, people FROM learned WHERE as_of = (
                SELECT max(as_of) FROM learned WHERE as_of < make_timestamp({as_of.at})) ORDER BY ALL"""
        ).to_pylist()
        lifts = {
            (row["name"], row["stage"], row["path"]): Lift(row["mean"], row["sd"], row["people"])
            for row in rows if row["kind"] == "lifts"
        }  # fmt: skip
        return Learned(lifts, *(_share(rows, kind) for kind in _SHARES))

    def keep(self, learned: Learned, as_of: AsOf) -> None:
        """Keep what was learned as of a moment, replacing what was kept of the same moment."""
        with self._warehouse.transaction():
            self._warehouse.run(f"DELETE FROM learned WHERE as_of = make_timestamp({as_of.at})")
            with self._warehouse.lend("kept_rows", _table(learned)):
                self._warehouse.run(
                    f"""INSERT INTO learned SELECT make_timestamp({as_of.at}), kind, name, stage, path, mean, sd, people
                    FROM kept_rows"""
                )


def _share(rows: list[dict[str, Any]], kind: str) -> dict[str, float]:
    return {row["name"]: row["mean"] for row in rows if row["kind"] == kind}


def _table(learned: Learned) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema([
        ("kind", pa.string()), ("name", pa.string()), ("stage", pa.string()), ("path", pa.string()),
        ("mean", pa.float64()), ("sd", pa.float64()), ("people", pa.int64()),
    ])  # fmt: skip
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in _rows(learned)], schema)


def _rows(learned: Learned) -> Iterator[tuple[Any, ...]]:
    for (name, stage, path), lift in learned.lifts.items():
        yield "lifts", name, stage, path, lift.mean, lift.sd, lift.people
    for kind in _SHARES:
        for name, mean in getattr(learned, kind).items():
            yield kind, name, None, None, mean, None, None
