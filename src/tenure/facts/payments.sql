-- purpose: accept what was paid, or failed to be paid, for contracts
-- grain: one row of the import that names a payment
-- inputs: staged_payments, known_subscriptions
-- columns: row_no, customer_key, payment_id, subscription_id, at, day, month_no, amount, automatic, status, failure,
--   reject_column, reject_reason
-- traps: status is NULL when the source does not say: counted as paid

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        p.customer_key AS customer_key, s.payment_id AS payment_id, s.subscription_id AS subscription_id,
        s.paid_at AS at, s.day AS day, s.month_no AS month_no, s.amount AS amount, s.automatic AS automatic,
        s.status AS status, s.failure AS failure,
        COALESCE(
            s.payment_id_problem,
            CASE WHEN s.payment_id IS NULL THEN 'is missing' END
        ) AS payment_id_verdict,
        COALESCE(
            s.subscription_id_problem,
            CASE WHEN s.subscription_id IS NULL THEN 'is missing'
                 WHEN p.subscription_id IS NULL
                 THEN 'subscription ' || s.subscription_id || ' is not known; import subscriptions first' END
        ) AS subscription_id_verdict,
        COALESCE(s.paid_at_problem, CASE WHEN s.paid_at IS NULL THEN 'is missing' END) AS paid_at_verdict,
        COALESCE(
            s.amount_problem,
            CASE WHEN s.amount IS NULL THEN 'is missing'
                 WHEN s.amount < 0 THEN 'is negative' END
        ) AS amount_verdict,
        s.automatic_problem AS automatic_verdict,
        COALESCE(
            s.status_problem,
            CASE WHEN s.status NOT IN ('paid', 'failed')
                 THEN 'must be one of: paid, failed' END
        ) AS status_verdict,
        s.failure_problem AS failure_verdict
    FROM staged_payments s
    LEFT JOIN known_subscriptions p ON p.subscription_id = s.subscription_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.payment_id AS payment_id,
    j.subscription_id AS subscription_id, j.at AS at, j.day AS day, j.month_no AS month_no, j.amount AS amount,
    j.automatic AS automatic, j.status AS status, j.failure AS failure,
    CASE
        WHEN j.payment_id_verdict IS NOT NULL THEN 'payment_id'
        WHEN j.subscription_id_verdict IS NOT NULL THEN 'subscription_id'
        WHEN j.paid_at_verdict IS NOT NULL THEN 'paid_at'
        WHEN j.amount_verdict IS NOT NULL THEN 'amount'
        WHEN j.automatic_verdict IS NOT NULL THEN 'automatic'
        WHEN j.status_verdict IS NOT NULL THEN 'status'
        WHEN j.failure_verdict IS NOT NULL THEN 'failure'
    END AS reject_column,
    COALESCE(
        j.payment_id_verdict, j.subscription_id_verdict, j.paid_at_verdict, j.amount_verdict, j.automatic_verdict,
        j.status_verdict, j.failure_verdict
    ) AS reject_reason
FROM judged j
