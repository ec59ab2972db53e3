-- purpose: where profit comes from: buyers ranked by profit and cut into ten equal parts
-- grain: one row per tenth that has buyers, 1 the best
-- inputs: profiles
-- columns: tenth, customers, revenue, margin, cost_to_serve, contact_cost, profit, clv, as_of
-- traps: rank r of n lies in tenth t when 10 r ≤ t n, in integers; ties are broken by the key so that every engine cuts
--   at the same customer
WITH amounts AS (
  SELECT customer_key, as_of,
    CAST(ROUND(COALESCE(revenue, 0) * :minor_per_unit) AS BIGINT) AS revenue,
    CAST(ROUND(COALESCE(margin, 0) * :minor_per_unit) AS BIGINT) AS margin,
    CAST(ROUND(COALESCE(cost_to_serve, 0) * :minor_per_unit) AS BIGINT) AS cost_to_serve,
    CAST(ROUND(COALESCE(contact_cost, 0) * :minor_per_unit) AS BIGINT) AS contact_cost,
    CAST(ROUND(COALESCE(profit, 0) * :minor_per_unit) AS BIGINT) AS profit,
    CAST(ROUND(clv_365d * :minor_per_unit) AS BIGINT) AS clv
  FROM profiles
  WHERE orders > 0
),
ranked AS (
  SELECT as_of, revenue, margin, cost_to_serve, contact_cost, profit, clv,
    10 * ROW_NUMBER() OVER (ORDER BY profit DESC, customer_key) AS place, COUNT(*) OVER () AS buyers
  FROM amounts
),
cut AS (
  SELECT as_of, revenue, margin, cost_to_serve, contact_cost, profit, clv,
    CASE WHEN place <= buyers THEN 1 WHEN place <= 2 * buyers THEN 2 WHEN place <= 3 * buyers THEN 3
      WHEN place <= 4 * buyers THEN 4 WHEN place <= 5 * buyers THEN 5 WHEN place <= 6 * buyers THEN 6
      WHEN place <= 7 * buyers THEN 7 WHEN place <= 8 * buyers THEN 8 WHEN place <= 9 * buyers THEN 9 ELSE 10
    END AS tenth
  FROM ranked
)
SELECT tenth, COUNT(*) AS customers, CAST(SUM(revenue) AS BIGINT) AS revenue, CAST(SUM(margin) AS BIGINT) AS margin,
  CAST(SUM(cost_to_serve) AS BIGINT) AS cost_to_serve, CAST(SUM(contact_cost) AS BIGINT) AS contact_cost,
  CAST(SUM(profit) AS BIGINT) AS profit, CAST(SUM(clv) AS BIGINT) AS clv, MAX(as_of) AS as_of
FROM cut
GROUP BY tenth
