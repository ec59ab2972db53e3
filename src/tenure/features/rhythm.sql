-- purpose: how often and how lately each customer buys, and when the next order is to be expected
-- grain: one row per customer with an order that was not cancelled
-- inputs: purchases, tempo, base_rhythm, clock
-- columns: customer_key, first_order_at, last_order_at, first_day, last_day, recency_days, tenure_days, frequency,
--   gap_median_days, gap_milli, span_milli, since_milli, at_risk_days, lapsed_days, lost_days, next_order_at,
--   next_order_low, next_order_high, run_day
-- traps: gap_milli is the expected gap in thousandths of a day: the mean of the own gaps and two gaps of the whole
--   base, so that one early gap does not decide; it, the span from first to latest order and the time since run on the
--   customer's seasonal clock, all other days on the calendar; at_risk_days and its like are the days after the latest
--   order in which the multiple of the gap is reached if the clock keeps its pace since then, rounded up; a window is
--   given from four gaps on
WITH expected AS (
  SELECT
    p.customer_key AS customer_key, p.first_at AS first_at, p.last_at AS last_at, p.first_day AS first_day,
    p.last_day AS last_day,
    COALESCE(t.repeat_days, 0) AS frequency,
    t.gap_p10 AS gap_p10, t.gap_p50 AS gap_p50, t.gap_p90 AS gap_p90,
    COALESCE(t.run_day, p.first_day) AS run_day,
    1000 * (p.last_day - p.first_day) + COALESCE(c.span_more, 0) AS span_milli,
    1000 * (:as_of_day - p.last_day) + COALESCE(c.since_more, 0) AS since_milli,
    CAST(FLOOR(
      CAST(1000 * COALESCE(t.span_days, 0) + COALESCE(c.span_more, 0) + 2 * b.gap_milli AS DOUBLE)
      / CAST(NULLIF(COALESCE(t.repeat_days, 0) + 2, 0) AS DOUBLE)
    ) AS BIGINT) AS gap_milli
  FROM purchases AS p
  CROSS JOIN base_rhythm AS b
  LEFT JOIN tempo AS t ON t.customer_key = p.customer_key
  LEFT JOIN clock AS c ON c.customer_key = p.customer_key
), paced AS (
  SELECT
    customer_key, first_at, last_at, first_day, last_day, frequency, gap_p10, gap_p50, gap_p90, run_day, span_milli,
    since_milli, gap_milli,
    CASE WHEN since_milli > 0 AND last_day < :as_of_day THEN :as_of_day - last_day ELSE 1 END AS pace_days,
    CASE WHEN since_milli > 0 AND last_day < :as_of_day THEN since_milli ELSE 1000 END AS pace_milli
  FROM expected
)
SELECT
  customer_key,
  first_at AS first_order_at,
  last_at AS last_order_at,
  first_day,
  last_day,
  :as_of_day - last_day AS recency_days,
  :as_of_day - first_day AS tenure_days,
  frequency,
  gap_p50 AS gap_median_days,
  gap_milli,
  span_milli,
  since_milli,
  CAST(FLOOR(CAST(:at_risk_num * gap_milli * pace_days + :at_risk_den * pace_milli - 1 AS DOUBLE)
    / CAST(NULLIF(:at_risk_den * pace_milli, 0) AS DOUBLE)) AS BIGINT) AS at_risk_days,
  CAST(FLOOR(CAST(:lapsed_num * gap_milli * pace_days + :lapsed_den * pace_milli - 1 AS DOUBLE)
    / CAST(NULLIF(:lapsed_den * pace_milli, 0) AS DOUBLE)) AS BIGINT) AS lapsed_days,
  CAST(FLOOR(CAST(:lost_num * gap_milli * pace_days + :lost_den * pace_milli - 1 AS DOUBLE)
    / CAST(NULLIF(:lost_den * pace_milli, 0) AS DOUBLE)) AS BIGINT) AS lost_days,
  last_at + gap_milli * 86400000 AS next_order_at,
  CASE WHEN frequency >= 4 THEN last_at + gap_p10 * 86400000000 END AS next_order_low,
  CASE WHEN frequency >= 4 THEN last_at + gap_p90 * 86400000000 END AS next_order_high,
  run_day
FROM paced
