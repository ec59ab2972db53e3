-- purpose: the quantiles of each customer's own gaps, and where the present unbroken run of orders began
-- grain: one row per customer with orders on two days or more
-- inputs: gaps, base_rhythm
-- columns: customer_key, repeat_days, span_days, gap_p10, gap_p50, gap_p90, run_day
-- traps: quantiles are nearest ranks; a run breaks where a gap reached the `at_risk` multiple of the expected gap
WITH ranked AS (
  SELECT
    customer_key, day, gap,
    ROW_NUMBER() OVER (PARTITION BY customer_key ORDER BY gap, day) AS place,
    COUNT(*) OVER (PARTITION BY customer_key) AS n,
    CAST(SUM(gap) OVER (PARTITION BY customer_key) AS BIGINT) AS span
  FROM gaps
)
SELECT
  r.customer_key AS customer_key,
  COUNT(*) AS repeat_days,
  CAST(SUM(r.gap) AS BIGINT) AS span_days,
  MIN(CASE WHEN 10 * r.place >= r.n THEN r.gap END) AS gap_p10,
  MIN(CASE WHEN 2 * r.place >= r.n THEN r.gap END) AS gap_p50,
  MIN(CASE WHEN 10 * r.place >= 9 * r.n THEN r.gap END) AS gap_p90,
  MAX(CASE
    WHEN 1000 * r.gap * (r.n + 2) * :at_risk_den >= :at_risk_num * (1000 * r.span + 2 * b.gap_milli) THEN r.day
  END) AS run_day
FROM ranked AS r
CROSS JOIN base_rhythm AS b
GROUP BY r.customer_key
