-- purpose: accept what serving a customer or a segment cost
-- grain: one row of the import that names a cost
-- inputs: staged_costs, known_customers
-- columns: row_no, customer_key, cost_id, customer_id, segment, at, day, month_no, kind, amount, reject_column,
--   reject_reason
-- traps: amounts may be negative (a credit); a cost has a customer or a segment, and
--   customer_key NULL means the segment's

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.cost_id AS cost_id, s.customer_id AS customer_id, s.segment AS segment,
        s.at AS at, s.day AS day, s.month_no AS month_no, s.kind AS kind, s.amount AS amount,
        COALESCE(s.cost_id_problem, CASE WHEN s.cost_id IS NULL THEN 'is missing' END) AS cost_id_verdict,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL AND s.segment IS NULL THEN 'is missing, and so is segment' END
        ) AS customer_id_verdict,
        s.segment_problem AS segment_verdict,
        COALESCE(s.at_problem, CASE WHEN s.at IS NULL THEN 'is missing' END) AS at_verdict,
        COALESCE(s.kind_problem, CASE WHEN s.kind IS NULL THEN 'is missing' END) AS kind_verdict,
        COALESCE(s.amount_problem, CASE WHEN s.amount IS NULL THEN 'is missing' END) AS amount_verdict
    FROM staged_costs s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.cost_id AS cost_id, j.customer_id AS customer_id,
    j.segment AS segment, j.at AS at, j.day AS day, j.month_no AS month_no, j.kind AS kind, j.amount AS amount,
    CASE
        WHEN j.cost_id_verdict IS NOT NULL THEN 'cost_id'
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.segment_verdict IS NOT NULL THEN 'segment'
        WHEN j.at_verdict IS NOT NULL THEN 'at'
        WHEN j.kind_verdict IS NOT NULL THEN 'kind'
        WHEN j.amount_verdict IS NOT NULL THEN 'amount'
    END AS reject_column,
    COALESCE(
        j.cost_id_verdict, j.customer_id_verdict, j.segment_verdict, j.at_verdict, j.kind_verdict, j.amount_verdict
    ) AS reject_reason
FROM judged j
