-- purpose: the first five order days of each customer, with how much was bought and of how many kinds
-- grain: one row per customer and order day, for the first five of these
-- inputs: order_days, order_lines, catalogue
-- columns: customer_key, day, place, minute, total, discount, coupon, on_sale, quantity, products, categories
-- traps: five is also `LAST` in models/early_orders.py; quantity is in thousandths; it, products and categories are NULL
--   where the day's orders have no lines
WITH early AS (
  SELECT customer_key, day, place, minute, total, discount, coupon, on_sale FROM order_days WHERE place <= 5
), goods AS (
  SELECT
    e.customer_key AS customer_key,
    e.day AS day,
    CAST(SUM(l.quantity) AS BIGINT) AS quantity,
    COUNT(DISTINCT c.product_no) AS products,
    COUNT(DISTINCT c.category_no) AS categories
  FROM early AS e
  JOIN order_lines AS l ON l.customer_key = e.customer_key AND l.day = e.day
  JOIN catalogue AS c ON c.product_id = l.product_id
  WHERE COALESCE(l.cancelled, 0) = 0
  GROUP BY e.customer_key, e.day
)
SELECT
  e.customer_key AS customer_key,
  e.day AS day,
  e.place AS place,
  e.minute AS minute,
  e.total AS total,
  e.discount AS discount,
  e.coupon AS coupon,
  e.on_sale AS on_sale,
  g.quantity AS quantity,
  CAST(g.products AS BIGINT) AS products,
  CAST(g.categories AS BIGINT) AS categories
FROM early AS e
LEFT JOIN goods AS g ON g.customer_key = e.customer_key AND g.day = e.day
