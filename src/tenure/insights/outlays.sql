-- purpose: what was spent on each customer, and when: booked costs, tickets, shipping and contacts
-- grain: one row per cost of a customer
-- inputs: costs, tickets, orders, contacts
-- columns: customer_key, spent_at, wins, amount
-- traps: amount is in thousandths of a minor unit, as contacts are; wins is 1 for what was spent to win the customer,
--   booked with the kind `acquisition`, and 0 for what serving cost
SELECT c.customer_key AS customer_key, c.at AS spent_at, CASE WHEN c.kind = 'acquisition' THEN 1 ELSE 0 END AS wins,
  1000 * c.amount AS amount
FROM costs AS c
WHERE c.customer_key IS NOT NULL AND c.amount IS NOT NULL
UNION ALL
SELECT t.customer_key AS customer_key, t.at AS spent_at, 0 AS wins, 1000 * t.cost AS amount
FROM tickets AS t
WHERE t.cost IS NOT NULL
UNION ALL
SELECT o.customer_key AS customer_key, o.at AS spent_at, 0 AS wins, 1000 * o.shipping AS amount
FROM orders AS o
WHERE o.shipping IS NOT NULL AND COALESCE(o.status, 'paid') <> 'cancelled'
UNION ALL
SELECT k.customer_key AS customer_key, k.at AS spent_at, 0 AS wins, k.cost AS amount
FROM contacts AS k
WHERE k.cost IS NOT NULL
