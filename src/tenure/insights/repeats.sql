-- purpose: how many customers ever ordered, and on how many days
-- grain: one row
-- inputs: customers, orders, subscriptions
-- columns: known, buyers, repeaters, loyal, orders, latest_at, earliest_at
-- traps: two orders on one day are one visit; known are those whom the business listed and
--   those whom an order or a contract made known
WITH days AS (
  SELECT o.customer_key AS customer_key, o.day AS day, COUNT(*) AS orders, MAX(o.at) AS latest_at, MIN(o.at) AS earliest_at
  FROM orders o
  WHERE COALESCE(o.status, 'paid') <> 'cancelled'
  GROUP BY o.customer_key, o.day
),
buyers AS (
  SELECT customer_key, COUNT(*) AS order_days, SUM(orders) AS orders, MAX(latest_at) AS latest_at,
    MIN(earliest_at) AS earliest_at
  FROM days
  GROUP BY customer_key
),
people AS (
  SELECT customer_key FROM customers WHERE declared = 1
  UNION
  SELECT customer_key FROM orders
  UNION
  SELECT customer_key FROM subscriptions
)
SELECT
  COUNT(*) AS known,
  CAST(COALESCE(SUM(CASE WHEN b.order_days >= 1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS buyers,
  CAST(COALESCE(SUM(CASE WHEN b.order_days >= 2 THEN 1 ELSE 0 END), 0) AS BIGINT) AS repeaters,
  CAST(COALESCE(SUM(CASE WHEN b.order_days >= :loyal_orders THEN 1 ELSE 0 END), 0) AS BIGINT) AS loyal,
  CAST(COALESCE(SUM(b.orders), 0) AS BIGINT) AS orders,
  MAX(b.latest_at) AS latest_at,
  MIN(b.earliest_at) AS earliest_at
FROM people p
LEFT JOIN buyers b ON b.customer_key = p.customer_key
