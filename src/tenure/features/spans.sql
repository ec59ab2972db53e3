-- purpose: from when to when each customer bought, and on how many days
-- grain: one row per customer with an order that was not cancelled
-- inputs: orders
-- columns: customer_key, span_days, repeat_days
-- traps: two orders on one day are one day
WITH days AS (
  SELECT customer_key, day
  FROM orders
  WHERE COALESCE(status, 'paid') <> 'cancelled'
  GROUP BY customer_key, day
)
SELECT customer_key, MAX(day) - MIN(day) AS span_days, COUNT(*) - 1 AS repeat_days
FROM days
GROUP BY customer_key
