-- purpose: the better version of a product that the customer bought
-- grain: one row per customer who bought a product with a better version and not that version
-- inputs: spending, products
-- columns: customer_key, better_product
-- traps: of several the one whose lesser version was bought last; a version not yet released does not exist
WITH steps AS (
  SELECT p.product_id AS product_id, b.product_id AS better_product
  FROM products AS p
  JOIN products AS b ON b.product_id = p.better_version
  WHERE p.better_version <> p.product_id
), bought AS (
  SELECT s.customer_key AS customer_key, t.better_product AS better_product, MAX(s.at) AS at
  FROM spending AS s
  JOIN steps AS t ON t.product_id = s.product_id
  GROUP BY s.customer_key, t.better_product
), owned AS (
  SELECT b.customer_key AS customer_key, b.better_product AS better_product, COUNT(*) AS lines
  FROM bought AS b
  JOIN spending AS s ON s.customer_key = b.customer_key AND s.product_id = b.better_product
  GROUP BY b.customer_key, b.better_product
), placed AS (
  SELECT b.customer_key AS customer_key, b.better_product AS better_product,
    ROW_NUMBER() OVER (PARTITION BY b.customer_key ORDER BY b.at DESC, b.better_product) AS place
  FROM bought AS b
  LEFT JOIN owned AS o ON o.customer_key = b.customer_key AND o.better_product = b.better_product
  WHERE o.customer_key IS NULL
)
SELECT customer_key, better_product
FROM placed
WHERE place = 1
