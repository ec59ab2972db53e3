-- purpose: on how many of their order days customers bought at a discount, by how deep it was
-- grain: one row per customer with an order that was not cancelled
-- inputs: order_days
-- columns: customer_key, order_days, over_0, over_5, over_10, over_15, over_20, over_25, over_30
-- traps: over_10 counts days on which more than 10% of the price was given as discount; over_0 counts coupons too, even
--   where their worth is not stated; the bars are `DEPTHS` in models/early_orders.py
WITH shares AS (
  SELECT
    customer_key,
    100 * COALESCE(discount, 0) AS given,
    total + COALESCE(discount, 0) AS price,
    coupon
  FROM order_days
)
SELECT
  customer_key,
  COUNT(*) AS order_days,
  COUNT(CASE WHEN given > 0 OR coupon = 1 THEN 1 END) AS over_0,
  COUNT(CASE WHEN given > 5 * price THEN 1 END) AS over_5,
  COUNT(CASE WHEN given > 10 * price THEN 1 END) AS over_10,
  COUNT(CASE WHEN given > 15 * price THEN 1 END) AS over_15,
  COUNT(CASE WHEN given > 20 * price THEN 1 END) AS over_20,
  COUNT(CASE WHEN given > 25 * price THEN 1 END) AS over_25,
  COUNT(CASE WHEN given > 30 * price THEN 1 END) AS over_30
FROM shares
GROUP BY customer_key
