"""A copy of the warehouse in which a policy may act as it likes: nothing it does is seen outside.

The file is copied as a whole: reading it in place while writing elsewhere would need every text of the engine to know
two databases. What Tenure itself did from the start of the replay on is taken out of the copy, for another policy would
have done something else; what others did and what customers did stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenure.domain.message import message_key
from tenure.domain.moments import AsOf
from tenure.domain.money import minor_per_unit
from tenure.warehouse import own
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.duckdb import DuckWarehouse

if TYPE_CHECKING:
    import pyarrow as pa

_DECIDED = ("decisions", "refusals", "limits")


def forget_since(warehouse: DuckWarehouse, as_of: AsOf) -> None:
    """Take out whatever Tenure decided and said from a moment on."""
    there = {str(row[0]) for row in warehouse.fetch(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")}  # fmt: skip
    with warehouse.transaction():
        for table in ("contacts", "deliveries", "assignments"):
            warehouse.run(f'DELETE FROM facts.{table} WHERE "at" >= {as_of.at}')
        for table in _DECIDED:
            if table in there:
                warehouse.run(f"DELETE FROM {table} WHERE epoch_us(as_of) >= {as_of.at}")
        warehouse.touch()


def take_over(warehouse: DuckWarehouse, profiles: pa.Table) -> None:
    """Publish profiles that another copy has computed: they are the same for every policy."""
    with warehouse.lend("computed_profiles", profiles):
        warehouse.run("CREATE OR REPLACE TABLE profiles AS SELECT * FROM computed_profiles")


def say(warehouse: DuckWarehouse, chosen: pa.Table, as_of: AsOf) -> None:
    """Remember contacts as sent at once, so that later steps and caps see them; nobody is reached."""
    import pyarrow as pa

    rows = chosen.to_pylist()
    own.record(warehouse, "contacts", pa.table({
        "customer_key": pa.array([row["customer_key"] for row in rows], pa.int64()),
        "message_id": [message_key(row["campaign"], row["customer_id"], row["occasion_key"]) for row in rows],
        "campaign": [row["campaign"] for row in rows], "channel": [row["channel"] for row in rows],
        "purpose": [row["purpose"] for row in rows], "occasion_key": [row["occasion_key"] for row in rows],
        "at": pa.array([as_of.at] * len(rows), pa.int64()), "day": pa.array([as_of.day] * len(rows), pa.int64()),
        "cost": pa.array([0] * len(rows), pa.int64()), "state": ["sent"] * len(rows),
    }))  # fmt: skip


def thirds(warehouse: DuckWarehouse) -> dict[str, tuple[float, float]]:
    """The bounds between the thirds of buyers in recency (days), orders and revenue (units)."""
    columns = ("recency_days", "orders", "revenue")
    bounds = ", ".join(f"quantile_cont({name}, [1 / 3, 2 / 3])" for name in columns)
    found = warehouse.fetch(f"SELECT {bounds} FROM profiles WHERE orders > 0")[0]
    return {name: (float(pair[0]), float(pair[1])) if pair else (0.0, 0.0)
            for name, pair in zip(columns, found, strict=True)}  # fmt: skip


def came_anyway(
    warehouse: DuckWarehouse, campaigns: Sequence[str], since: AsOf, currency: str
) -> tuple[int, int, float]:
    """How many contacts there were, how many led to an order in the goal's days, and what their offers would cost.

    Args:
        campaigns: names of those whose goal is an order.
        since: the first moment of a decision.

    Returns:
        The third in units; free shipping is not counted, for records do not tell what it would have cost.
    """
    unit = float(minor_per_unit(currency))
    named = ", ".join(text_literal(name) for name in campaigns) or "NULL"
    row = warehouse.fetch(f"""
        WITH said AS (
            SELECT d.customer_key, d.campaign, d.occasion_key, d.offer_kind, d.offer_value, a."at" AS begun,
                a.goal_until
            FROM decisions d JOIN facts.assignments a ON a.customer_key = d.customer_key AND a.campaign = d.campaign
                AND a.occasion_key = d.occasion_key
            WHERE d.outcome = 'chosen' AND d.purpose = 'marketing' AND epoch_us(d.as_of) >= {since.at}
                AND d.campaign IN ({named})
        ), came AS (
            SELECT s.customer_key, s.campaign, s.occasion_key, min(s.offer_kind) AS kind,
                min(s.offer_value) AS promised, arg_min(o.total, o."at") / {unit!r} AS total
            FROM said s JOIN facts.orders o ON o.customer_key = s.customer_key AND o."at" >= s.begun
                AND o."at" < s.goal_until AND o.status IS DISTINCT FROM 'cancelled'
            GROUP BY s.customer_key, s.campaign, s.occasion_key)
        SELECT (SELECT count(*) FROM said), count(*), COALESCE(sum(CASE kind
            WHEN 'percent' THEN total * promised / 100 WHEN 'amount' THEN least(total, promised)
            WHEN 'gift' THEN promised ELSE 0 END), 0) FROM came""")[0]
    return int(row[0]), int(row[1]), float(row[2])
