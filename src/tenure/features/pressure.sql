-- purpose: how often we wrote to each customer, how lately, and what that cost
-- grain: one row per customer to whom we wrote
-- inputs: contacts
-- columns: customer_key, contacts_7d, contacts_30d, last_contact_at, contact_cost
-- traps: a contact's cost is in thousandths of a minor unit; windows are whole spans of 24 hours
SELECT
  customer_key,
  COUNT(CASE WHEN purpose = 'marketing' AND c.at >= :as_of - 7 * 86400000000 THEN 1 END) AS contacts_7d,
  COUNT(CASE WHEN purpose = 'marketing' AND c.at >= :as_of - 30 * 86400000000 THEN 1 END) AS contacts_30d,
  MAX(c.at) AS last_contact_at,
  CAST(FLOOR(CAST(SUM(COALESCE(cost, 0)) AS DOUBLE) / CAST(1000 AS DOUBLE)) AS BIGINT) AS contact_cost
FROM contacts AS c
GROUP BY customer_key
