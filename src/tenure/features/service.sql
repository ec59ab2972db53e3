-- purpose: what serving each customer cost: booked costs and tickets
-- grain: one row per customer with a cost or a ticket that cost something
-- inputs: costs, tickets
-- columns: customer_key, cost_to_serve
-- traps: costs booked to a segment belong to nobody in particular and are left out
WITH borne AS (
  SELECT customer_key, amount FROM costs WHERE amount IS NOT NULL
  UNION ALL
  SELECT customer_key, cost AS amount FROM tickets WHERE cost IS NOT NULL
)
SELECT customer_key, CAST(SUM(amount) AS BIGINT) AS cost_to_serve
FROM borne
GROUP BY customer_key
