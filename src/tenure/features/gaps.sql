-- purpose: the days between one order day and the next
-- grain: one row per customer and order day after the first
-- inputs: orders
-- columns: customer_key, day, gap
-- traps: orders of one moment are of one day, so their order among each other cannot matter; LAG is guarded by
--   ROW_NUMBER > 1 because one engine returns 0, not NULL
WITH ordered AS (
  SELECT
    customer_key,
    day,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY o.at) AS place,
    LAG(day) OVER (PARTITION BY customer_key ORDER BY o.at) AS day_before
  FROM orders AS o
  WHERE COALESCE(status, 'paid') <> 'cancelled'
)
SELECT customer_key, day, day - day_before AS gap
FROM ordered
WHERE place > 1 AND day > day_before
