-- purpose: accept money given back for an order
-- grain: one row of the import that names a refund
-- inputs: staged_refunds, known_orders
-- columns: row_no, customer_key, refund_id, order_id, at, day, month_no, amount, reject_column, reject_reason
-- traps: a refund of an unknown order has no customer and is not accepted

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        p.customer_key AS customer_key, s.refund_id AS refund_id, s.order_id AS order_id, s.refunded_at AS at,
        s.day AS day, s.month_no AS month_no, s.amount AS amount,
        COALESCE(s.refund_id_problem, CASE WHEN s.refund_id IS NULL THEN 'is missing' END) AS refund_id_verdict,
        COALESCE(
            s.order_id_problem,
            CASE WHEN s.order_id IS NULL THEN 'is missing'
                 WHEN p.order_id IS NULL
                 THEN 'order ' || s.order_id || ' is not known; import orders first' END
        ) AS order_id_verdict,
        COALESCE(
            s.refunded_at_problem,
            CASE WHEN s.refunded_at IS NULL THEN 'is missing' END
        ) AS refunded_at_verdict,
        COALESCE(
            s.amount_problem,
            CASE WHEN s.amount IS NULL THEN 'is missing'
                 WHEN s.amount < 0 THEN 'is negative' END
        ) AS amount_verdict
    FROM staged_refunds s
    LEFT JOIN known_orders p ON p.order_id = s.order_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.refund_id AS refund_id, j.order_id AS order_id,
    j.at AS at, j.day AS day, j.month_no AS month_no, j.amount AS amount,
    CASE
        WHEN j.refund_id_verdict IS NOT NULL THEN 'refund_id'
        WHEN j.order_id_verdict IS NOT NULL THEN 'order_id'
        WHEN j.refunded_at_verdict IS NOT NULL THEN 'refunded_at'
        WHEN j.amount_verdict IS NOT NULL THEN 'amount'
    END AS reject_column,
    COALESCE(
        j.refund_id_verdict, j.order_id_verdict, j.refunded_at_verdict, j.amount_verdict
    ) AS reject_reason
FROM judged j
