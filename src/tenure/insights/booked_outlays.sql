-- purpose: costs that were booked to a segment since a moment, such as a channel's advertising or a plan's content
-- grain: one row per segment and kind of cost
-- inputs: costs
-- columns: segment, kind, amount
-- traps: minor units; a cost that names a customer is the customer's and counts as nothing here
SELECT c.segment AS segment, c.kind AS kind, CAST(SUM(c.amount) AS BIGINT) AS amount
FROM costs AS c
WHERE c.customer_key IS NULL AND c.segment IS NOT NULL AND c.at >= :from_at
GROUP BY c.segment, c.kind
