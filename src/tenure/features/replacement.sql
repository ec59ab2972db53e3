-- purpose: the product whose replacement is due first, by the customer's own gap or the product's lifetime
-- grain: one row per customer with such a product
-- inputs: spending, catalogue
-- columns: customer_key, replacement_product, replacement_due_at
-- traps: an own gap needs three purchase days and wins over the lifetime; what has been overdue for longer than one
--   gap was replaced elsewhere or given up, and is left out
WITH repeated AS (
  SELECT customer_key, product_no
  FROM spending
  GROUP BY customer_key, product_no
  HAVING COUNT(*) >= 3
), days AS (
  SELECT s.customer_key AS customer_key, s.product_no AS product_no, s.day AS day, MAX(s.at) AS at
  FROM spending AS s
  JOIN repeated AS r ON r.customer_key = s.customer_key AND r.product_no = s.product_no
  GROUP BY s.customer_key, s.product_no, s.day
), ordered AS (
  SELECT
    customer_key, product_no, day, d.at AS at,
    ROW_NUMBER() OVER (PARTITION BY customer_key, product_no ORDER BY day) AS place,
    LAG(day) OVER (PARTITION BY customer_key, product_no ORDER BY day) AS day_before
  FROM days AS d
), ranked AS (
  SELECT
    customer_key, product_no, day, o.at AS at, day - day_before AS gap,
    ROW_NUMBER() OVER (PARTITION BY customer_key, product_no ORDER BY day - day_before, day) AS place,
    COUNT(*) OVER (PARTITION BY customer_key, product_no) AS n
  FROM ordered AS o
  WHERE place > 1
), own AS (
  SELECT
    r.customer_key AS customer_key, r.product_no AS product_no, MAX(r.at) AS last_at, MAX(r.day) AS last_day,
    MIN(CASE WHEN 2 * r.place >= r.n THEN r.gap END) AS gap
  FROM ranked AS r
  WHERE r.n >= 2
  GROUP BY r.customer_key, r.product_no
), worn AS (
  SELECT
    s.customer_key AS customer_key, s.product_no AS product_no, MAX(s.at) AS last_at, MAX(s.day) AS last_day,
    MAX(s.lifetime_days) AS gap
  FROM spending AS s
  WHERE s.lifetime_days > 0
  GROUP BY s.customer_key, s.product_no
), due AS (
  SELECT customer_key, product_no, last_at, last_day, gap FROM own
  UNION ALL
  SELECT w.customer_key AS customer_key, w.product_no AS product_no, w.last_at AS last_at, w.last_day AS last_day,
    w.gap AS gap
  FROM worn AS w
  LEFT JOIN own AS o ON o.customer_key = w.customer_key AND o.product_no = w.product_no
  WHERE o.customer_key IS NULL
), placed AS (
  SELECT
    customer_key, product_no, last_at, gap,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY last_day + gap, product_no) AS place
  FROM due
  WHERE last_day + 2 * gap >= :as_of_day
)
SELECT
  p.customer_key AS customer_key,
  c.product_id AS replacement_product,
  p.last_at + p.gap * 86400000000 AS replacement_due_at
FROM placed AS p
JOIN catalogue AS c ON c.product_no = p.product_no
WHERE p.place = 1
