-- purpose: what customers paid and got back, by month
-- grain: one row per month with any order, contract payment or refund
-- inputs: orders, payments, refunds
-- columns: month_no, orders, order_revenue, contract_revenue, refunds
-- traps: a refund counts in the month it was made, not in the order's; a cancelled order brings nothing, so its refund
--   takes nothing away; an order marked refunded without a refund of its own gives its whole total back in its own
--   month; a failed payment is no payment; amounts are minor units
WITH paid AS (
  SELECT month_no, COUNT(*) AS orders, SUM(total) AS order_revenue, 0 AS contract_revenue, 0 AS refunds
  FROM orders
  WHERE COALESCE(status, 'paid') <> 'cancelled'
  GROUP BY month_no
  UNION ALL
  SELECT month_no, 0 AS orders, 0 AS order_revenue, SUM(amount) AS contract_revenue, 0 AS refunds
  FROM payments
  WHERE COALESCE(status, 'paid') = 'paid'
  GROUP BY month_no
  UNION ALL
  SELECT r.month_no AS month_no, 0 AS orders, 0 AS order_revenue, 0 AS contract_revenue, SUM(r.amount) AS refunds
  FROM refunds r
  LEFT JOIN (SELECT order_id FROM orders WHERE status = 'cancelled') c ON c.order_id = r.order_id
  WHERE c.order_id IS NULL
  GROUP BY r.month_no
  UNION ALL
  SELECT o.month_no AS month_no, 0 AS orders, 0 AS order_revenue, 0 AS contract_revenue, SUM(o.total) AS refunds
  FROM (SELECT order_id, month_no, total FROM orders WHERE status = 'refunded') o
  LEFT JOIN refunds r ON r.order_id = o.order_id
  WHERE r.order_id IS NULL
  GROUP BY o.month_no
)
SELECT month_no, CAST(SUM(orders) AS BIGINT) AS orders, CAST(SUM(order_revenue) AS BIGINT) AS order_revenue,
  CAST(SUM(contract_revenue) AS BIGINT) AS contract_revenue, CAST(SUM(refunds) AS BIGINT) AS refunds
FROM paid
GROUP BY month_no
