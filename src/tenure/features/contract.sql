-- purpose: the contract that binds each customer now, or the last that did
-- grain: one row per customer with a contract that has begun
-- inputs: subscriptions, events
-- columns: customer_key, contract_state, plan, plan_price, trial_ends_at, contract_ends_at, auto_renew, started_at,
--   left_at, ended_at, paid_from, last_used_at
-- traps: a contract that renews by itself ends only when it is cancelled, then at the end of what was paid for; its
--   state is trial, running, leaving (cancelled, still running), ended, or tried (ended within its trial)
WITH ends AS (
  SELECT
    customer_key, subscription_id, plan, price, s.at, trial_ends_at, ends_at, cancelled_at,
    COALESCE(auto_renew, 0) AS auto_renew,
    CASE
      WHEN cancelled_at IS NOT NULL AND ends_at > cancelled_at THEN ends_at
      WHEN cancelled_at IS NOT NULL THEN cancelled_at
      WHEN COALESCE(auto_renew, 0) = 1 THEN NULL
      ELSE ends_at
    END AS ended_at
  FROM subscriptions AS s
), states AS (
  SELECT
    customer_key, subscription_id, plan, price, e.at, trial_ends_at, ends_at, cancelled_at, auto_renew, ended_at,
    CASE
      WHEN ended_at <= :as_of AND ended_at <= trial_ends_at THEN 'tried'
      WHEN ended_at <= :as_of THEN 'ended'
      WHEN trial_ends_at > :as_of THEN 'trial'
      WHEN cancelled_at IS NOT NULL THEN 'leaving'
      ELSE 'running'
    END AS state
  FROM ends AS e
), placed AS (
  SELECT
    customer_key, subscription_id, plan, price, s.at, trial_ends_at, ends_at, cancelled_at, auto_renew, ended_at, state,
    ROW_NUMBER() OVER (
      PARTITION BY customer_key
      ORDER BY
        CASE state WHEN 'running' THEN 1 WHEN 'trial' THEN 2 WHEN 'leaving' THEN 3 WHEN 'ended' THEN 4 ELSE 5 END,
        s.at DESC, s.subscription_id DESC
    ) AS place
  FROM states AS s
), paid AS (
  SELECT
    customer_key,
    MIN(CASE WHEN trial_ends_at > s.at THEN trial_ends_at ELSE s.at END) AS paid_from
  FROM states AS s
  WHERE state IN ('running', 'leaving', 'ended')
  GROUP BY customer_key
), used AS (
  SELECT p.customer_key AS customer_key, MAX(e.at) AS last_used_at
  FROM (SELECT customer_key, c.at FROM placed AS c WHERE place = 1 AND state IN ('running', 'trial', 'leaving')) AS p
  JOIN events AS e ON e.customer_key = p.customer_key
  WHERE e.at >= p.at
  GROUP BY p.customer_key
)
SELECT
  p.customer_key AS customer_key,
  p.state AS contract_state,
  CASE WHEN p.state IN ('running', 'trial', 'leaving') THEN p.plan END AS plan,
  CASE WHEN p.state IN ('running', 'trial', 'leaving') THEN p.price END AS plan_price,
  CASE WHEN p.state IN ('running', 'trial', 'leaving') THEN p.trial_ends_at END AS trial_ends_at,
  CASE
    WHEN p.state IN ('running', 'trial', 'leaving') AND COALESCE(p.ended_at, p.ends_at) > :as_of
      THEN COALESCE(p.ended_at, p.ends_at)
  END AS contract_ends_at,
  CASE
    WHEN p.state = 'leaving' THEN 0
    WHEN p.state IN ('running', 'trial') THEN CASE WHEN p.cancelled_at IS NULL THEN p.auto_renew ELSE 0 END
  END AS auto_renew,
  p.at AS started_at,
  p.cancelled_at AS left_at,
  p.ended_at AS ended_at,
  d.paid_from AS paid_from,
  u.last_used_at AS last_used_at
FROM placed AS p
LEFT JOIN paid AS d ON d.customer_key = p.customer_key
LEFT JOIN used AS u ON u.customer_key = p.customer_key
WHERE p.place = 1
