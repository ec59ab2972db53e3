-- purpose: every line of every order that was not cancelled, with what is known of its product
-- grain: one row per order line
-- inputs: order_lines, catalogue
-- columns: customer_key, product_no, at, day, spend, cost, category_no, brand_no, lifetime_days, better_no
-- traps: spend and cost are thousandths of a minor unit, since quantities are thousandths; cost is NULL when unknown
SELECT
  l.customer_key AS customer_key,
  c.product_no AS product_no,
  l.at AS at,
  l.day AS day,
  l.quantity * l.unit_price - 1000 * COALESCE(l.discount, 0) AS spend,
  l.quantity * c.unit_cost AS cost,
  c.category_no AS category_no,
  c.brand_no AS brand_no,
  c.lifetime_days AS lifetime_days,
  c.better_no AS better_no
FROM order_lines AS l
JOIN catalogue AS c ON c.product_id = l.product_id
WHERE COALESCE(l.cancelled, 0) = 0
