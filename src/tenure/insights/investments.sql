-- purpose: what customers of each investment have brought and will bring, whom they lose, and whose loss is acceptable
-- grain: one row per investment that has customers
-- inputs: profiles
-- columns: investment, customers, revenue, margin, cost_to_serve, contact_cost, profit, clv, leaving_micro,
--   acceptable_micro, at_stake, as_of
-- traps: churn is summed in millionths and money in minor units, so that no order of rows matters; a loss is acceptable
--   where keeping the customer would cost more than it is expected to bring
WITH amounts AS (
  SELECT investment, as_of,
    CAST(ROUND(COALESCE(revenue, 0) * :minor_per_unit) AS BIGINT) AS revenue,
    CAST(ROUND(COALESCE(margin, 0) * :minor_per_unit) AS BIGINT) AS margin,
    CAST(ROUND(COALESCE(cost_to_serve, 0) * :minor_per_unit) AS BIGINT) AS cost_to_serve,
    CAST(ROUND(COALESCE(contact_cost, 0) * :minor_per_unit) AS BIGINT) AS contact_cost,
    CAST(ROUND(COALESCE(profit, 0) * :minor_per_unit) AS BIGINT) AS profit,
    CAST(ROUND(COALESCE(clv_365d, 0) * :minor_per_unit) AS BIGINT) AS clv,
    CAST(ROUND(COALESCE(churn_90d, 0) * 1000000) AS BIGINT) AS churn_micro,
    CAST(ROUND(COALESCE(churn_90d, 0) * COALESCE(clv_365d, 0) * :minor_per_unit) AS BIGINT) AS at_stake
  FROM profiles
  WHERE investment IS NOT NULL
)
SELECT investment, COUNT(*) AS customers, CAST(SUM(revenue) AS BIGINT) AS revenue, CAST(SUM(margin) AS BIGINT) AS margin,
  CAST(SUM(cost_to_serve) AS BIGINT) AS cost_to_serve, CAST(SUM(contact_cost) AS BIGINT) AS contact_cost,
  CAST(SUM(profit) AS BIGINT) AS profit, CAST(SUM(clv) AS BIGINT) AS clv,
  CAST(SUM(churn_micro) AS BIGINT) AS leaving_micro,
  CAST(SUM(CASE WHEN at_stake * :lift_num <= :cost_minor * :lift_den THEN churn_micro ELSE 0 END) AS BIGINT)
    AS acceptable_micro,
  CAST(SUM(CASE WHEN at_stake > 0 THEN at_stake ELSE 0 END) AS BIGINT) AS at_stake,
  MAX(as_of) AS as_of
FROM amounts
GROUP BY investment
