-- purpose: what each customer has brought and cost so far
-- grain: one row per customer with an order, a cost or a contact
-- inputs: purchases, goods, returns, service, pressure
-- columns: customer_key, orders, revenue, discount, refunds, margin, cost_to_serve, contact_cost, profit
-- traps: goods of unknown cost are taken to cost (1 − margin) of what was paid beyond the goods of known cost, rounded
--   down; the rest is never below nothing, since an order's own discount is not spread over its lines
WITH parts AS (
  SELECT customer_key, orders, revenue, discount, 0 AS known_cost, 0 AS known_spend, 0 AS refunds, 0 AS served,
    0 AS contacted
  FROM purchases
  UNION ALL
  SELECT customer_key, 0, 0, 0, known_cost, known_spend, 0, 0, 0 FROM goods
  UNION ALL
  SELECT customer_key, 0, 0, 0, 0, 0, refunds, 0, 0 FROM returns
  UNION ALL
  SELECT customer_key, 0, 0, 0, 0, 0, 0, cost_to_serve, 0 FROM service
  UNION ALL
  SELECT customer_key, 0, 0, 0, 0, 0, 0, 0, contact_cost FROM pressure
), sums AS (
  SELECT
    customer_key,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(revenue) AS BIGINT) AS revenue,
    CAST(SUM(discount) AS BIGINT) AS discount,
    CAST(SUM(known_cost) AS BIGINT) AS known_cost,
    CAST(SUM(known_spend) AS BIGINT) AS known_spend,
    CAST(SUM(refunds) AS BIGINT) AS refunds,
    CAST(SUM(served) AS BIGINT) AS cost_to_serve,
    CAST(SUM(contacted) AS BIGINT) AS contact_cost
  FROM parts
  GROUP BY customer_key
), costed AS (
  SELECT
    customer_key, orders, revenue, discount, refunds, cost_to_serve, contact_cost,
    known_cost + CASE
      WHEN revenue > known_spend THEN CAST(FLOOR(
        CAST((revenue - known_spend) * :cost_share_num AS DOUBLE) / CAST(:cost_share_den AS DOUBLE)
      ) AS BIGINT)
      ELSE 0
    END AS goods_cost
  FROM sums
)
SELECT
  customer_key, orders, revenue, discount, refunds,
  revenue - refunds - goods_cost AS margin,
  cost_to_serve, contact_cost,
  revenue - refunds - goods_cost - cost_to_serve - contact_cost AS profit
FROM costed
