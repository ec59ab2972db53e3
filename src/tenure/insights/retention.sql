-- purpose: who was a customer at two moments, so that what was kept can be told from what was won
-- grain: one row
-- inputs: orders, subscriptions
-- columns: customers_start, customers_end, kept, first_time, returned
-- traps: a customer at a moment ordered within the window of days before it, or holds a live contract at it; a contract
--        in its trial is no customer yet; a cancelled contract lives until its end, and at once ends where it has none;
--        a cancellation after the moment is not known at it
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
  SELECT s.customer_key AS customer_key,
    CASE WHEN s.trial_ends_at IS NULL OR s.trial_ends_at < s.at THEN s.at ELSE s.trial_ends_at END AS paid_from,
    CASE WHEN s.ends_at IS NULL THEN s.cancelled_at ELSE s.ends_at END AS last_at
  FROM subscriptions s
  WHERE s.at < :to_at
),
held AS (
  SELECT customer_key,
    MAX(CASE WHEN paid_from < :from_at AND (last_at IS NULL OR last_at >= :from_at) THEN 1 ELSE 0 END) AS at_start,
    MAX(CASE WHEN last_at IS NULL OR last_at >= :to_at THEN 1 ELSE 0 END) AS at_end,
    MAX(CASE WHEN paid_from < :from_at THEN 1 ELSE 0 END) AS before_start
  FROM terms
  WHERE paid_from < :to_at AND (last_at IS NULL OR last_at > paid_from)
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
