-- purpose: every product that is listed or was sold, with numbers that sort like the names they stand for
-- grain: one row per product
-- inputs: products, order_lines
-- columns: product_id, product_no, category, category_no, brand, brand_no, unit_cost, lifetime_days, better_no
-- scope: base
-- traps: numbers are of this moment only and never stored elsewhere; they stand in for texts because lines are grouped
--   by them many times over; a better version counts once it is released;
--   what was sold is found by its id alone, an eighth of the cost of telling rows of seven columns apart
WITH sold AS (
  SELECT product_id FROM order_lines GROUP BY product_id
), listed AS (
  SELECT product_id, category, brand, unit_cost, lifetime_days, better_version, 1 AS is_listed FROM products
  UNION ALL
  SELECT
    product_id, CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
    CAST(NULL AS STRING), 0
  FROM sold
), merged AS (
  SELECT
    product_id, MAX(category) AS category, MAX(brand) AS brand, MAX(unit_cost) AS unit_cost,
    MAX(lifetime_days) AS lifetime_days, MAX(better_version) AS better_version, MAX(is_listed) AS is_listed
  FROM listed
  GROUP BY product_id
), numbered AS (
  SELECT
    product_id, category, brand, unit_cost, lifetime_days, better_version, is_listed,
    ROW_NUMBER() OVER (ORDER BY product_id) AS product_no
  FROM merged
), categories AS (
  SELECT category, ROW_NUMBER() OVER (ORDER BY category) AS category_no
  FROM (SELECT DISTINCT category FROM merged WHERE category IS NOT NULL) AS c
), brands AS (
  SELECT brand, ROW_NUMBER() OVER (ORDER BY brand) AS brand_no
  FROM (SELECT DISTINCT brand FROM merged WHERE brand IS NOT NULL) AS b
)
SELECT
  n.product_id AS product_id,
  CAST(n.product_no AS BIGINT) AS product_no,
  n.category AS category,
  CAST(c.category_no AS BIGINT) AS category_no,
  n.brand AS brand,
  CAST(b.brand_no AS BIGINT) AS brand_no,
  n.unit_cost AS unit_cost,
  n.lifetime_days AS lifetime_days,
  CAST(CASE WHEN u.product_no <> n.product_no THEN u.product_no END AS BIGINT) AS better_no
FROM numbered AS n
LEFT JOIN categories AS c ON c.category = n.category
LEFT JOIN brands AS b ON b.brand = n.brand
LEFT JOIN (SELECT product_id, product_no FROM numbered WHERE is_listed = 1) AS u ON u.product_id = n.better_version
