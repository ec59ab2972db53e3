-- purpose: what each customer bought in each month, and on which days, for their stages month by month
-- grain: one row per customer and month with an order that was not cancelled, or a refund
-- inputs: orders, refunds
-- columns: customer_key, month_no, order_days, first_day, last_day, net
-- traps: two orders on one day are one; net is less refunds, which count in the month they were made, and an order marked
--   refunded without a refund of its own brings nothing; days are NULL in a month that had only a refund
WITH days AS (
  SELECT o.customer_key AS customer_key, o.month_no AS month_no, o.day AS day
  FROM orders AS o
  WHERE COALESCE(o.status, 'paid') <> 'cancelled'
  GROUP BY o.customer_key, o.month_no, o.day
),
amounts AS (
  SELECT customer_key, month_no, 1 AS order_days, day AS first_day, day AS last_day, 0 AS net
  FROM days
  UNION ALL
  SELECT o.customer_key AS customer_key, o.month_no AS month_no, 0 AS order_days, NULL AS first_day, NULL AS last_day,
    o.total AS net
  FROM orders AS o
  WHERE COALESCE(o.status, 'paid') <> 'cancelled'
  UNION ALL
  SELECT r.customer_key AS customer_key, r.month_no AS month_no, 0 AS order_days, NULL AS first_day, NULL AS last_day,
    0 - r.amount AS net
  FROM refunds AS r
  LEFT JOIN (SELECT customer_key, order_id FROM orders WHERE status = 'cancelled') AS c
    ON c.order_id = r.order_id AND c.customer_key = r.customer_key
  WHERE c.order_id IS NULL
  UNION ALL
  SELECT o.customer_key AS customer_key, o.month_no AS month_no, 0 AS order_days, NULL AS first_day, NULL AS last_day,
    0 - o.total AS net
  FROM (SELECT customer_key, order_id, month_no, total FROM orders WHERE status = 'refunded') AS o
  LEFT JOIN refunds AS r ON r.order_id = o.order_id AND r.customer_key = o.customer_key
  WHERE r.order_id IS NULL
)
SELECT a.customer_key AS customer_key, a.month_no AS month_no, CAST(SUM(a.order_days) AS BIGINT) AS order_days,
  MIN(a.first_day) AS first_day, MAX(a.last_day) AS last_day, CAST(SUM(a.net) AS BIGINT) AS net
FROM amounts AS a
GROUP BY a.customer_key, a.month_no
