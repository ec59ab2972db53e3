-- purpose: the channels on which each customer may be written to for marketing
-- grain: one row per customer
-- inputs: customers, consents
-- columns: customer_key, channels
-- traps: names joined by commas, in a fixed order; of two answers of one moment the refusal wins; an e-mail needs an
--   address, a text message a number, a letter an explicit yes (no other fact says that an address is known)
WITH answers AS (
  SELECT
    customer_key, channel, state,
    ROW_NUMBER() OVER (
      PARTITION BY customer_key, channel
      ORDER BY c.at DESC, CASE c.state WHEN 'denied' THEN 0 ELSE 1 END, c.consent_id DESC
    ) AS place
  FROM consents AS c
  WHERE purpose = 'marketing'
), latest AS (
  SELECT
    customer_key,
    MAX(CASE WHEN channel = 'email' THEN state END) AS email,
    MAX(CASE WHEN channel = 'sms' THEN state END) AS sms,
    MAX(CASE WHEN channel = 'push' THEN state END) AS push,
    MAX(CASE WHEN channel = 'inapp' THEN state END) AS inapp,
    MAX(CASE WHEN channel = 'webhook' THEN state END) AS webhook,
    MAX(CASE WHEN channel = 'mail' THEN state END) AS mail
  FROM answers
  WHERE place = 1
  GROUP BY customer_key
)
SELECT
  c.customer_key AS customer_key,
  CASE WHEN COALESCE(l.email, :consent_default) = 'granted' AND c.email <> '' THEN 'email,' ELSE '' END
    || CASE WHEN COALESCE(l.sms, :consent_default) = 'granted' AND c.phone <> '' THEN 'sms,' ELSE '' END
    || CASE WHEN COALESCE(l.push, :consent_default) = 'granted' THEN 'push,' ELSE '' END
    || CASE WHEN COALESCE(l.inapp, :consent_default) = 'granted' THEN 'inapp,' ELSE '' END
    || CASE WHEN COALESCE(l.webhook, :consent_default) = 'granted' THEN 'webhook,' ELSE '' END
    || CASE WHEN l.mail = 'granted' THEN 'mail,' ELSE '' END AS channels
FROM customers AS c
LEFT JOIN latest AS l ON l.customer_key = c.customer_key
