-- purpose: every contract with what it costs by the year and from when to when it binds, for transitions between plans
-- grain: one row per contract that has begun
-- inputs: subscriptions
-- columns: customer_key, plan, yearly, begun_at, trial_until, ended_at, written_at
-- traps: yearly is the price by the year times 6, so that every known period stays a whole number, and NULL for a period
--   that is not known; a cancelled contract runs to the end of what was paid for; one that renews by itself ends only when
--   it is cancelled; written_at is the latest thing that is known of it
SELECT
  s.customer_key AS customer_key,
  s.plan AS plan,
  s.price * CASE s.period
    WHEN 'month' THEN 72 WHEN 'P1M' THEN 72 WHEN 'year' THEN 6 WHEN 'P1Y' THEN 6 WHEN 'P12M' THEN 6 WHEN 'P365D' THEN 6
    WHEN 'P2M' THEN 36 WHEN 'P3M' THEN 24 WHEN 'P90D' THEN 24 WHEN 'P4M' THEN 18 WHEN 'P6M' THEN 12 WHEN 'P2Y' THEN 3
    WHEN 'P24M' THEN 3 WHEN 'P3Y' THEN 2 WHEN 'P36M' THEN 2 WHEN 'P1W' THEN 312 WHEN 'P7D' THEN 312 WHEN 'P2W' THEN 156
    WHEN 'P14D' THEN 156 WHEN 'P4W' THEN 78 WHEN 'P28D' THEN 78 WHEN 'P30D' THEN 73 WHEN 'P1D' THEN 2190 ELSE NULL
  END AS yearly,
  s.at AS begun_at,
  CASE WHEN s.trial_ends_at > s.at THEN s.trial_ends_at ELSE NULL END AS trial_until,
  CASE
    WHEN s.cancelled_at IS NOT NULL AND s.ends_at > s.cancelled_at THEN s.ends_at
    WHEN s.cancelled_at IS NOT NULL THEN s.cancelled_at
    WHEN COALESCE(s.auto_renew, 0) = 1 THEN NULL
    ELSE s.ends_at
  END AS ended_at,
  CASE WHEN s.cancelled_at > s.at THEN s.cancelled_at ELSE s.at END AS written_at
FROM subscriptions AS s
