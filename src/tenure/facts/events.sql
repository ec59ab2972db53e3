-- purpose: accept what people did
-- grain: one row of the import that names an event
-- inputs: staged_events, known_customers
-- columns: row_no, customer_key, event_id, customer_id, anonymous_id, name, at, day, month_no, properties, known_at,
--   product_id, value, message_id, reject_column, reject_reason
-- traps: an event needs a customer or an anonymous id. customer_key stays NULL for an anonymous one until a sign-in
--   joins it; known_at is then moved to the sign-in by import, so nothing before it can know whose event it was

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.event_id AS event_id, s.customer_id AS customer_id,
        s.anonymous_id AS anonymous_id, s.name AS name, s.occurred_at AS at, s.day AS day, s.month_no AS month_no,
        s.properties AS properties, s.occurred_at AS known_at, s.product_id AS product_id, s.value AS value,
        s.message_id AS message_id,
        COALESCE(s.event_id_problem, CASE WHEN s.event_id IS NULL THEN 'is missing' END) AS event_id_verdict,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL AND s.anonymous_id IS NULL THEN 'is missing, and so is anonymous_id' END
        ) AS customer_id_verdict,
        s.anonymous_id_problem AS anonymous_id_verdict,
        COALESCE(s.name_problem, CASE WHEN s.name IS NULL THEN 'is missing' END) AS name_verdict,
        COALESCE(
            s.occurred_at_problem,
            CASE WHEN s.occurred_at IS NULL THEN 'is missing' END
        ) AS occurred_at_verdict,
        s.properties_problem AS properties_verdict
    FROM staged_events s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.event_id AS event_id, j.customer_id AS customer_id,
    j.anonymous_id AS anonymous_id, j.name AS name, j.at AS at, j.day AS day, j.month_no AS month_no,
    j.properties AS properties, j.known_at AS known_at, j.product_id AS product_id, j.value AS value,
    j.message_id AS message_id,
    CASE
        WHEN j.event_id_verdict IS NOT NULL THEN 'event_id'
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.anonymous_id_verdict IS NOT NULL THEN 'anonymous_id'
        WHEN j.name_verdict IS NOT NULL THEN 'name'
        WHEN j.occurred_at_verdict IS NOT NULL THEN 'occurred_at'
        WHEN j.properties_verdict IS NOT NULL THEN 'properties'
    END AS reject_column,
    COALESCE(
        j.event_id_verdict, j.customer_id_verdict, j.anonymous_id_verdict, j.name_verdict, j.occurred_at_verdict,
        j.properties_verdict
    ) AS reject_reason
FROM judged j
