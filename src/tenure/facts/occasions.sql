-- purpose: accept sales, holidays, seasons and launches
-- grain: one row of the import that names an occasion
-- inputs: staged_occasions
-- columns: row_no, occasion_id, name, starts_on, ends_on, kind, country, category, reject_column, reject_reason
-- traps: days are the business's calendar; ends_on before starts_on is refused

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        s.occasion_id AS occasion_id, s.name AS name, s.starts_on AS starts_on, s.ends_on AS ends_on,
        s.kind AS kind, s.country AS country, s.category AS category,
        COALESCE(
            s.occasion_id_problem,
            CASE WHEN s.occasion_id IS NULL THEN 'is missing' END
        ) AS occasion_id_verdict,
        COALESCE(s.name_problem, CASE WHEN s.name IS NULL THEN 'is missing' END) AS name_verdict,
        COALESCE(s.starts_on_problem, CASE WHEN s.starts_on IS NULL THEN 'is missing' END) AS starts_on_verdict,
        COALESCE(
            s.ends_on_problem,
            CASE WHEN s.ends_on < s.starts_on THEN 'is before starts_on' END
        ) AS ends_on_verdict,
        COALESCE(
            s.kind_problem,
            CASE WHEN s.kind IS NULL THEN 'is missing'
                 WHEN s.kind NOT IN ('sale', 'holiday', 'season', 'launch')
                 THEN 'must be one of: sale, holiday, season, launch' END
        ) AS kind_verdict,
        s.country_problem AS country_verdict,
        s.category_problem AS category_verdict
    FROM staged_occasions s
)
SELECT
    j.row_no AS row_no, j.occasion_id AS occasion_id, j.name AS name, j.starts_on AS starts_on,
    j.ends_on AS ends_on, j.kind AS kind, j.country AS country, j.category AS category,
    CASE
        WHEN j.occasion_id_verdict IS NOT NULL THEN 'occasion_id'
        WHEN j.name_verdict IS NOT NULL THEN 'name'
        WHEN j.starts_on_verdict IS NOT NULL THEN 'starts_on'
        WHEN j.ends_on_verdict IS NOT NULL THEN 'ends_on'
        WHEN j.kind_verdict IS NOT NULL THEN 'kind'
        WHEN j.country_verdict IS NOT NULL THEN 'country'
        WHEN j.category_verdict IS NOT NULL THEN 'category'
    END AS reject_column,
    COALESCE(
        j.occasion_id_verdict, j.name_verdict, j.starts_on_verdict, j.ends_on_verdict, j.kind_verdict,
        j.country_verdict, j.category_verdict
    ) AS reject_reason
FROM judged j
