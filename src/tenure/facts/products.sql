-- purpose: accept what is sold
-- grain: one row of the import that names a product
-- inputs: staged_products
-- columns: row_no, product_id, name, category, brand, price, unit_cost, released_at, lifetime_days, better_version,
--   url, image_url, reject_column, reject_reason
-- traps: better_version may name a product that comes later; it is not checked here

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        s.product_id AS product_id, s.name AS name, s.category AS category, s.brand AS brand, s.price AS price,
        s.unit_cost AS unit_cost, s.released_at AS released_at, s.lifetime_days AS lifetime_days,
        s.better_version AS better_version, s.url AS url, s.image_url AS image_url,
        COALESCE(
            s.product_id_problem,
            CASE WHEN s.product_id IS NULL THEN 'is missing' END
        ) AS product_id_verdict,
        COALESCE(s.name_problem, CASE WHEN s.name IS NULL THEN 'is missing' END) AS name_verdict,
        s.category_problem AS category_verdict,
        s.brand_problem AS brand_verdict,
        COALESCE(s.price_problem, CASE WHEN s.price < 0 THEN 'is negative' END) AS price_verdict,
        COALESCE(s.unit_cost_problem, CASE WHEN s.unit_cost < 0 THEN 'is negative' END) AS unit_cost_verdict,
        s.released_at_problem AS released_at_verdict,
        COALESCE(
            s.lifetime_days_problem,
            CASE WHEN s.lifetime_days < 0 THEN 'is negative' END
        ) AS lifetime_days_verdict,
        s.better_version_problem AS better_version_verdict,
        s.url_problem AS url_verdict,
        s.image_url_problem AS image_url_verdict
    FROM staged_products s
)
SELECT
    j.row_no AS row_no, j.product_id AS product_id, j.name AS name, j.category AS category, j.brand AS brand,
    j.price AS price, j.unit_cost AS unit_cost, j.released_at AS released_at, j.lifetime_days AS lifetime_days,
    j.better_version AS better_version, j.url AS url, j.image_url AS image_url,
    CASE
        WHEN j.product_id_verdict IS NOT NULL THEN 'product_id'
        WHEN j.name_verdict IS NOT NULL THEN 'name'
        WHEN j.category_verdict IS NOT NULL THEN 'category'
        WHEN j.brand_verdict IS NOT NULL THEN 'brand'
        WHEN j.price_verdict IS NOT NULL THEN 'price'
        WHEN j.unit_cost_verdict IS NOT NULL THEN 'unit_cost'
        WHEN j.released_at_verdict IS NOT NULL THEN 'released_at'
        WHEN j.lifetime_days_verdict IS NOT NULL THEN 'lifetime_days'
        WHEN j.better_version_verdict IS NOT NULL THEN 'better_version'
        WHEN j.url_verdict IS NOT NULL THEN 'url'
        WHEN j.image_url_verdict IS NOT NULL THEN 'image_url'
    END AS reject_column,
    COALESCE(
        j.product_id_verdict, j.name_verdict, j.category_verdict, j.brand_verdict, j.price_verdict,
        j.unit_cost_verdict, j.released_at_verdict, j.lifetime_days_verdict, j.better_version_verdict,
        j.url_verdict, j.image_url_verdict
    ) AS reject_reason
FROM judged j
