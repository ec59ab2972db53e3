"""Everything at once: people who may hear from us against the global holdout, in profit since the first contact.

The holdout is drawn by hash from a customer's id alone, so everybody is in one of the two groups from the moment they
are known. Each counts with the profit that the profile would show now, less the profit it showed when the first
marketing contact was decided; beside it stands the profit of as long a time before that. Who came later begins at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenure import registry
from tenure.domain.arms import EVERYTHING
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.moments import AsOf, day_of, from_micros
from tenure.warehouse.bases import Asked
from tenure.warehouse.candidates import arm_sql
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.layout import ROWS_PER_CHUNK, chunks
from tenure.warehouse.profiles import parameters
from tenure.warehouse.sums import sums_sql
from tenure.warehouse.views import KeyRange

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.warehouse.duckdb import DuckWarehouse


def programme_rows(
    warehouse: DuckWarehouse, campaigns: Sequence[Campaign], as_of: AsOf, business: Business
) -> list[pa.Table]:
    """Counts and sums of both groups, in the columns of `outcomes`; a table per range of customers.

    `goals` are people who ordered since, `goals_before` their orders before, `revenue` stands for profit. Nothing where
    nobody was decided to be written to, or where nobody is held out.
    """
    since = _since(warehouse, campaigns, as_of)
    if since is None or not 0 < business.holdout < 1:
        return []
    start = _moment(since, business)
    moments = (as_of, start, _moment(max(since - (as_of.at - since), 0), business))
    asked = [Asked(warehouse, registry.relations_of("features"), m, parameters(m, business)) for m in moments]
    parts = chunks(warehouse, ROWS_PER_CHUNK)
    return [warehouse.arrow(_sql(asked, part, since, business)) for part in parts]


def goods_sql(as_of: AsOf, part: KeyRange) -> str:
    """The rows of the relation `goods`, straight from the lines whose product has a known cost.

    The relation numbers every product first, which profiles need and this does not: it would take most of the time.
    """
    return f"""
        SELECT l.customer_key, CAST(floor(CAST(sum(l.quantity * p.unit_cost) AS DOUBLE) / 1000) AS BIGINT)
                AS known_cost,
            CAST(floor(CAST(sum(l.quantity * l.unit_price - 1000 * COALESCE(l.discount, 0)) AS DOUBLE) / 1000)
                AS BIGINT) AS known_spend
        FROM facts.order_lines l JOIN facts.products p ON p.product_id = l.product_id
        WHERE p.unit_cost IS NOT NULL AND (p.released_at IS NULL OR p.released_at < {as_of.at}) AND l."at" < {as_of.at}
            AND l.customer_key >= {part.low} AND l.customer_key < {part.high} AND COALESCE(l.cancelled, 0) = 0
        GROUP BY l.customer_key"""


def _since(warehouse: DuckWarehouse, campaigns: Sequence[Campaign], as_of: AsOf) -> int | None:
    names = ", ".join(text_literal(campaign.name) for campaign in campaigns if campaign.purpose == "marketing")
    if not names:
        return None
    found = warehouse.fetch(
        f'SELECT min("at") FROM facts.assignments WHERE "at" < {as_of.at} AND campaign IN ({names})'
    )[0][0]
    return None if found is None else int(found)


def _moment(at: int, business: Business) -> AsOf:
    return AsOf(at, day_of(from_micros(at), business.timezone))


def _sql(asked: Sequence[Asked], part: KeyRange, since: int, business: Business) -> str:
    now, then, earlier = (one.text("value", part, {"goods": goods_sql(one.as_of, part)}) for one in asked)
    held = arm_sql(business.salt, business.holdout, None, "c.customer_id")
    share = float(business.holdout)
    return f"""
        WITH known AS ({asked[0].text("known", part, {})}), now AS ({now}), start AS ({then}), earlier AS ({earlier}),
        person AS (
            SELECT CASE WHEN {held} THEN 'control' ELSE 'treated' END AS arm,
                CASE WHEN {held} THEN {share!r} ELSE {1 - share!r} END AS propensity,
                CASE WHEN COALESCE(n.orders, 0) > COALESCE(s.orders, 0) THEN 1 ELSE 0 END AS goals,
                COALESCE(s.orders, 0) - COALESCE(e.orders, 0) AS goals_before,
                COALESCE(n.profit, 0) - COALESCE(s.profit, 0) AS revenue,
                COALESCE(s.profit, 0) - COALESCE(e.profit, 0) AS revenue_before, 0 AS discount
            FROM known k JOIN facts.customers c ON c.customer_key = k.customer_key
            LEFT JOIN now n ON n.customer_key = k.customer_key LEFT JOIN start s ON s.customer_key = k.customer_key
            LEFT JOIN earlier e ON e.customer_key = k.customer_key
        )
        SELECT {text_literal(EVERYTHING)} AS campaign, arm, propensity, TRUE AS is_over, CAST(NULL AS VARCHAR) AS stage,
            CAST(NULL AS VARCHAR) AS path, {since} AS since, {sums_sql(business)}
        FROM person GROUP BY ALL ORDER BY ALL"""
