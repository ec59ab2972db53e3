-- purpose: how much of each customer's buying is cheap buying
-- grain: one row per customer with an order that was not cancelled
-- inputs: purchases
-- columns: customer_key, average_order, discount_share, sale_share
-- traps: average_order is rounded to the minor unit, half of one upwards
SELECT
  customer_key,
  CAST(FLOOR(CAST(2 * revenue + orders AS DOUBLE) / CAST(NULLIF(2 * orders, 0) AS DOUBLE)) AS BIGINT) AS average_order,
  CAST(discounted_orders AS DOUBLE) / CAST(NULLIF(orders, 0) AS DOUBLE) AS discount_share,
  CAST(sale_orders AS DOUBLE) / CAST(NULLIF(orders, 0) AS DOUBLE) AS sale_share
FROM purchases
