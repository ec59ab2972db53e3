-- purpose: the profit that each thousandth of the buyers reaches, from the least to the most profitable
-- grain: one row per distinct bound, at most 1,000
-- inputs: value
-- columns: profit, steps
-- scope: base
-- traps: bound i is the profit of the buyer at the nearest rank of i / 1,000; steps says how many bounds fell together
WITH ranked AS (
  SELECT
    profit,
    ROW_NUMBER() OVER (ORDER BY profit, customer_key) AS place,
    COUNT(*) OVER (PARTITION BY 1) AS n
  FROM value
  WHERE orders > 0
), stepped AS (
  SELECT
    profit,
    CAST(FLOOR(CAST(1000 * place AS DOUBLE) / CAST(NULLIF(n, 0) AS DOUBLE)) AS BIGINT)
      - CAST(FLOOR(CAST(1000 * (place - 1) AS DOUBLE) / CAST(NULLIF(n, 0) AS DOUBLE)) AS BIGINT) AS steps
  FROM ranked
)
SELECT profit, CAST(SUM(steps) AS BIGINT) AS steps
FROM stepped
WHERE steps > 0
GROUP BY profit
