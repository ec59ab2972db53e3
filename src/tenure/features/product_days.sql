-- purpose: the days on which each customer bought what they buy again, or what is said to wear out
-- grain: one row per customer, product and purchase day
-- inputs: spending, catalogue
-- columns: customer_key, product_id, category, lifetime_days, day, at
-- traps: only products bought on two days or more, or with a lifetime: the many bought once would be nine rows in ten;
--   `at` is the latest purchase of the day
WITH days AS (
  SELECT s.customer_key AS customer_key, s.product_no AS product_no, s.day AS day, MAX(s.at) AS at
  FROM spending AS s
  GROUP BY s.customer_key, s.product_no, s.day
), counted AS (
  SELECT d.customer_key AS customer_key, d.product_no AS product_no, d.day AS day, d.at AS at,
    COUNT(*) OVER (PARTITION BY d.customer_key, d.product_no) AS days
  FROM days AS d
)
SELECT
  n.customer_key AS customer_key,
  c.product_id AS product_id,
  c.category AS category,
  c.lifetime_days AS lifetime_days,
  n.day AS day,
  n.at AS at
FROM counted AS n
JOIN catalogue AS c ON c.product_no = n.product_no
WHERE n.days >= 2 OR c.lifetime_days > 0
