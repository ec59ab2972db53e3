-- purpose: who was a customer at two moments, so that what was kept can be told from what was won
-- grain: one row
-- inputs: orders, subscriptions
-- columns: customers_start, customers_end, kept, first_time, returned
-- traps: a customer at a moment ordered within the window of days before it, or holds a live contract at it; a trial
--   makes no customer yet; a cancelled contract runs to the end of what was paid for; one that renews by itself ends
--   only when cancelled; what was written into a contract after the start is not known at the start; a contract that
--   began at the very moment has not begun before it, hence at + 1
WITH ordered AS (
  SELECT o.customer_key AS customer_key,
    MAX(CASE WHEN o.at < :from_at AND o.day >= :from_day - :window_days THEN 1 ELSE 0 END) AS at_start,
    MAX(CASE WHEN o.day >= :to_day - :window_days THEN 1 ELSE 0 END) AS at_end,
    MAX(CASE WHEN o.at < :from_at THEN 1 ELSE 0 END) AS before_start
  FROM orders o
  WHERE o.at < :to_at AND COALESCE(o.status, 'paid') <> 'cancelled'
  GROUP BY o.customer_key
),
terms AS (
  SELECT s.customer_key AS customer_key, s.ends_at AS ends_at, s.cancelled_at AS cancelled_end,
    CASE WHEN s.trial_ends_at > s.at THEN s.trial_ends_at ELSE s.at + 1 END AS paid_from,
    CASE WHEN s.cancelled_at < :from_at THEN s.cancelled_at ELSE NULL END AS cancelled_start,
    COALESCE(s.auto_renew, 0) AS renews_end,
    CASE WHEN s.auto_renew_consent_at >= :from_at THEN 0 ELSE COALESCE(s.auto_renew, 0) END AS renews_start
  FROM subscriptions s
  WHERE s.at < :to_at
),
spans AS (
  SELECT customer_key, paid_from,
    CASE WHEN cancelled_start IS NOT NULL AND ends_at > cancelled_start THEN ends_at
      WHEN cancelled_start IS NOT NULL THEN cancelled_start
      WHEN renews_start = 1 THEN NULL ELSE ends_at END AS ended_start,
    CASE WHEN cancelled_end IS NOT NULL AND ends_at > cancelled_end THEN ends_at
      WHEN cancelled_end IS NOT NULL THEN cancelled_end
      WHEN renews_end = 1 THEN NULL ELSE ends_at END AS ended_end
  FROM terms
),
held AS (
  SELECT customer_key,
    MAX(CASE WHEN paid_from <= :from_at AND (ended_start IS NULL OR ended_start > :from_at) THEN 1 ELSE 0 END)
      AS at_start,
    MAX(CASE WHEN ended_end IS NULL OR ended_end > :to_at THEN 1 ELSE 0 END) AS at_end,
    MAX(CASE WHEN paid_from <= :from_at THEN 1 ELSE 0 END) AS before_start
  FROM spans
  WHERE paid_from <= :to_at AND (ended_end IS NULL OR ended_end > paid_from)
  GROUP BY customer_key
),
either AS (
  SELECT customer_key, at_start, at_end, before_start FROM ordered
  UNION ALL
  SELECT customer_key, at_start, at_end, before_start FROM held
),
people AS (
  SELECT customer_key, MAX(at_start) AS at_start, MAX(at_end) AS at_end, MAX(before_start) AS before_start
  FROM either
  GROUP BY customer_key
)
SELECT
  CAST(COALESCE(SUM(at_start), 0) AS BIGINT) AS customers_start,
  CAST(COALESCE(SUM(at_end), 0) AS BIGINT) AS customers_end,
  CAST(COALESCE(SUM(at_start * at_end), 0) AS BIGINT) AS kept,
  CAST(COALESCE(SUM(CASE WHEN at_end = 1 AND before_start = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS first_time,
  CAST(COALESCE(SUM(CASE WHEN at_end = 1 AND at_start = 0 AND before_start = 1 THEN 1 ELSE 0 END), 0) AS BIGINT)
    AS returned
FROM people
