-- purpose: recurring revenue under contract at two moments, so that gross and net revenue retention can be told
-- grain: one row
-- inputs: subscriptions
-- columns: contracts_start, contracts_end, other_periods, start_amount, kept_amount, still_amount, end_amount
-- traps: prices are made yearly, then times 6 so that every known period stays a whole number; a contract of another
--   period is left out and counted; kept_amount is capped customer by customer, or one customer's growth would hide
--   another's loss; still_amount is what the customers of the start pay at the end, growth included
WITH terms AS (
  SELECT s.customer_key AS customer_key, s.ends_at AS ends_at, s.cancelled_at AS cancelled_end,
    CASE WHEN s.trial_ends_at > s.at THEN s.trial_ends_at ELSE s.at + 1 END AS paid_from,
    CASE WHEN s.cancelled_at < :from_at THEN s.cancelled_at ELSE NULL END AS cancelled_start,
    COALESCE(s.auto_renew, 0) AS renews_end,
    CASE WHEN s.auto_renew_consent_at >= :from_at THEN 0 ELSE COALESCE(s.auto_renew, 0) END AS renews_start,
    s.price * CASE s.period
      WHEN 'month' THEN 72 WHEN 'P1M' THEN 72 WHEN 'year' THEN 6 WHEN 'P1Y' THEN 6 WHEN 'P12M' THEN 6 WHEN 'P365D' THEN 6
      WHEN 'P2M' THEN 36 WHEN 'P3M' THEN 24 WHEN 'P90D' THEN 24 WHEN 'P4M' THEN 18 WHEN 'P6M' THEN 12 WHEN 'P2Y' THEN 3
      WHEN 'P24M' THEN 3 WHEN 'P3Y' THEN 2 WHEN 'P36M' THEN 2 WHEN 'P1W' THEN 312 WHEN 'P7D' THEN 312 WHEN 'P2W' THEN 156
      WHEN 'P14D' THEN 156 WHEN 'P4W' THEN 78 WHEN 'P28D' THEN 78 WHEN 'P30D' THEN 73 WHEN 'P1D' THEN 2190 ELSE NULL
    END AS yearly
  FROM subscriptions s
  WHERE s.at < :to_at
),
spans AS (
  SELECT customer_key, paid_from, yearly,
    CASE WHEN cancelled_start IS NOT NULL AND ends_at > cancelled_start THEN ends_at
      WHEN cancelled_start IS NOT NULL THEN cancelled_start
      WHEN renews_start = 1 THEN NULL ELSE ends_at END AS ended_start,
    CASE WHEN cancelled_end IS NOT NULL AND ends_at > cancelled_end THEN ends_at
      WHEN cancelled_end IS NOT NULL THEN cancelled_end
      WHEN renews_end = 1 THEN NULL ELSE ends_at END AS ended_end
  FROM terms
),
paying AS (
  SELECT customer_key, yearly,
    CASE WHEN paid_from <= :from_at AND (ended_start IS NULL OR ended_start > :from_at) THEN 1 ELSE 0 END AS at_start,
    CASE WHEN ended_end IS NULL OR ended_end > :to_at THEN 1 ELSE 0 END AS at_end
  FROM spans
  WHERE paid_from <= :to_at AND (ended_end IS NULL OR ended_end > paid_from)
),
people AS (
  SELECT customer_key,
    SUM(CASE WHEN yearly IS NOT NULL THEN at_start ELSE 0 END) AS contracts_start,
    SUM(CASE WHEN yearly IS NOT NULL THEN at_end ELSE 0 END) AS contracts_end,
    SUM(CASE WHEN yearly IS NULL AND (at_start = 1 OR at_end = 1) THEN 1 ELSE 0 END) AS other_periods,
    SUM(at_start * COALESCE(yearly, 0)) AS start_amount,
    SUM(at_end * COALESCE(yearly, 0)) AS end_amount
  FROM paying
  GROUP BY customer_key
)
SELECT
  CAST(COALESCE(SUM(contracts_start), 0) AS BIGINT) AS contracts_start,
  CAST(COALESCE(SUM(contracts_end), 0) AS BIGINT) AS contracts_end,
  CAST(COALESCE(SUM(other_periods), 0) AS BIGINT) AS other_periods,
  CAST(COALESCE(SUM(start_amount), 0) AS BIGINT) AS start_amount,
  CAST(COALESCE(SUM(CASE WHEN end_amount < start_amount THEN end_amount ELSE start_amount END), 0) AS BIGINT)
    AS kept_amount,
  CAST(COALESCE(SUM(CASE WHEN start_amount > 0 THEN end_amount ELSE 0 END), 0) AS BIGINT) AS still_amount,
  CAST(COALESCE(SUM(end_amount), 0) AS BIGINT) AS end_amount
FROM people
