-- purpose: what each customer bought of which there is a better version, and whether they moved up to it
-- grain: one row per customer and product bought with a better version
-- inputs: spending, catalogue, products
-- columns: customer_key, product_id, better_product, price, better_price, last_at, owned, took
-- traps: owned says that the better version was ever bought, took that it was bought after the lesser one; a version not
--   yet released does not exist; prices are those of today's list
WITH bought AS (
  SELECT s.customer_key AS customer_key, s.product_no AS product_no, s.better_no AS better_no, MIN(s.at) AS first_at,
    MAX(s.at) AS last_at
  FROM spending AS s
  WHERE s.better_no IS NOT NULL
  GROUP BY s.customer_key, s.product_no, s.better_no
), wanted AS (
  SELECT customer_key, better_no FROM bought GROUP BY customer_key, better_no
), better AS (
  SELECT w.customer_key AS customer_key, w.better_no AS better_no, MAX(s.at) AS better_at
  FROM wanted AS w
  JOIN spending AS s ON s.customer_key = w.customer_key AND s.product_no = w.better_no
  GROUP BY w.customer_key, w.better_no
)
SELECT
  b.customer_key AS customer_key,
  c.product_id AS product_id,
  u.product_id AS better_product,
  p.price AS price,
  q.price AS better_price,
  b.last_at AS last_at,
  CAST(CASE WHEN o.better_at IS NOT NULL THEN 1 ELSE 0 END AS BIGINT) AS owned,
  CAST(CASE WHEN o.better_at > b.first_at THEN 1 ELSE 0 END AS BIGINT) AS took
FROM bought AS b
JOIN catalogue AS c ON c.product_no = b.product_no
JOIN catalogue AS u ON u.product_no = b.better_no
LEFT JOIN products AS p ON p.product_id = c.product_id
LEFT JOIN products AS q ON q.product_id = u.product_id
LEFT JOIN better AS o ON o.customer_key = b.customer_key AND o.better_no = b.better_no
