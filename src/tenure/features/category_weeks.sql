-- purpose: on how many days of each week each customer bought something of each category
-- grain: one row per customer, category and week
-- inputs: spending, catalogue
-- columns: customer_key, category, week_no, days
-- traps: weeks of seven days counted from 1 January 1970, a Thursday; several lines of a category on one day are one
WITH days AS (
  SELECT
    s.customer_key AS customer_key, s.category_no AS category_no, s.day AS day,
    CAST(FLOOR(CAST(s.day AS DOUBLE) / CAST(7 AS DOUBLE)) AS BIGINT) AS week_no
  FROM spending AS s
  WHERE s.category_no IS NOT NULL
  GROUP BY s.customer_key, s.category_no, s.day
), names AS (
  SELECT category_no, MIN(category) AS category FROM catalogue WHERE category_no IS NOT NULL GROUP BY category_no
), weeks AS (
  SELECT d.customer_key AS customer_key, d.category_no AS category_no, d.week_no AS week_no, COUNT(*) AS days
  FROM days AS d
  GROUP BY d.customer_key, d.category_no, d.week_no
)
SELECT w.customer_key AS customer_key, n.category AS category, w.week_no AS week_no, w.days AS days
FROM weeks AS w
JOIN names AS n ON n.category_no = w.category_no
