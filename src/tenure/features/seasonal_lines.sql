-- purpose: how much of what each customer buys belongs to each seasonal category
-- grain: one row per customer and seasonal category bought
-- inputs: spending, catalogue, season_days
-- columns: customer_key, category, seasonal_lines, all_lines
-- traps: lines without a category count among all lines: they are bought the whole year round as far as anyone knows
WITH seasonal AS (
  SELECT category FROM season_days GROUP BY category
), numbered AS (
  SELECT c.category_no AS category_no, MIN(c.category) AS category
  FROM catalogue AS c
  JOIN seasonal AS s ON s.category = c.category
  GROUP BY c.category_no
), counted AS (
  SELECT customer_key, category_no, COUNT(*) AS line_count FROM spending GROUP BY customer_key, category_no
), totals AS (
  SELECT customer_key, CAST(SUM(line_count) AS BIGINT) AS all_lines FROM counted GROUP BY customer_key
)
SELECT
  c.customer_key AS customer_key,
  n.category AS category,
  c.line_count AS seasonal_lines,
  t.all_lines AS all_lines
FROM counted AS c
JOIN numbered AS n ON n.category_no = c.category_no
JOIN totals AS t ON t.customer_key = c.customer_key
