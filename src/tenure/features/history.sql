-- purpose: everything about each customer that needs no other customer, joined
-- grain: one row per customer who exists
-- inputs: known, customers, permissions, value, price, rhythm, engagement, carts, care, contract, taste, upgrades,
--   replacement, pressure
-- columns: customer_key, customer_id, country, locale, channels, since_at, orders, revenue, discount, refunds,
--   margin, cost_to_serve, contact_cost, profit, average_order, discount_share, sale_share, first_order_at,
--   last_order_at, first_day, last_day, recency_days, tenure_days, frequency, gap_median_days, gap_milli, span_milli,
--   since_milli, at_risk_days, lapsed_days, lost_days, next_order_at, next_order_low, next_order_high, run_day,
--   events_7d, events_30d, events_90d, engagement_trend, last_event_at, cart_value, cart_at, tickets_open,
--   last_complaint_at, csat_last, nps_last, contract_state, plan, plan_price, trial_ends_at, contract_ends_at,
--   auto_renew, started_at, left_at, ended_at, paid_from, last_used_at, top_category, top_brand, better_product,
--   replacement_product, replacement_due_at, contacts_7d, contacts_30d, last_contact_at
-- traps: who never ordered has counts and sums of 0 but no average, share or rhythm
SELECT
  k.customer_key AS customer_key,
  c.customer_id AS customer_id,
  c.country AS country,
  c.locale AS locale,
  a.channels AS channels,
  k.since_at AS since_at,
  COALESCE(v.orders, 0) AS orders,
  COALESCE(v.revenue, 0) AS revenue,
  COALESCE(v.discount, 0) AS discount,
  COALESCE(v.refunds, 0) AS refunds,
  COALESCE(v.margin, 0) AS margin,
  COALESCE(v.cost_to_serve, 0) AS cost_to_serve,
  COALESCE(v.contact_cost, 0) AS contact_cost,
  COALESCE(v.profit, 0) AS profit,
  p.average_order AS average_order,
  p.discount_share AS discount_share,
  p.sale_share AS sale_share,
  r.first_order_at AS first_order_at,
  r.last_order_at AS last_order_at,
  r.first_day AS first_day,
  r.last_day AS last_day,
  r.recency_days AS recency_days,
  r.tenure_days AS tenure_days,
  COALESCE(r.frequency, 0) AS frequency,
  r.gap_median_days AS gap_median_days,
  r.gap_milli AS gap_milli,
  r.span_milli AS span_milli,
  r.since_milli AS since_milli,
  r.at_risk_days AS at_risk_days,
  r.lapsed_days AS lapsed_days,
  r.lost_days AS lost_days,
  r.next_order_at AS next_order_at,
  r.next_order_low AS next_order_low,
  r.next_order_high AS next_order_high,
  r.run_day AS run_day,
  COALESCE(e.events_7d, 0) AS events_7d,
  COALESCE(e.events_30d, 0) AS events_30d,
  COALESCE(e.events_90d, 0) AS events_90d,
  e.engagement_trend AS engagement_trend,
  e.last_event_at AS last_event_at,
  b.cart_value AS cart_value,
  b.cart_at AS cart_at,
  COALESCE(t.tickets_open, 0) AS tickets_open,
  t.last_complaint_at AS last_complaint_at,
  t.csat_last AS csat_last,
  t.nps_last AS nps_last,
  s.contract_state AS contract_state,
  s.plan AS plan,
  s.plan_price AS plan_price,
  s.trial_ends_at AS trial_ends_at,
  s.contract_ends_at AS contract_ends_at,
  s.auto_renew AS auto_renew,
  s.started_at AS started_at,
  s.left_at AS left_at,
  s.ended_at AS ended_at,
  s.paid_from AS paid_from,
  s.last_used_at AS last_used_at,
  l.top_category AS top_category,
  l.top_brand AS top_brand,
  u.better_product AS better_product,
  n.replacement_product AS replacement_product,
  n.replacement_due_at AS replacement_due_at,
  COALESCE(w.contacts_7d, 0) AS contacts_7d,
  COALESCE(w.contacts_30d, 0) AS contacts_30d,
  w.last_contact_at AS last_contact_at
FROM known AS k
JOIN customers AS c ON c.customer_key = k.customer_key
LEFT JOIN permissions AS a ON a.customer_key = k.customer_key
LEFT JOIN value AS v ON v.customer_key = k.customer_key
LEFT JOIN price AS p ON p.customer_key = k.customer_key
LEFT JOIN rhythm AS r ON r.customer_key = k.customer_key
LEFT JOIN engagement AS e ON e.customer_key = k.customer_key
LEFT JOIN carts AS b ON b.customer_key = k.customer_key
LEFT JOIN care AS t ON t.customer_key = k.customer_key
LEFT JOIN contract AS s ON s.customer_key = k.customer_key
LEFT JOIN taste AS l ON l.customer_key = k.customer_key
LEFT JOIN upgrades AS u ON u.customer_key = k.customer_key
LEFT JOIN replacement AS n ON n.customer_key = k.customer_key
LEFT JOIN pressure AS w ON w.customer_key = k.customer_key
