-- purpose: the products that each customer buys most, and most lately
-- grain: one row per customer and product, at most 50 products of a customer
-- inputs: spending, catalogue
-- columns: customer_key, product_id, times, weight, first_day, last_day
-- traps: times counts purchase days; in weight a purchase day counts 8 within 28 days, 4 within 91, 2 within 182 and 1
--   before, as in `WEIGHTS` of models/holdings.py; of a grocer's 350 products a household the first 50 hold all that can
--   be foreseen
WITH days AS (
  SELECT customer_key, product_no, day
  FROM spending
  GROUP BY customer_key, product_no, day
), weighed AS (
  SELECT
    customer_key,
    product_no,
    COUNT(*) AS times,
    CAST(SUM(CASE
      WHEN day >= :as_of_day - 28 THEN 8
      WHEN day >= :as_of_day - 91 THEN 4
      WHEN day >= :as_of_day - 182 THEN 2
      ELSE 1
    END) AS BIGINT) AS weight,
    MIN(day) AS first_day,
    MAX(day) AS last_day
  FROM days
  GROUP BY customer_key, product_no
), placed AS (
  SELECT
    customer_key, product_no, times, weight, first_day, last_day,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY weight DESC, last_day DESC, product_no) AS place
  FROM weighed
)
SELECT
  p.customer_key AS customer_key,
  c.product_id AS product_id,
  p.times AS times,
  p.weight AS weight,
  p.first_day AS first_day,
  p.last_day AS last_day
FROM placed AS p
JOIN catalogue AS c ON c.product_no = p.product_no
WHERE p.place <= 50
