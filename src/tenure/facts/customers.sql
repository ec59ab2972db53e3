-- purpose: accept who may buy, as the business lists them
-- grain: one row of the import that names a customer
-- inputs: staged_customers, known_customers
-- columns: row_no, customer_key, customer_id, at, day, month_no, email, phone, name, locale, timezone, country,
--   birthday, acquisition_channel, acquisition_cost, attributes, declared, reject_column, reject_reason
-- traps: a customer known only from facts is not listed here; import adds it with declared = 0

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.customer_id AS customer_id, s.created_at AS at, s.day AS day,
        s.month_no AS month_no, s.email AS email, s.phone AS phone, s.name AS name, s.locale AS locale,
        s.timezone AS timezone, s.country AS country, s.birthday AS birthday,
        s.acquisition_channel AS acquisition_channel, s.acquisition_cost AS acquisition_cost,
        s.attributes AS attributes, 1 AS declared,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL THEN 'is missing' END
        ) AS customer_id_verdict,
        s.created_at_problem AS created_at_verdict,
        s.email_problem AS email_verdict,
        s.phone_problem AS phone_verdict,
        s.name_problem AS name_verdict,
        s.locale_problem AS locale_verdict,
        s.timezone_problem AS timezone_verdict,
        s.country_problem AS country_verdict,
        s.birthday_problem AS birthday_verdict,
        s.acquisition_channel_problem AS acquisition_channel_verdict,
        COALESCE(
            s.acquisition_cost_problem,
            CASE WHEN s.acquisition_cost < 0 THEN 'is negative' END
        ) AS acquisition_cost_verdict,
        s.attributes_problem AS attributes_verdict
    FROM staged_customers s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.customer_id AS customer_id, j.at AS at, j.day AS day,
    j.month_no AS month_no, j.email AS email, j.phone AS phone, j.name AS name, j.locale AS locale,
    j.timezone AS timezone, j.country AS country, j.birthday AS birthday,
    j.acquisition_channel AS acquisition_channel, j.acquisition_cost AS acquisition_cost,
    j.attributes AS attributes, j.declared AS declared,
    CASE
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.created_at_verdict IS NOT NULL THEN 'created_at'
        WHEN j.email_verdict IS NOT NULL THEN 'email'
        WHEN j.phone_verdict IS NOT NULL THEN 'phone'
        WHEN j.name_verdict IS NOT NULL THEN 'name'
        WHEN j.locale_verdict IS NOT NULL THEN 'locale'
        WHEN j.timezone_verdict IS NOT NULL THEN 'timezone'
        WHEN j.country_verdict IS NOT NULL THEN 'country'
        WHEN j.birthday_verdict IS NOT NULL THEN 'birthday'
        WHEN j.acquisition_channel_verdict IS NOT NULL THEN 'acquisition_channel'
        WHEN j.acquisition_cost_verdict IS NOT NULL THEN 'acquisition_cost'
        WHEN j.attributes_verdict IS NOT NULL THEN 'attributes'
    END AS reject_column,
    COALESCE(
        j.customer_id_verdict, j.created_at_verdict, j.email_verdict, j.phone_verdict, j.name_verdict,
        j.locale_verdict, j.timezone_verdict, j.country_verdict, j.birthday_verdict, j.acquisition_channel_verdict,
        j.acquisition_cost_verdict, j.attributes_verdict
    ) AS reject_reason
FROM judged j
