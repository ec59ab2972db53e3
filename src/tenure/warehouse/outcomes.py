"""What people did after they were written to, or left alone: counts and sums by campaign and arm.

The unit is the customer's first assignment in a campaign. Later ones are left out because they depend on the first:
whoever was moved to buy has new occasions to be written to, and comparing those would compare different people. The
goal and the revenue count from the assignment to the end of its goal's days, as far as facts before `as_of` tell.
Sums are taken in whole minor units and their squares, so that they are the same on every engine and in every order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.moments import AsOf
from tenure.domain.money import minor_per_unit
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.occasions import happened_sql

if TYPE_CHECKING:
    import pyarrow as pa

EFFECTS: tuple[tuple[str, str], ...] = (
    ("as_of", "TIMESTAMP"), ("campaign", "VARCHAR"), ("treated", "BIGINT"), ("control", "BIGINT"),
    ("waiting", "BIGINT"), ("treated_goals", "BIGINT"), ("control_goals", "BIGINT"), ("treated_rate", "DOUBLE"),
    ("control_rate", "DOUBLE"), ("effect", "DOUBLE"), ("effect_low", "DOUBLE"), ("effect_high", "DOUBLE"),
    ("once_low", "DOUBLE"), ("once_high", "DOUBLE"), ("lift", "DOUBLE"), ("treated_revenue", "DOUBLE"),
    ("control_revenue", "DOUBLE"), ("revenue_effect", "DOUBLE"), ("revenue_low", "DOUBLE"),
    ("revenue_high", "DOUBLE"), ("sent", "BIGINT"), ("opened", "BIGINT"), ("unsubscribed", "BIGINT"),
    ("cost", "DOUBLE"), ("alarm", "VARCHAR"),
)  # fmt: skip
_OUTCOMES = (("campaign", "VARCHAR"), ("arm", "VARCHAR"), ("propensity", "DOUBLE"), ("is_over", "BOOLEAN"),
             ("people", "BIGINT"), ("goals", "BIGINT"), ("revenue", "DOUBLE"),
             ("revenue_squared", "DOUBLE"))  # fmt: skip
_ANSWERS = (("campaign", "VARCHAR"), ("sent", "BIGINT"), ("opened", "BIGINT"), ("unsubscribed", "BIGINT"),
            ("cost", "DOUBLE"))  # fmt: skip


class DuckOutcomes:
    """Outcomes out of one workspace's warehouse, and the effects measured from them."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse = warehouse
        body = ", ".join(f"{name} {kind}" for name, kind in EFFECTS)
        warehouse.run(f"CREATE TABLE IF NOT EXISTS effects ({body})")

    def outcomes(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """One row per campaign, arm, propensity and whether the goal's days are over.

        Columns: campaign, arm, propensity (chance of the arm that was got), is_over, people, goals (people who reached
        the goal), revenue and revenue_squared (sums over people, units).
        """
        return self._warehouse.arrow(_union(_OUTCOMES, [_outcomes_sql(one, as_of, business) for one in campaigns]))

    def answers(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """One row per campaign: messages sent, opened (or clicked), unsubscribed from, and their cost in units."""
        return self._warehouse.arrow(_union(_ANSWERS, [_answers_sql(one, as_of, business) for one in campaigns]))

    def keep_effects(self, effects: pa.Table) -> None:
        """Store the effects as of a moment, replacing those of the same moment."""
        names = ", ".join(name for name, _ in EFFECTS)
        with self._warehouse.transaction(), self._warehouse.lend("kept_rows", effects):
            self._warehouse.run("DELETE FROM effects WHERE as_of IN (SELECT as_of FROM kept_rows)")
            self._warehouse.run(f"INSERT INTO effects ({names}) SELECT {names} FROM kept_rows")


def _union(columns: Sequence[tuple[str, str]], selects: Sequence[str]) -> str:
    """The selects one under the other; with none of them, an empty table of the columns."""
    empty = "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns) + " WHERE FALSE"
    listed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns)
    parts = [empty, *(f"SELECT {listed} FROM ({select})" for select in selects)]
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY ALL"


def _outcomes_sql(campaign: Campaign, as_of: AsOf, business: Business) -> str:
    per_unit = float(minor_per_unit(business.currency))
    return f"""
        WITH placed AS (
            SELECT customer_key, arm, propensity, "at" AS begun_at, goal_until,
                row_number() OVER (PARTITION BY customer_key ORDER BY "at", occasion_key) AS place
            FROM facts.assignments WHERE campaign = {text_literal(campaign.name)} AND "at" < {as_of.at}
                AND arm IN ('treated', 'control')
        ), first AS (SELECT * FROM placed WHERE place = 1),
        reached AS (
            SELECT DISTINCT f.customer_key FROM first f
            JOIN ({happened_sql(campaign.goal.event, as_of, business.currency)}) h ON h.customer_key = f.customer_key
                AND h."at" >= f.begun_at AND h."at" < f.goal_until
        ), spent AS (
            SELECT f.customer_key, sum(o.total) AS total FROM first f JOIN facts.orders o
                ON o.customer_key = f.customer_key AND o."at" >= f.begun_at AND o."at" < f.goal_until
            WHERE o."at" < {as_of.at} AND o.status IS DISTINCT FROM 'cancelled' GROUP BY f.customer_key
        )
        SELECT {text_literal(campaign.name)} AS campaign, f.arm, f.propensity, f.goal_until <= {as_of.at} AS is_over,
            count(*) AS people, count(r.customer_key) AS goals,
            CAST(COALESCE(sum(s.total), 0) AS DOUBLE) / {per_unit!r} AS revenue,
            CAST(COALESCE(sum(CAST(s.total AS HUGEINT) * s.total), 0) AS DOUBLE) / {per_unit**2!r} AS revenue_squared
        FROM first f LEFT JOIN reached r ON r.customer_key = f.customer_key
        LEFT JOIN spent s ON s.customer_key = f.customer_key GROUP BY ALL"""


def _answers_sql(campaign: Campaign, as_of: AsOf, business: Business) -> str:
    name, per_unit = text_literal(campaign.name), 1000.0 * minor_per_unit(business.currency)
    return f"""
        WITH messages AS (
            SELECT message_id, max(COALESCE(cost, 0)) AS cost FROM facts.contacts
            WHERE campaign = {name} AND state = 'sent' AND "at" < {as_of.at} GROUP BY message_id
        ), answered AS (
            SELECT message_id, max(CASE WHEN kind IN ('opened', 'clicked') THEN 1 ELSE 0 END) AS opened,
                max(CASE WHEN kind = 'unsubscribed' THEN 1 ELSE 0 END) AS unsubscribed
            FROM facts.deliveries WHERE "at" < {as_of.at} GROUP BY message_id
        )
        SELECT {name} AS campaign, count(*) AS sent, COALESCE(sum(a.opened), 0) AS opened,
            COALESCE(sum(a.unsubscribed), 0) AS unsubscribed,
            CAST(COALESCE(sum(m.cost), 0) AS DOUBLE) / {per_unit!r} AS cost
        FROM messages m LEFT JOIN answered a ON a.message_id = m.message_id"""
