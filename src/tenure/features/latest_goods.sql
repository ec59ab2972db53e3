-- purpose: what each customer bought in the last 91 days
-- grain: one row per customer and product bought in these days
-- inputs: spending, catalogue
-- columns: customer_key, product_id, last_day
-- traps: as of the end of held-out days this is what happened in them, of every product and not of the 50 foremost
WITH bought AS (
  SELECT customer_key, product_no, MAX(day) AS last_day
  FROM spending
  WHERE day >= :as_of_day - 91
  GROUP BY customer_key, product_no
)
SELECT b.customer_key AS customer_key, c.product_id AS product_id, b.last_day AS last_day
FROM bought AS b
JOIN catalogue AS c ON c.product_no = b.product_no
