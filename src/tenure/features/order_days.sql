-- purpose: what each customer bought on each day with an order, from the first day of their life on
-- grain: one row per customer and day with an order that was not cancelled
-- inputs: orders, markdowns
-- columns: customer_key, day, place, minute, total, discount, coupon, on_sale
-- traps: orders of one day are one purchase in several parcels, not a return; place is 1 for the first such day; minute
--   is that of the day's first order, in UTC; discount is NULL where no order of the day states one
WITH merged AS (
  SELECT
    o.customer_key AS customer_key,
    o.day AS day,
    MIN(o.at) AS first_at,
    CAST(SUM(o.total) AS BIGINT) AS total,
    CAST(SUM(COALESCE(o.discount, m.discount)) AS BIGINT) AS discount,
    MAX(CASE WHEN o.coupon IS NOT NULL THEN 1 ELSE 0 END) AS coupon,
    MAX(o.on_sale) AS on_sale
  FROM orders AS o
  LEFT JOIN markdowns AS m ON m.order_id = o.order_id AND m.customer_key = o.customer_key
  WHERE COALESCE(o.status, 'paid') <> 'cancelled'
  GROUP BY o.customer_key, o.day
)
SELECT
  customer_key,
  day,
  CAST(ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY day) AS BIGINT) AS place,
  CAST(FLOOR(CAST(first_at % 86400000000 AS DOUBLE) / CAST(60000000 AS DOUBLE)) AS BIGINT) AS minute,
  total,
  discount,
  CAST(coupon AS BIGINT) AS coupon,
  CAST(on_sale AS BIGINT) AS on_sale
FROM merged
