-- purpose: accept questions, complaints and returns
-- grain: one row of the import that names a ticket
-- inputs: staged_tickets, known_customers
-- columns: row_no, customer_key, ticket_id, customer_id, at, day, month_no, closed_at, kind, severity, cost,
--   reject_column, reject_reason
-- traps: closed_at before opened_at is refused; an open ticket has closed_at NULL

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.ticket_id AS ticket_id, s.customer_id AS customer_id, s.opened_at AS at,
        s.day AS day, s.month_no AS month_no, s.closed_at AS closed_at, s.kind AS kind, s.severity AS severity,
        s.cost AS cost,
        COALESCE(s.ticket_id_problem, CASE WHEN s.ticket_id IS NULL THEN 'is missing' END) AS ticket_id_verdict,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL THEN 'is missing' END
        ) AS customer_id_verdict,
        COALESCE(s.opened_at_problem, CASE WHEN s.opened_at IS NULL THEN 'is missing' END) AS opened_at_verdict,
        COALESCE(
            s.closed_at_problem,
            CASE WHEN s.closed_at < s.opened_at THEN 'is before opened_at' END
        ) AS closed_at_verdict,
        COALESCE(
            s.kind_problem,
            CASE WHEN s.kind NOT IN ('complaint', 'question', 'return')
                 THEN 'must be one of: complaint, question, return' END
        ) AS kind_verdict,
        s.severity_problem AS severity_verdict,
        COALESCE(s.cost_problem, CASE WHEN s.cost < 0 THEN 'is negative' END) AS cost_verdict
    FROM staged_tickets s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.ticket_id AS ticket_id, j.customer_id AS customer_id,
    j.at AS at, j.day AS day, j.month_no AS month_no, j.closed_at AS closed_at, j.kind AS kind,
    j.severity AS severity, j.cost AS cost,
    CASE
        WHEN j.ticket_id_verdict IS NOT NULL THEN 'ticket_id'
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.opened_at_verdict IS NOT NULL THEN 'opened_at'
        WHEN j.closed_at_verdict IS NOT NULL THEN 'closed_at'
        WHEN j.kind_verdict IS NOT NULL THEN 'kind'
        WHEN j.severity_verdict IS NOT NULL THEN 'severity'
        WHEN j.cost_verdict IS NOT NULL THEN 'cost'
    END AS reject_column,
    COALESCE(
        j.ticket_id_verdict, j.customer_id_verdict, j.opened_at_verdict, j.closed_at_verdict, j.kind_verdict,
        j.severity_verdict, j.cost_verdict
    ) AS reject_reason
FROM judged j
