-- purpose: money given back to each customer
-- grain: one row per customer who got money back
-- inputs: refunds, orders
-- columns: customer_key, refunds
-- traps: an order marked refunded without a refund of its own counts with its whole total; a refund of a cancelled
--   order does not count, since its revenue never did
WITH paid_back AS (
  SELECT r.customer_key AS customer_key, r.amount AS amount
  FROM refunds AS r
  LEFT JOIN (SELECT customer_key, order_id FROM orders WHERE status = 'cancelled') AS c
    ON c.order_id = r.order_id AND c.customer_key = r.customer_key
  WHERE c.order_id IS NULL
  UNION ALL
  SELECT o.customer_key AS customer_key, o.total AS amount
  FROM (SELECT customer_key, order_id, total FROM orders WHERE status = 'refunded') AS o
  LEFT JOIN refunds AS r ON r.order_id = o.order_id AND r.customer_key = o.customer_key
  WHERE r.order_id IS NULL
)
SELECT customer_key, CAST(SUM(amount) AS BIGINT) AS refunds
FROM paid_back
GROUP BY customer_key
