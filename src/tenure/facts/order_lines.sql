-- purpose: accept what each order held
-- grain: one row of the import that names a line of an order
-- inputs: staged_order_lines, known_orders
-- columns: row_no, customer_key, order_id, line, product_id, quantity, unit_price, discount, at, day, month_no,
--   cancelled, reject_column, reject_reason
-- traps: the order's moment and cancellation are repeated here so that nothing joins later; replacing an
--   order renews them

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        p.customer_key AS customer_key, s.order_id AS order_id, s.line AS line, s.product_id AS product_id,
        s.quantity AS quantity, s.unit_price AS unit_price, s.discount AS discount, p.at AS at, p.day AS day,
        p.month_no AS month_no, p.cancelled AS cancelled,
        COALESCE(
            s.order_id_problem,
            CASE WHEN s.order_id IS NULL THEN 'is missing'
                 WHEN p.order_id IS NULL
                 THEN 'order ' || s.order_id || ' is not known; import orders first' END
        ) AS order_id_verdict,
        COALESCE(
            s.line_problem,
            CASE WHEN s.line IS NULL THEN 'is missing'
                 WHEN s.line < 0 THEN 'is negative' END
        ) AS line_verdict,
        COALESCE(
            s.product_id_problem,
            CASE WHEN s.product_id IS NULL THEN 'is missing' END
        ) AS product_id_verdict,
        COALESCE(
            s.quantity_problem,
            CASE WHEN s.quantity IS NULL THEN 'is missing'
                 WHEN s.quantity < 0 THEN 'is negative; import what was given back as refunds' END
        ) AS quantity_verdict,
        COALESCE(
            s.unit_price_problem,
            CASE WHEN s.unit_price IS NULL THEN 'is missing'
                 WHEN s.unit_price < 0 THEN 'is negative' END
        ) AS unit_price_verdict,
        COALESCE(s.discount_problem, CASE WHEN s.discount < 0 THEN 'is negative' END) AS discount_verdict
    FROM staged_order_lines s
    LEFT JOIN known_orders p ON p.order_id = s.order_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.order_id AS order_id, j.line AS line,
    j.product_id AS product_id, j.quantity AS quantity, j.unit_price AS unit_price, j.discount AS discount,
    j.at AS at, j.day AS day, j.month_no AS month_no, j.cancelled AS cancelled,
    CASE
        WHEN j.order_id_verdict IS NOT NULL THEN 'order_id'
        WHEN j.line_verdict IS NOT NULL THEN 'line'
        WHEN j.product_id_verdict IS NOT NULL THEN 'product_id'
        WHEN j.quantity_verdict IS NOT NULL THEN 'quantity'
        WHEN j.unit_price_verdict IS NOT NULL THEN 'unit_price'
        WHEN j.discount_verdict IS NOT NULL THEN 'discount'
    END AS reject_column,
    COALESCE(
        j.order_id_verdict, j.line_verdict, j.product_id_verdict, j.quantity_verdict, j.unit_price_verdict,
        j.discount_verdict
    ) AS reject_reason
FROM judged j
