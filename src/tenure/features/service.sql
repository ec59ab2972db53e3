-- purpose: what serving each customer cost: booked costs, tickets, and the shipping of orders
-- grain: one row per customer with a cost, a ticket that cost something, or a shipped order
-- inputs: costs, tickets, orders
-- columns: customer_key, cost_to_serve
-- traps: costs booked to a segment belong to nobody in particular and are left out; what an order's shipping came to is
--   part of its total and is taken to be passed on to the carrier
WITH borne AS (
  SELECT customer_key, amount FROM costs WHERE amount IS NOT NULL
  UNION ALL
  SELECT customer_key, cost AS amount FROM tickets WHERE cost IS NOT NULL
  UNION ALL
  SELECT customer_key, shipping AS amount FROM orders
  WHERE shipping IS NOT NULL AND COALESCE(status, 'paid') <> 'cancelled'
)
SELECT customer_key, CAST(SUM(amount) AS BIGINT) AS cost_to_serve
FROM borne
GROUP BY customer_key
