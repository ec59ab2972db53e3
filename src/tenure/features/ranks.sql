-- purpose: each buyer's place among all buyers by profit
-- grain: one row per customer with an order that was not cancelled
-- inputs: history, base_value
-- columns: customer_key, rank_permille
-- traps: counts the bounds at or below the own profit: bounds are sorted in before the customers they equal
WITH marks AS (
  SELECT profit, 0 AS kind, CAST(0 AS BIGINT) AS customer_key, steps FROM base_value
  UNION ALL
  SELECT profit, 1 AS kind, customer_key, CAST(0 AS BIGINT) AS steps FROM history WHERE orders > 0
), counted AS (
  SELECT
    customer_key, kind,
    SUM(steps) OVER (
      ORDER BY profit, kind, customer_key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS reached
  FROM marks
)
SELECT customer_key, CAST(reached AS BIGINT) AS rank_permille
FROM counted
WHERE kind = 1
