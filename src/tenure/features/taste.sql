-- purpose: what each customer spends most on
-- grain: one row per customer with an order line of known category or brand
-- inputs: spending, catalogue
-- columns: customer_key, top_category, top_brand
-- traps: equal spend falls to the name that sorts first; the most is found by joining the maximum back, which costs a
--   quarter of numbering every category and brand of every customer
WITH category_sums AS (
  SELECT customer_key, category_no, CAST(SUM(spend) AS BIGINT) AS spend
  FROM spending
  WHERE category_no IS NOT NULL
  GROUP BY customer_key, category_no
), brand_sums AS (
  SELECT customer_key, brand_no, CAST(SUM(spend) AS BIGINT) AS spend
  FROM spending
  WHERE brand_no IS NOT NULL
  GROUP BY customer_key, brand_no
), category_most AS (
  SELECT customer_key, MAX(spend) AS spend FROM category_sums GROUP BY customer_key
), brand_most AS (
  SELECT customer_key, MAX(spend) AS spend FROM brand_sums GROUP BY customer_key
), tops AS (
  SELECT s.customer_key AS customer_key, MIN(s.category_no) AS category_no, CAST(NULL AS BIGINT) AS brand_no
  FROM category_sums AS s
  JOIN category_most AS m ON m.customer_key = s.customer_key AND m.spend = s.spend
  GROUP BY s.customer_key
  UNION ALL
  SELECT s.customer_key AS customer_key, CAST(NULL AS BIGINT) AS category_no, MIN(s.brand_no) AS brand_no
  FROM brand_sums AS s
  JOIN brand_most AS m ON m.customer_key = s.customer_key AND m.spend = s.spend
  GROUP BY s.customer_key
), chosen AS (
  SELECT customer_key, MAX(category_no) AS category_no, MAX(brand_no) AS brand_no
  FROM tops
  GROUP BY customer_key
), categories AS (
  SELECT category_no, MIN(category) AS category FROM catalogue GROUP BY category_no
), brands AS (
  SELECT brand_no, MIN(brand) AS brand FROM catalogue GROUP BY brand_no
)
SELECT t.customer_key AS customer_key, c.category AS top_category, b.brand AS top_brand
FROM chosen AS t
LEFT JOIN categories AS c ON c.category_no = t.category_no
LEFT JOIN brands AS b ON b.brand_no = t.brand_no
