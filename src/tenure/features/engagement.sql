-- purpose: how much each customer does on the site or in the app, and whether it is growing
-- grain: one row per customer with an event
-- inputs: events
-- columns: customer_key, events_7d, events_30d, events_90d, engagement_trend, last_event_at
-- traps: windows are whole spans of 24 hours; the trend of nothing is NULL
WITH counted AS (
  SELECT
    customer_key,
    COUNT(CASE WHEN e.at >= :as_of - 7 * 86400000000 THEN 1 END) AS events_7d,
    COUNT(CASE WHEN e.at >= :as_of - 30 * 86400000000 THEN 1 END) AS events_30d,
    COUNT(CASE WHEN e.at >= :as_of - 60 * 86400000000 THEN 1 END) AS events_60d,
    COUNT(CASE WHEN e.at >= :as_of - 90 * 86400000000 THEN 1 END) AS events_90d,
    MAX(e.at) AS last_event_at
  FROM events AS e
  GROUP BY customer_key
)
SELECT
  customer_key, events_7d, events_30d, events_90d,
  CAST(2 * events_30d - events_60d AS DOUBLE) / CAST(NULLIF(events_60d, 0) AS DOUBLE) AS engagement_trend,
  last_event_at
FROM counted
