"""What people did after they were written to, or left alone: counts and sums by campaign, arm, stage and path.

The unit is the customer's first assignment in a campaign. Later ones are left out because they depend on the first:
whoever was moved to buy has new occasions to be written to, and comparing those would compare different people. The
goal and the revenue count from the assignment to the end of its goal's days, as far as facts before `as_of` tell.
Beside them stand the orders and the revenue of the days before the assignment, which no message of the campaign can
have changed. Sums are taken in whole minor units and their squares, so that they are the same in every order of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.warehouse.answers import answers_sql, redemptions_sql, unsubscriptions_sql
from tenure.warehouse.choices import lay_out
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.learned import EFFECTS
from tenure.warehouse.occasions import happened_sql
from tenure.warehouse.programme import programme_rows
from tenure.warehouse.sums import SUMS, sums_sql

if TYPE_CHECKING:
    import pyarrow as pa

# Days before the assignment that tell apart who would buy anyway; the goal's days, if they are more. At a real grocer
# 90 days leave 46% of the variance of a fortnight's revenue where a fortnight leaves 58%; more than 90 add nothing.
BEFORE_DAYS = 90.0

_OUTCOMES = (("campaign", "VARCHAR"), ("arm", "VARCHAR"), ("propensity", "DOUBLE"), ("is_over", "BOOLEAN"),
             ("stage", "VARCHAR"), ("path", "VARCHAR"), ("since", "BIGINT"), *SUMS)  # fmt: skip
_ANSWERS = (("campaign", "VARCHAR"), ("sent", "BIGINT"), ("opened", "BIGINT"), ("unsubscribed", "BIGINT"),
            ("cost", "DOUBLE"))  # fmt: skip
_REDEEMED = (("campaign", "VARCHAR"), ("buyers", "BIGINT"), ("redeemed", "BIGINT"), ("told", "BIGINT"),
             ("promised", "BIGINT"))  # fmt: skip
_REDUCTIONS = "order_reductions"


class DuckOutcomes:
    """Outcomes out of one workspace's warehouse, and the effects measured from them (`ports.Outcomes`)."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse = warehouse
        lay_out(warehouse)
        warehouse.lay_table("effects", EFFECTS)

    def outcomes(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """One row per campaign, arm, propensity, stage, path and whether the goal's days are over.

        Columns: campaign, arm, propensity (chance of the arm that was got), is_over, stage and path as the decision saw
        them, since (first assignment, microseconds UTC), and the sums of `learning.arms.Arm` over people.
        """
        self._reduce(as_of)
        return self._rows(_OUTCOMES, [_outcomes_sql(one, as_of, business) for one in self._begun(campaigns, as_of)])

    def programme(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """The same columns for all of it together: everybody against the global holdout, `revenue` being profit."""
        import pyarrow as pa

        empty = self._rows(_OUTCOMES, [])
        found = [table.cast(empty.schema) for table in programme_rows(self._warehouse, campaigns, as_of, business)]
        return pa.concat_tables([empty, *found])

    def answers(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """One row per campaign: messages sent, opened (or clicked), unsubscribed from, and their cost in units."""
        return self._rows(_ANSWERS, [answers_sql(one, as_of, business) for one in self._begun(campaigns, as_of)])

    def redemptions(self, campaigns: Sequence[Campaign], as_of: AsOf) -> pa.Table:
        """One row per campaign with an offer: who was told, promised it, bought with it in hand, and redeemed it."""
        self._reduce(as_of)
        begun = self._begun(campaigns, as_of)
        offering = [one for one in begun if any(part.offer is not None for part in (one, *one.steps))]
        return self._rows(_REDEEMED, [redemptions_sql(one, as_of) for one in offering])

    def unsubscriptions(self, as_of: AsOf) -> pa.Table:
        """One row per channel: marketing messages, and those of them that made somebody unsubscribe."""
        return self._warehouse.arrow(unsubscriptions_sql(as_of))

    def keep_effects(self, effects: pa.Table) -> None:
        """Store the effects as of a moment, replacing those of the same moment."""
        names = ", ".join(name for name, _ in EFFECTS)
        with self._warehouse.transaction(), self._warehouse.lend("kept_rows", effects):
            self._warehouse.run("DELETE FROM effects WHERE as_of IN (SELECT as_of FROM kept_rows)")
            self._warehouse.run(f"INSERT INTO effects ({names}) SELECT {names} FROM kept_rows")

    def _begun(self, campaigns: Sequence[Campaign], as_of: AsOf) -> list[Campaign]:
        """Those that have put anybody into an arm: most of a library have not, and asking them costs as much."""
        found = self._warehouse.fetch(
            f"""SELECT DISTINCT split_part(campaign, '/', 1) FROM facts.assignments WHERE "at" < {as_of.at}"""
        )
        names = {str(row[0]) for row in found}
        return [campaign for campaign in campaigns if campaign.folder in names]

    def _rows(self, columns: Sequence[tuple[str, str]], selects: Sequence[str]) -> pa.Table:
        """The selects one under the other, each in the given columns; one at a time, for memory's sake."""
        import pyarrow as pa

        empty = "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns) + " WHERE FALSE"
        listed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns)
        texts = [empty, *(f"SELECT {listed} FROM ({select}) ORDER BY ALL" for select in selects)]
        return pa.concat_tables([self._warehouse.arrow(text) for text in texts])

    def _reduce(self, as_of: AsOf) -> None:
        """What the lines of each order were reduced by, added up once for all campaigns."""
        self._warehouse.run(f"""CREATE OR REPLACE TEMP TABLE {_REDUCTIONS} AS
            SELECT order_id, CAST(sum(discount) AS BIGINT) AS discount FROM facts.order_lines
            WHERE discount > 0 AND "at" < {as_of.at} GROUP BY order_id""")


def _outcomes_sql(campaign: Campaign, as_of: AsOf, business: Business) -> str:
    goal = happened_sql(campaign.goal.event, as_of, business.currency)
    before = round(max(campaign.goal.within_days, BEFORE_DAYS) * MICROS_PER_DAY)
    return f"""
        WITH first AS ({_first_sql(campaign, as_of)}),
        reached AS (
            SELECT DISTINCT f.customer_key FROM first f JOIN ({goal}) h ON h.customer_key = f.customer_key
                AND h."at" >= f.begun_at AND h."at" < f.goal_until
        ), bought AS (
            SELECT f.customer_key, o."at" >= f.begun_at AS is_after, o.total,
                COALESCE(o.discount, l.discount, 0) AS discount
            FROM first f JOIN facts.orders o ON o.customer_key = f.customer_key
                AND o."at" >= f.begun_at - {before} AND o."at" < f.goal_until
            LEFT JOIN {_REDUCTIONS} l ON l.order_id = o.order_id
            WHERE o."at" < {as_of.at} AND o.status IS DISTINCT FROM 'cancelled'
        ), spent AS (
            SELECT customer_key, count(CASE WHEN NOT is_after THEN 1 END) AS goals_before,
                sum(CASE WHEN is_after THEN total ELSE 0 END) AS revenue,
                sum(CASE WHEN is_after THEN 0 ELSE total END) AS revenue_before,
                sum(CASE WHEN is_after THEN discount ELSE 0 END) AS discount
            FROM bought GROUP BY customer_key
        ), person AS (
            SELECT f.arm, f.propensity, f.goal_until <= {as_of.at} AS is_over, f.stage, f.path, f.begun_at,
                CASE WHEN r.customer_key IS NULL THEN 0 ELSE 1 END AS goals,
                COALESCE(s.goals_before, 0) AS goals_before, COALESCE(s.revenue, 0) AS revenue,
                COALESCE(s.revenue_before, 0) AS revenue_before, COALESCE(s.discount, 0) AS discount
            FROM first f LEFT JOIN reached r ON r.customer_key = f.customer_key
            LEFT JOIN spent s ON s.customer_key = f.customer_key
        )
        SELECT {text_literal(campaign.name)} AS campaign, arm, propensity, is_over, stage, path,
            min(begun_at) AS since, {sums_sql(business)}
        FROM person GROUP BY arm, propensity, is_over, stage, path"""


def _first_sql(campaign: Campaign, as_of: AsOf) -> str:
    """Each customer's first assignment, with the stage and the path that its decision saw."""
    name = text_literal(campaign.name)
    return f"""
        SELECT a.customer_key, a.arm, a.propensity, a.begun_at, a.goal_until, d.stage, d.path FROM (
            SELECT *, "at" AS begun_at,
                row_number() OVER (PARTITION BY customer_key ORDER BY "at", occasion_key) AS place
            FROM facts.assignments
            WHERE campaign = {name} AND "at" < {as_of.at} AND arm IN ('treated', 'control')
        ) a LEFT JOIN (
            SELECT run_id, customer_key, occasion_key, max(stage) AS stage, max(path) AS path FROM decisions
            WHERE campaign = {name} AND outcome IN ('chosen', 'control') GROUP BY run_id, customer_key, occasion_key
        ) d ON d.run_id = a.run_id AND d.customer_key = a.customer_key AND d.occasion_key = a.occasion_key
        WHERE a.place = 1"""
