-- purpose: every line of every order that was not cancelled, with what is known of its product
-- grain: one row per order line
-- inputs: order_lines, products
-- columns: customer_key, product_id, at, day, spend, cost, category, brand, lifetime_days
-- traps: spend and cost are thousandths of a minor unit, since quantities are thousandths; cost is NULL when unknown
SELECT
  l.customer_key AS customer_key,
  l.product_id AS product_id,
  l.at AS at,
  l.day AS day,
  l.quantity * l.unit_price - 1000 * COALESCE(l.discount, 0) AS spend,
  l.quantity * p.unit_cost AS cost,
  p.category AS category,
  p.brand AS brand,
  p.lifetime_days AS lifetime_days
FROM order_lines AS l
LEFT JOIN products AS p ON p.product_id = l.product_id
WHERE COALESCE(l.cancelled, 0) = 0
