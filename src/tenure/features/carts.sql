-- purpose: what lies in each customer's cart
-- grain: one row per customer with something in the cart
-- inputs: events, orders, products
-- columns: customer_key, cart_value, cart_at
-- traps: a cart begins anew after the latest order; the latest view of a cart that names a value replaces what was
--   counted before it; a thing without a price of its own counts with its product's, and a cart of things without
--   any price has a moment but no value
WITH moves AS (
  SELECT e.customer_key AS customer_key, e.name AS name, e.at AS at, COALESCE(e.value, p.price) AS value
  FROM events AS e
  LEFT JOIN products AS p ON p.product_id = e.product_id
  WHERE e.name IN ('Product Added', 'Product Removed', 'Cart Viewed')
), bought AS (
  SELECT e.customer_key AS customer_key, e.at AS at FROM events AS e WHERE e.name = 'Order Completed'
  UNION ALL
  SELECT m.customer_key AS customer_key, o.at AS at
  FROM (SELECT DISTINCT customer_key FROM moves) AS m
  JOIN orders AS o ON o.customer_key = m.customer_key
), latest AS (
  SELECT customer_key, MAX(b.at) AS at FROM bought AS b GROUP BY customer_key
), current_moves AS (
  SELECT m.customer_key AS customer_key, m.name AS name, m.at AS at, m.value AS value
  FROM moves AS m
  LEFT JOIN latest AS l ON l.customer_key = m.customer_key
  WHERE l.at IS NULL OR m.at > l.at
), views AS (
  SELECT customer_key, c.at, value,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY c.at DESC, c.value DESC) AS place
  FROM current_moves AS c
  WHERE name = 'Cart Viewed' AND value IS NOT NULL
), summed AS (
  SELECT
    m.customer_key AS customer_key,
    MAX(m.at) AS cart_at,
    MAX(v.value) AS viewed_value,
    COUNT(CASE WHEN m.name = 'Product Added' THEN 1 END)
      - COUNT(CASE WHEN m.name = 'Product Removed' THEN 1 END) AS things,
    COUNT(CASE WHEN m.name = 'Cart Viewed' THEN 1 END) AS views,
    CAST(SUM(CASE
      WHEN m.name = 'Cart Viewed' OR (v.at IS NOT NULL AND m.at <= v.at) THEN NULL
      WHEN m.name = 'Product Added' THEN m.value
      ELSE 0 - m.value
    END) AS BIGINT) AS moved_value
  FROM current_moves AS m
  LEFT JOIN views AS v ON v.customer_key = m.customer_key AND v.place = 1
  GROUP BY m.customer_key
)
SELECT
  customer_key,
  CASE
    WHEN viewed_value IS NULL AND moved_value IS NULL THEN NULL
    WHEN COALESCE(viewed_value, 0) + COALESCE(moved_value, 0) < 0 THEN 0
    ELSE COALESCE(viewed_value, 0) + COALESCE(moved_value, 0)
  END AS cart_value,
  cart_at
FROM summed
WHERE things > 0 OR (things = 0 AND views > 0 AND COALESCE(viewed_value, 0) + COALESCE(moved_value, 0) > 0)
