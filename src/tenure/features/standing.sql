-- purpose: where in life with the business each customer stands, and since when
-- grain: one row per customer who exists
-- inputs: history, ranks
-- columns: customer_key, stage, stage_since
-- traps: judged by the customer's own expected gap g, in whole days and integers; r is days since the latest order; both
--   as the customer's seasonal clock has it (`rhythm` says in how many days of the calendar a multiple is reached).
--   In this order: trial (in a trial, nothing bought); leaving contract: at_risk; running contract: new, loyal or active;
--   buyers: new (first order within new_days), lost (r reached lost × g), lapsed, at_risk, loyal, active; ended
--   contract: lapsed, and lost after the retention window; everyone else is a prospect.
--   stage_since is the first moment of the day on which r reached the multiple; for loyal and active the later of the
--   end of new and the start of the present run of orders without an at_risk gap; for contracts the moment itself.
--   That day's first moment is counted back from today's by days of 24 hours.
WITH judged AS (
  SELECT
    h.customer_key AS customer_key,
    h.orders AS orders,
    h.contract_state AS contract_state,
    h.since_at AS since_at,
    h.started_at AS started_at,
    h.left_at AS left_at,
    h.ended_at AS ended_at,
    h.paid_from AS paid_from,
    h.first_order_at AS first_order_at,
    h.first_day AS first_day,
    h.last_day AS last_day,
    h.run_day AS run_day,
    CASE WHEN h.tenure_days >= :new_days THEN 0 WHEN h.orders > 0 THEN 1 END AS order_is_new,
    CASE WHEN :as_of - h.paid_from >= :new_days * 86400000000 THEN 0 WHEN h.paid_from IS NOT NULL THEN 1 END
      AS contract_is_new,
    CASE WHEN h.orders >= :loyal_orders AND k.rank_permille * :loyal_rank_den >= :loyal_rank_num * 1000 THEN 1 ELSE 0
      END AS is_loyal,
    h.recency_days AS recency_days,
    h.at_risk_days AS at_risk_days,
    h.lapsed_days AS lapsed_days,
    h.lost_days AS lost_days
  FROM history AS h
  LEFT JOIN ranks AS k ON k.customer_key = h.customer_key
), staged AS (
  SELECT
    customer_key, since_at, started_at, left_at, ended_at, paid_from, first_order_at, first_day, last_day, run_day,
    contract_state, at_risk_days, lapsed_days, lost_days,
    CASE
      WHEN contract_state = 'trial' AND orders = 0 THEN 'trial'
      WHEN contract_state = 'leaving' THEN 'at_risk'
      WHEN contract_state = 'running' AND contract_is_new = 1 AND COALESCE(order_is_new, 1) = 1 THEN 'new'
      WHEN contract_state = 'running' AND is_loyal = 1 AND recency_days < at_risk_days THEN 'loyal'
      WHEN contract_state = 'running' THEN 'active'
      WHEN orders > 0 AND order_is_new = 1 AND COALESCE(contract_is_new, 1) = 1 THEN 'new'
      WHEN orders > 0 AND recency_days >= lost_days THEN 'lost'
      WHEN orders > 0 AND recency_days >= lapsed_days THEN 'lapsed'
      WHEN orders > 0 AND recency_days >= at_risk_days THEN 'at_risk'
      WHEN orders > 0 AND is_loyal = 1 THEN 'loyal'
      WHEN orders > 0 THEN 'active'
      WHEN contract_state = 'ended' AND :as_of - ended_at >= :retention_window_days * 86400000000 THEN 'lost'
      WHEN contract_state = 'ended' THEN 'lapsed'
      ELSE 'prospect'
    END AS stage,
    CASE
      WHEN contract_state IN ('trial', 'leaving', 'running') AND (contract_state <> 'trial' OR orders = 0) THEN 'contract'
      WHEN orders > 0 THEN 'orders'
      WHEN contract_state IN ('ended', 'tried') THEN 'past'
      ELSE 'none'
    END AS ground
  FROM judged
), starts AS (
  SELECT
    customer_key, stage, ground, since_at, started_at, left_at, ended_at, paid_from, first_order_at,
    paid_from + :new_days * 86400000000 AS paid_new_until,
    CASE
      WHEN stage = 'at_risk' THEN last_day + at_risk_days
      WHEN stage = 'lapsed' THEN last_day + lapsed_days
      WHEN stage = 'lost' THEN last_day + lost_days
      WHEN run_day > first_day + :new_days THEN run_day
      ELSE first_day + :new_days
    END AS start_day
  FROM staged
)
SELECT
  customer_key,
  stage,
  CASE
    WHEN stage = 'trial' THEN started_at
    WHEN stage = 'at_risk' AND ground = 'contract' THEN left_at
    WHEN stage = 'new' THEN
      CASE WHEN paid_from < COALESCE(first_order_at, paid_from + 1) THEN paid_from ELSE COALESCE(first_order_at, paid_from)
      END
    WHEN ground = 'contract' THEN CASE WHEN started_at > paid_new_until THEN started_at ELSE paid_new_until END
    WHEN ground = 'orders' THEN :day_start - (:as_of_day - start_day) * 86400000000
    WHEN stage = 'lost' THEN ended_at + :retention_window_days * 86400000000
    WHEN ground = 'past' THEN ended_at
    ELSE since_at
  END AS stage_since
FROM starts
