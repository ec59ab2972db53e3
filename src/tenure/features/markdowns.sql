-- purpose: the discount of orders that state none themselves, from their lines
-- grain: one row per such order with a discounted line
-- inputs: orders, order_lines
-- columns: customer_key, order_id, discount
-- traps: an order's own discount, even 0, always wins; lines are read only when some order states none
SELECT l.customer_key AS customer_key, l.order_id AS order_id, CAST(SUM(l.discount) AS BIGINT) AS discount
FROM order_lines AS l
JOIN orders AS o ON o.order_id = l.order_id AND o.customer_key = l.customer_key
WHERE l.discount > 0 AND o.discount IS NULL
GROUP BY l.customer_key, l.order_id
