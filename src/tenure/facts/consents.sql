-- purpose: accept permission by channel and purpose
-- grain: one row of the import that names a consent
-- inputs: staged_consents, known_customers
-- columns: row_no, customer_key, consent_id, customer_id, channel, purpose, state, at, day, month_no, proof,
--   reject_column, reject_reason
-- traps: the latest row of a customer, channel and purpose counts; two states are two rows

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.consent_id AS consent_id, s.customer_id AS customer_id,
        s.channel AS channel, s.purpose AS purpose, s.state AS state, s.at AS at, s.day AS day,
        s.month_no AS month_no, s.proof AS proof,
        COALESCE(
            s.consent_id_problem,
            CASE WHEN s.consent_id IS NULL THEN 'is missing' END
        ) AS consent_id_verdict,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL THEN 'is missing' END
        ) AS customer_id_verdict,
        COALESCE(s.channel_problem, CASE WHEN s.channel IS NULL THEN 'is missing' END) AS channel_verdict,
        COALESCE(s.purpose_problem, CASE WHEN s.purpose IS NULL THEN 'is missing' END) AS purpose_verdict,
        COALESCE(
            s.state_problem,
            CASE WHEN s.state IS NULL THEN 'is missing'
                 WHEN s.state NOT IN ('granted', 'denied')
                 THEN 'must be one of: granted, denied' END
        ) AS state_verdict,
        COALESCE(s.at_problem, CASE WHEN s.at IS NULL THEN 'is missing' END) AS at_verdict,
        s.proof_problem AS proof_verdict
    FROM staged_consents s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.consent_id AS consent_id, j.customer_id AS customer_id,
    j.channel AS channel, j.purpose AS purpose, j.state AS state, j.at AS at, j.day AS day, j.month_no AS month_no,
    j.proof AS proof,
    CASE
        WHEN j.consent_id_verdict IS NOT NULL THEN 'consent_id'
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.channel_verdict IS NOT NULL THEN 'channel'
        WHEN j.purpose_verdict IS NOT NULL THEN 'purpose'
        WHEN j.state_verdict IS NOT NULL THEN 'state'
        WHEN j.at_verdict IS NOT NULL THEN 'at'
        WHEN j.proof_verdict IS NOT NULL THEN 'proof'
    END AS reject_column,
    COALESCE(
        j.consent_id_verdict, j.customer_id_verdict, j.channel_verdict, j.purpose_verdict, j.state_verdict,
        j.at_verdict, j.proof_verdict
    ) AS reject_reason
FROM judged j
