-- purpose: how many customers stand in each stage and what they have brought
-- grain: one row per stage that has customers
-- inputs: profiles
-- columns: stage, customers, revenue, margin, cost_to_serve, contact_cost, profit, clv, as_of
-- traps: published money is a double; it is made whole minor units before it is summed, so that no order of rows matters
WITH amounts AS (
  SELECT COALESCE(stage, 'prospect') AS stage, as_of,
    CAST(ROUND(COALESCE(revenue, 0) * :minor_per_unit) AS BIGINT) AS revenue,
    CAST(ROUND(COALESCE(margin, 0) * :minor_per_unit) AS BIGINT) AS margin,
    CAST(ROUND(COALESCE(cost_to_serve, 0) * :minor_per_unit) AS BIGINT) AS cost_to_serve,
    CAST(ROUND(COALESCE(contact_cost, 0) * :minor_per_unit) AS BIGINT) AS contact_cost,
    CAST(ROUND(COALESCE(profit, 0) * :minor_per_unit) AS BIGINT) AS profit,
    CAST(ROUND(clv_365d * :minor_per_unit) AS BIGINT) AS clv
  FROM profiles
)
SELECT stage, COUNT(*) AS customers, CAST(SUM(revenue) AS BIGINT) AS revenue, CAST(SUM(margin) AS BIGINT) AS margin,
  CAST(SUM(cost_to_serve) AS BIGINT) AS cost_to_serve, CAST(SUM(contact_cost) AS BIGINT) AS contact_cost,
  CAST(SUM(profit) AS BIGINT) AS profit, CAST(SUM(clv) AS BIGINT) AS clv, MAX(as_of) AS as_of
FROM amounts
GROUP BY stage
