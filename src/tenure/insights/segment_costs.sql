-- purpose: costs that were booked to a segment of customers rather than to one of them
-- grain: one row per segment
-- inputs: costs
-- columns: segment, amount
-- traps: minor units; a cost that names both a customer and a segment is the customer's and counts as nothing here
SELECT segment, CAST(SUM(CASE WHEN customer_key IS NULL THEN amount ELSE 0 END) AS BIGINT) AS amount
FROM costs
WHERE segment IS NOT NULL
GROUP BY segment
