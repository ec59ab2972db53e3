-- purpose: what each campaign sent and what came back
-- grain: one row per campaign that contacted anyone
-- inputs: contacts, deliveries
-- columns: campaign, sent, people, cost, opened, clicked, bounced, complained, unsubscribed
-- traps: cost is in thousandths of a minor unit, for an e-mail costs a fraction of a cent; a message opened five times is opened once; opens of messages we do not know are not counted
WITH messages AS (
  SELECT message_id, MAX(campaign) AS campaign, MAX(customer_key) AS customer_key, MAX(cost) AS cost
  FROM contacts
  WHERE state = 'sent'
  GROUP BY message_id
),
answers AS (
  SELECT message_id,
    MAX(CASE WHEN kind = 'opened' OR kind = 'clicked' THEN 1 ELSE 0 END) AS opened,
    MAX(CASE WHEN kind = 'clicked' THEN 1 ELSE 0 END) AS clicked,
    MAX(CASE WHEN kind = 'bounced' THEN 1 ELSE 0 END) AS bounced,
    MAX(CASE WHEN kind = 'complained' THEN 1 ELSE 0 END) AS complained,
    MAX(CASE WHEN kind = 'unsubscribed' THEN 1 ELSE 0 END) AS unsubscribed
  FROM deliveries
  GROUP BY message_id
),
people AS (
  SELECT m.campaign AS campaign, m.customer_key AS customer_key, COUNT(*) AS sent, SUM(COALESCE(m.cost, 0)) AS cost,
    SUM(COALESCE(a.opened, 0)) AS opened, SUM(COALESCE(a.clicked, 0)) AS clicked,
    SUM(COALESCE(a.bounced, 0)) AS bounced, SUM(COALESCE(a.complained, 0)) AS complained,
    SUM(COALESCE(a.unsubscribed, 0)) AS unsubscribed
  FROM messages m
  LEFT JOIN answers a ON a.message_id = m.message_id
  GROUP BY m.campaign, m.customer_key
)
SELECT campaign, CAST(SUM(sent) AS BIGINT) AS sent, COUNT(*) AS people, CAST(SUM(cost) AS BIGINT) AS cost,
  CAST(SUM(opened) AS BIGINT) AS opened, CAST(SUM(clicked) AS BIGINT) AS clicked,
  CAST(SUM(bounced) AS BIGINT) AS bounced, CAST(SUM(complained) AS BIGINT) AS complained,
  CAST(SUM(unsubscribed) AS BIGINT) AS unsubscribed
FROM people
GROUP BY campaign
