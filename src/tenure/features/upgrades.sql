-- purpose: the better version of a product that the customer bought
-- grain: one row per customer who bought a product with a better version and not that version
-- inputs: spending, catalogue
-- columns: customer_key, better_product
-- traps: of several the one whose lesser version was bought last; a version not yet released does not exist
WITH bought AS (
  SELECT s.customer_key AS customer_key, s.better_no AS better_no, MAX(s.at) AS at
  FROM spending AS s
  WHERE s.better_no IS NOT NULL
  GROUP BY s.customer_key, s.better_no
), owned AS (
  SELECT b.customer_key AS customer_key, b.better_no AS better_no
  FROM bought AS b
  JOIN spending AS s ON s.customer_key = b.customer_key AND s.product_no = b.better_no
  GROUP BY b.customer_key, b.better_no
), placed AS (
  SELECT b.customer_key AS customer_key, b.better_no AS better_no,
    ROW_NUMBER() OVER (PARTITION BY b.customer_key ORDER BY b.at DESC, b.better_no) AS place
  FROM bought AS b
  LEFT JOIN owned AS o ON o.customer_key = b.customer_key AND o.better_no = b.better_no
  WHERE o.customer_key IS NULL
)
SELECT p.customer_key AS customer_key, c.product_id AS better_product
FROM placed AS p
JOIN catalogue AS c ON c.product_no = p.better_no
WHERE p.place = 1
