-- purpose: how many orders each customer placed, for how much, and how many of them cheaper
-- grain: one row per customer with an order that was not cancelled
-- inputs: orders, markdowns
-- columns: customer_key, orders, revenue, discount, discounted_orders, sale_orders, first_at, last_at, first_day,
--   last_day
-- traps: a coupon makes an order discounted even where its worth is not stated
SELECT
  o.customer_key AS customer_key,
  COUNT(*) AS orders,
  CAST(SUM(o.total) AS BIGINT) AS revenue,
  CAST(SUM(COALESCE(o.discount, m.discount, 0)) AS BIGINT) AS discount,
  COUNT(CASE WHEN COALESCE(o.discount, m.discount, 0) > 0 OR o.coupon IS NOT NULL THEN 1 END) AS discounted_orders,
  COUNT(CASE WHEN o.on_sale = 1 THEN 1 END) AS sale_orders,
  MIN(o.at) AS first_at,
  MAX(o.at) AS last_at,
  MIN(o.day) AS first_day,
  MAX(o.day) AS last_day
FROM orders AS o
LEFT JOIN markdowns AS m ON m.order_id = o.order_id AND m.customer_key = o.customer_key
WHERE COALESCE(o.status, 'paid') <> 'cancelled'
GROUP BY o.customer_key
