-- purpose: accept contracts with a beginning, a price and perhaps an end
-- grain: one row of the import that names a contract
-- inputs: staged_subscriptions, known_customers
-- columns: row_no, customer_key, subscription_id, customer_id, plan, price, period, at, day, month_no,
--   trial_ends_at, ends_at, auto_renew, auto_renew_consent_at, cancelled_at, cancel_reason, reject_column,
--   reject_reason
-- traps: a trial is a contract with trial_ends_at; ends_at before started_at is refused, for
--   every later figure would be negative

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.subscription_id AS subscription_id, s.customer_id AS customer_id,
        s.plan AS plan, s.price AS price, s.period AS period, s.started_at AS at, s.day AS day,
        s.month_no AS month_no, s.trial_ends_at AS trial_ends_at, s.ends_at AS ends_at, s.auto_renew AS auto_renew,
        s.auto_renew_consent_at AS auto_renew_consent_at, s.cancelled_at AS cancelled_at,
        s.cancel_reason AS cancel_reason,
        COALESCE(
            s.subscription_id_problem,
            CASE WHEN s.subscription_id IS NULL THEN 'is missing' END
        ) AS subscription_id_verdict,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL THEN 'is missing' END
        ) AS customer_id_verdict,
        COALESCE(s.plan_problem, CASE WHEN s.plan IS NULL THEN 'is missing' END) AS plan_verdict,
        COALESCE(
            s.price_problem,
            CASE WHEN s.price IS NULL THEN 'is missing'
                 WHEN s.price < 0 THEN 'is negative' END
        ) AS price_verdict,
        COALESCE(
            s.period_problem,
            CASE WHEN s.period IS NULL THEN 'is missing'
                 WHEN s.period <> 'month' AND s.period <> 'year' AND s.period NOT LIKE 'P%'
                 THEN 'must be month, year or an ISO 8601 duration such as P3M' END
        ) AS period_verdict,
        COALESCE(
            s.started_at_problem,
            CASE WHEN s.started_at IS NULL THEN 'is missing' END
        ) AS started_at_verdict,
        s.trial_ends_at_problem AS trial_ends_at_verdict,
        COALESCE(
            s.ends_at_problem,
            CASE WHEN s.ends_at < s.started_at THEN 'is before started_at' END
        ) AS ends_at_verdict,
        s.auto_renew_problem AS auto_renew_verdict,
        s.auto_renew_consent_at_problem AS auto_renew_consent_at_verdict,
        s.cancelled_at_problem AS cancelled_at_verdict,
        s.cancel_reason_problem AS cancel_reason_verdict
    FROM staged_subscriptions s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.subscription_id AS subscription_id,
    j.customer_id AS customer_id, j.plan AS plan, j.price AS price, j.period AS period, j.at AS at, j.day AS day,
    j.month_no AS month_no, j.trial_ends_at AS trial_ends_at, j.ends_at AS ends_at, j.auto_renew AS auto_renew,
    j.auto_renew_consent_at AS auto_renew_consent_at, j.cancelled_at AS cancelled_at,
    j.cancel_reason AS cancel_reason,
    CASE
        WHEN j.subscription_id_verdict IS NOT NULL THEN 'subscription_id'
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.plan_verdict IS NOT NULL THEN 'plan'
        WHEN j.price_verdict IS NOT NULL THEN 'price'
        WHEN j.period_verdict IS NOT NULL THEN 'period'
        WHEN j.started_at_verdict IS NOT NULL THEN 'started_at'
        WHEN j.trial_ends_at_verdict IS NOT NULL THEN 'trial_ends_at'
        WHEN j.ends_at_verdict IS NOT NULL THEN 'ends_at'
        WHEN j.auto_renew_verdict IS NOT NULL THEN 'auto_renew'
        WHEN j.auto_renew_consent_at_verdict IS NOT NULL THEN 'auto_renew_consent_at'
        WHEN j.cancelled_at_verdict IS NOT NULL THEN 'cancelled_at'
        WHEN j.cancel_reason_verdict IS NOT NULL THEN 'cancel_reason'
    END AS reject_column,
    COALESCE(
        j.subscription_id_verdict, j.customer_id_verdict, j.plan_verdict, j.price_verdict, j.period_verdict,
        j.started_at_verdict, j.trial_ends_at_verdict, j.ends_at_verdict, j.auto_renew_verdict,
        j.auto_renew_consent_at_verdict, j.cancelled_at_verdict, j.cancel_reason_verdict
    ) AS reject_reason
FROM judged j
