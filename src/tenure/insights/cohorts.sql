-- purpose: customers by the month of their first order, and how many of them ordered in each month since
-- grain: one row per cohort month and later month in which any of the cohort ordered
-- inputs: orders
-- columns: cohort_month, month_no, customers
-- traps: a cancelled order neither begins a cohort nor counts in a month; the month of the first order is always whole
WITH months AS (
  SELECT customer_key, month_no
  FROM orders
  WHERE COALESCE(status, 'paid') <> 'cancelled'
  GROUP BY customer_key, month_no
),
first_months AS (
  SELECT customer_key, MIN(month_no) AS cohort_month
  FROM months
  GROUP BY customer_key
)
SELECT f.cohort_month AS cohort_month, m.month_no AS month_no, COUNT(*) AS customers
FROM months m
JOIN first_months f ON f.customer_key = m.customer_key
GROUP BY f.cohort_month, m.month_no
