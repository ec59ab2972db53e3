-- purpose: where each customer came from and what winning them cost
-- grain: one row per customer whom the business listed
-- inputs: customers
-- columns: customer_key, arrived_at, acquisition_channel, country, acquisition_cost
-- traps: acquisition_cost is NULL where nothing was recorded, which is not the same as nothing; minor units
SELECT
  c.customer_key AS customer_key,
  c.at AS arrived_at,
  c.acquisition_channel AS acquisition_channel,
  c.country AS country,
  c.acquisition_cost AS acquisition_cost
FROM customers AS c
WHERE c.declared = 1
