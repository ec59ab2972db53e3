-- purpose: what the goods cost whose unit cost is known, and what was paid for them
-- grain: one row per customer with an order line of known cost
-- inputs: spending
-- columns: customer_key, known_cost, known_spend
-- traps: rounded down once per customer, not per line
SELECT
  customer_key,
  CAST(FLOOR(CAST(SUM(cost) AS DOUBLE) / CAST(1000 AS DOUBLE)) AS BIGINT) AS known_cost,
  CAST(FLOOR(CAST(SUM(spend) AS DOUBLE) / CAST(1000 AS DOUBLE)) AS BIGINT) AS known_spend
FROM spending
WHERE cost IS NOT NULL
GROUP BY customer_key
