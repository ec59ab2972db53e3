"""The log of marketing decisions with what each brought: what `learning/offpolicy.py` reads.

One row is one customer in one run whose best contact was decided: written to, held back as control, or left in silence
by the draw that explores. What it brought is the same for all of them, so that actions can be compared: the margin of
orders in the days after the decision, less the contact's cost. Only decisions whose days are over are in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.domain.money import minor_per_unit
from tenure.warehouse.choices import lay_out
from tenure.warehouse.duckdb import DuckWarehouse

if TYPE_CHECKING:
    import pyarrow as pa


class DuckPolicyLog:
    """The log of one workspace's decisions."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse = warehouse
        lay_out(warehouse)

    def log(self, as_of: AsOf, business: Business, days: float) -> pa.Table:
        """Every decision that was `days` old at a moment, ordered by run and customer.

        Columns: run_id, decided_at (microseconds UTC), customer_id, campaign (null for drawn silence), action,
        propensity (chance of the action), explored, stage, path, p0, lift, goal_value, worth, orders, revenue and
        reward (within the days, in units).

        `action` is the campaign, or `silence`. A customer who explored and then fell into the control group of what was
        drawn was silent too, but with a chance that covers only this way to silence; there the action is
        `held back from CAMPAIGN`.
        """
        span, unit = round(days * MICROS_PER_DAY), float(minor_per_unit(business.currency))
        return self._warehouse.arrow(f"""
            WITH decided AS (
                SELECT *, epoch_us(as_of) AS decided_at FROM decisions
                WHERE outcome IN ('chosen', 'control', 'silent') AND COALESCE(purpose, 'marketing') = 'marketing'
                    AND propensity > 0 AND epoch_us(as_of) + {span} <= {as_of.at}
            ), spent AS (
                SELECT d.run_id, d.customer_key, count(*) AS orders, sum(o.total) AS total
                FROM (SELECT DISTINCT run_id, customer_key, decided_at FROM decided) d
                JOIN facts.orders o ON o.customer_key = d.customer_key AND o."at" >= d.decided_at
                    AND o."at" < d.decided_at + {span} AND o."at" < {as_of.at}
                WHERE o.status IS DISTINCT FROM 'cancelled' GROUP BY d.run_id, d.customer_key
            )
            SELECT d.run_id, d.decided_at, d.customer_id, d.campaign,
                CASE WHEN d.outcome = 'chosen' THEN d.campaign
                    WHEN d.outcome = 'control' AND COALESCE(d.explored, FALSE) THEN 'held back from ' || d.campaign
                    ELSE 'silence' END AS action,
                d.propensity, COALESCE(d.explored, FALSE) AS explored, d.stage, d.path, d.p0, d.lift, d.goal_value,
                d.worth, COALESCE(s.orders, 0) AS orders, CAST(COALESCE(s.total, 0) AS DOUBLE) / {unit!r} AS revenue,
                CAST(COALESCE(s.total, 0) AS DOUBLE) * {float(business.margin)!r} / {unit!r}
                    - CASE WHEN d.outcome = 'chosen' THEN COALESCE(d.contact_cost, 0) ELSE 0 END AS reward
            FROM decided d LEFT JOIN spent s ON s.run_id = d.run_id AND s.customer_key = d.customer_key
            ORDER BY d.decided_at, d.run_id, d.customer_key, d.campaign""")
