-- purpose: accept purchases that can be counted
-- grain: one row of the import that names an order
-- inputs: staged_orders, known_customers
-- columns: row_no, customer_key, order_id, customer_id, at, day, month_no, total, discount, coupon, shipping,
--   currency, on_sale, status, reject_column, reject_reason
-- traps: an unknown currency comes before the amounts that it leaves unread.
--   customer_key is NULL for a customer not seen before; import gives the key afterwards, to accepted rows only.
--   status is NULL when the source does not say: counted as paid. A return is a refund, never a negative order

WITH judged AS (
    SELECT
        s.row_no AS row_no,
        k.customer_key AS customer_key, s.order_id AS order_id, s.customer_id AS customer_id, s.ordered_at AS at,
        s.day AS day, s.month_no AS month_no, s.total AS total, s.discount AS discount, s.coupon AS coupon,
        s.shipping AS shipping, s.currency AS currency, s.on_sale AS on_sale, s.status AS status,
        COALESCE(s.order_id_problem, CASE WHEN s.order_id IS NULL THEN 'is missing' END) AS order_id_verdict,
        COALESCE(
            s.customer_id_problem,
            CASE WHEN s.customer_id IS NULL THEN 'is missing' END
        ) AS customer_id_verdict,
        COALESCE(
            s.ordered_at_problem,
            CASE WHEN s.ordered_at IS NULL THEN 'is missing' END
        ) AS ordered_at_verdict,
        COALESCE(
            s.total_problem,
            CASE WHEN s.total IS NULL THEN 'is missing'
                 WHEN s.total < 0 THEN 'is negative; import what was given back as refunds' END
        ) AS total_verdict,
        COALESCE(s.discount_problem, CASE WHEN s.discount < 0 THEN 'is negative' END) AS discount_verdict,
        s.coupon_problem AS coupon_verdict,
        COALESCE(s.shipping_problem, CASE WHEN s.shipping < 0 THEN 'is negative' END) AS shipping_verdict,
        s.currency_problem AS currency_verdict,
        s.on_sale_problem AS on_sale_verdict,
        COALESCE(
            s.status_problem,
            CASE WHEN s.status NOT IN ('paid', 'refunded', 'cancelled')
                 THEN 'must be one of: paid, refunded, cancelled' END
        ) AS status_verdict
    FROM staged_orders s
    LEFT JOIN known_customers k ON k.customer_id = s.customer_id
)
SELECT
    j.row_no AS row_no, j.customer_key AS customer_key, j.order_id AS order_id, j.customer_id AS customer_id,
    j.at AS at, j.day AS day, j.month_no AS month_no, j.total AS total, j.discount AS discount, j.coupon AS coupon,
    j.shipping AS shipping, j.currency AS currency, j.on_sale AS on_sale, j.status AS status,
    CASE
        WHEN j.currency_verdict IS NOT NULL THEN 'currency'
        WHEN j.order_id_verdict IS NOT NULL THEN 'order_id'
        WHEN j.customer_id_verdict IS NOT NULL THEN 'customer_id'
        WHEN j.ordered_at_verdict IS NOT NULL THEN 'ordered_at'
        WHEN j.total_verdict IS NOT NULL THEN 'total'
        WHEN j.discount_verdict IS NOT NULL THEN 'discount'
        WHEN j.coupon_verdict IS NOT NULL THEN 'coupon'
        WHEN j.shipping_verdict IS NOT NULL THEN 'shipping'
        WHEN j.on_sale_verdict IS NOT NULL THEN 'on_sale'
        WHEN j.status_verdict IS NOT NULL THEN 'status'
    END AS reject_column,
    COALESCE(
        j.currency_verdict, j.order_id_verdict, j.customer_id_verdict, j.ordered_at_verdict, j.total_verdict,
        j.discount_verdict, j.coupon_verdict, j.shipping_verdict, j.on_sale_verdict, j.status_verdict
    ) AS reject_reason
FROM judged j
