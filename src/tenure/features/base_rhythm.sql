-- purpose: the typical days between order days over the whole base
-- grain: one row
-- inputs: spans
-- columns: gap_milli
-- scope: base
-- traps: in thousandths of a day, rounded down; where nobody ever came back it is the retention window
WITH total AS (
  SELECT CAST(SUM(span_days) AS BIGINT) AS span_days, CAST(SUM(repeat_days) AS BIGINT) AS repeat_days
  FROM spans
)
SELECT
  CASE
    WHEN repeat_days > 0
      THEN CAST(FLOOR(CAST(1000 * span_days AS DOUBLE) / CAST(NULLIF(repeat_days, 0) AS DOUBLE)) AS BIGINT)
    ELSE 1000 * :retention_window_days
  END AS gap_milli
FROM total
