-- purpose: how much of what each customer bought was new on the market, and how often they turned to service
-- grain: one row per customer with an order that was not cancelled
-- inputs: purchases, order_lines, products, tickets, feedback
-- columns: customer_key, orders, released_lines, early_lines, service_contacts
-- traps: early is within 60 days of a product's release; lines of products without a date of release say nothing and are
--   in neither count; service contacts are tickets and answers to questions, whatever they said
WITH releases AS (
  SELECT
    l.customer_key AS customer_key,
    COUNT(*) AS released_lines,
    COUNT(CASE WHEN l.at - p.released_at < 60 * 86400000000 THEN 1 END) AS early_lines
  FROM order_lines AS l
  JOIN products AS p ON p.product_id = l.product_id
  WHERE p.released_at IS NOT NULL AND l.at >= p.released_at AND COALESCE(l.cancelled, 0) = 0
  GROUP BY l.customer_key
), turns AS (
  SELECT customer_key, 1 AS one FROM tickets
  UNION ALL
  SELECT customer_key, 1 AS one FROM feedback
), counted AS (
  SELECT customer_key, COUNT(*) AS service_contacts FROM turns GROUP BY customer_key
)
SELECT
  p.customer_key AS customer_key,
  p.orders AS orders,
  COALESCE(r.released_lines, 0) AS released_lines,
  COALESCE(r.early_lines, 0) AS early_lines,
  COALESCE(c.service_contacts, 0) AS service_contacts
FROM purchases AS p
LEFT JOIN releases AS r ON r.customer_key = p.customer_key
LEFT JOIN counted AS c ON c.customer_key = p.customer_key
