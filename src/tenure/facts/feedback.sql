-- purpose: accept what people said when asked
-- grain: one row of the import that names an answer
-- inputs: staged_feedback, known_customers
-- columns: row_no, customer_key, feedback_id, customer_id, at, day, month_no, kind, score, reason, text, about,
--   reject_column, reject_reason
-- traps: scores keep their own scale: csat 1 to 5, nps 0 to 10

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.feedback_id AS feedback_id, s.customer_id AS customer_id,
        s.given_at AS at, s.day AS day, s.month_no AS month_no, s.kind AS kind, s.score AS score,
        s.reason AS reason, s.text AS text, s.about AS about,
        COALESCE(
            s.feedback_id_problem,
            CASE WHEN s.feedback_id IS NULL THEN 'is missing' END
        ) AS feedback_id_verdict,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL THEN 'is missing' END
        ) AS customer_id_verdict,
        COALESCE(s.given_at_problem, CASE WHEN s.given_at IS NULL THEN 'is missing' END) AS given_at_verdict,
        COALESCE(
            s.kind_problem,
            CASE WHEN s.kind IS NULL THEN 'is missing'
                 WHEN s.kind NOT IN ('csat', 'nps', 'review', 'exit')
                 THEN 'must be one of: csat, nps, review, exit' END
        ) AS kind_verdict,
        s.score_problem AS score_verdict,
        s.reason_problem AS reason_verdict,
        s.text_problem AS text_verdict,
        s.about_problem AS about_verdict
    FROM staged_feedback s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.feedback_id AS feedback_id, j.customer_id AS customer_id,
    j.at AS at, j.day AS day, j.month_no AS month_no, j.kind AS kind, j.score AS score, j.reason AS reason,
    j.text AS text, j.about AS about,
    CASE
        WHEN j.feedback_id_verdict IS NOT NULL THEN 'feedback_id'
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.given_at_verdict IS NOT NULL THEN 'given_at'
        WHEN j.kind_verdict IS NOT NULL THEN 'kind'
        WHEN j.score_verdict IS NOT NULL THEN 'score'
        WHEN j.reason_verdict IS NOT NULL THEN 'reason'
        WHEN j.text_verdict IS NOT NULL THEN 'text'
        WHEN j.about_verdict IS NOT NULL THEN 'about'
    END AS reject_column,
    COALESCE(
        j.feedback_id_verdict, j.customer_id_verdict, j.given_at_verdict, j.kind_verdict, j.score_verdict,
        j.reason_verdict, j.text_verdict, j.about_verdict
    ) AS reject_reason
FROM judged j
