-- purpose: the product whose replacement is due first, by the customer's own gap or the product's lifetime
-- grain: one row per customer with such a product
-- inputs: spending
-- columns: customer_key, replacement_product, replacement_due_at
-- traps: an own gap needs three purchase days and wins over the lifetime; what has been overdue for longer than one
--   gap was replaced elsewhere or given up, and is left out
WITH pairs AS (
  SELECT
    customer_key, product_id, MAX(lifetime_days) AS lifetime_days, COUNT(*) AS lines,
    MIN(day) AS first_day, MAX(day) AS last_day, MAX(s.at) AS last_at
  FROM spending AS s
  GROUP BY customer_key, product_id
  HAVING MAX(lifetime_days) > 0 OR (COUNT(*) >= 3 AND MAX(day) > MIN(day))
), days AS (
  SELECT s.customer_key AS customer_key, s.product_id AS product_id, s.day AS day
  FROM spending AS s
  JOIN pairs AS p ON p.customer_key = s.customer_key AND p.product_id = s.product_id
  WHERE p.lines >= 3
  GROUP BY s.customer_key, s.product_id, s.day
), ordered AS (
  SELECT
    customer_key, product_id, day,
    ROW_NUMBER() OVER (PARTITION BY customer_key, product_id ORDER BY day) AS place,
    LAG(day) OVER (PARTITION BY customer_key, product_id ORDER BY day) AS day_before
  FROM days
), ranked AS (
  SELECT
    customer_key, product_id, day - day_before AS gap,
    ROW_NUMBER() OVER (PARTITION BY customer_key, product_id ORDER BY day - day_before, day) AS place,
    COUNT(*) OVER (PARTITION BY customer_key, product_id) AS n
  FROM ordered
  WHERE place > 1
), medians AS (
  SELECT customer_key, product_id, MIN(CASE WHEN 2 * place >= n THEN gap END) AS gap
  FROM ranked
  WHERE n >= 2
  GROUP BY customer_key, product_id
), due AS (
  SELECT
    p.customer_key AS customer_key, p.product_id AS product_id, p.last_at AS last_at, p.last_day AS last_day,
    COALESCE(m.gap, p.lifetime_days) AS gap
  FROM pairs AS p
  LEFT JOIN medians AS m ON m.customer_key = p.customer_key AND m.product_id = p.product_id
), placed AS (
  SELECT
    customer_key, product_id, last_at, gap,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY last_day + gap, product_id) AS place
  FROM due
  WHERE gap > 0 AND last_day + 2 * gap >= :as_of_day
)
SELECT
  customer_key,
  product_id AS replacement_product,
  last_at + gap * 86400000000 AS replacement_due_at
FROM placed
WHERE place = 1
