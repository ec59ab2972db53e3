-- purpose: what each customer spends most on
-- grain: one row per customer with an order line of known category or brand
-- inputs: spending
-- columns: customer_key, top_category, top_brand
-- traps: equal spend falls to the name that sorts first
WITH categories AS (
  SELECT customer_key, category, CAST(SUM(spend) AS BIGINT) AS spend
  FROM spending
  WHERE category IS NOT NULL
  GROUP BY customer_key, category
), brands AS (
  SELECT customer_key, brand, CAST(SUM(spend) AS BIGINT) AS spend
  FROM spending
  WHERE brand IS NOT NULL
  GROUP BY customer_key, brand
), placed AS (
  SELECT customer_key, category, CAST(NULL AS STRING) AS brand,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY spend DESC, category) AS place
  FROM categories
  UNION ALL
  SELECT customer_key, CAST(NULL AS STRING), brand,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY spend DESC, brand) AS place
  FROM brands
)
SELECT customer_key, MAX(category) AS top_category, MAX(brand) AS top_brand
FROM placed
WHERE place = 1
GROUP BY customer_key
