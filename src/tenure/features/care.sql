-- purpose: what each customer asked, complained of and said when asked
-- grain: one row per customer with a ticket or feedback
-- inputs: tickets, feedback
-- columns: customer_key, tickets_open, last_complaint_at, csat_last, nps_last
-- traps: a ticket closed at or after the moment is still open; only answers with a score count as an answer
WITH scored AS (
  SELECT customer_key, kind, score,
    ROW_NUMBER() OVER (PARTITION BY customer_key, kind ORDER BY f.at DESC, f.feedback_id DESC) AS place
  FROM feedback AS f
  WHERE score IS NOT NULL AND kind IN ('csat', 'nps')
), parts AS (
  SELECT
    customer_key,
    CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END AS is_open,
    CASE WHEN kind = 'complaint' THEN t.at END AS complaint_at,
    CAST(NULL AS DOUBLE) AS csat,
    CAST(NULL AS DOUBLE) AS nps
  FROM tickets AS t
  UNION ALL
  SELECT
    customer_key, 0, CAST(NULL AS BIGINT),
    CASE WHEN kind = 'csat' THEN score END,
    CASE WHEN kind = 'nps' THEN score END
  FROM scored
  WHERE place = 1
)
SELECT
  customer_key,
  CAST(SUM(is_open) AS BIGINT) AS tickets_open,
  MAX(complaint_at) AS last_complaint_at,
  MAX(csat) AS csat_last,
  MAX(nps) AS nps_last
FROM parts
GROUP BY customer_key
