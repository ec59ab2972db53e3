-- What an analyst who knows DuckDB would write over the same facts to get the same core columns in one query:
-- FILTER, QUALIFY, arg_max, quantile_disc and window functions wherever they shorten it; no chunks, no portability,
-- no named customers, no protection from peeking beyond the moments written out here.
CREATE TABLE profiles AS
WITH params AS (
  SELECT {as_of}::BIGINT AS as_of, {as_of_day}::BIGINT AS as_of_day
), o AS (
  SELECT * FROM facts.orders WHERE "at" < {as_of} AND status IS DISTINCT FROM 'cancelled'
), buying AS (
  SELECT customer_key, count(*) AS orders, sum(total) AS revenue, sum(discount) AS discount,
    count(*) FILTER (discount > 0 OR coupon IS NOT NULL) / count(*) AS discount_share,
    count(*) FILTER (on_sale = 1) / count(*) AS sale_share,
    min("at") AS first_order_at, max("at") AS last_order_at, min(day) AS first_day, max(day) AS last_day,
    count(DISTINCT day) - 1 AS frequency, avg(total) AS average_order,
    sum(total) FILTER (status = 'refunded' AND order_id NOT IN (SELECT order_id FROM facts.refunds WHERE "at" < {as_of})) AS unpaid
  FROM o GROUP BY customer_key
), gaps AS (
  SELECT customer_key, day, day - lag(day) OVER (PARTITION BY customer_key ORDER BY "at") AS gap
  FROM o QUALIFY gap > 0
), tempo AS (
  SELECT customer_key, quantile_disc(gap, [0.1, 0.5, 0.9]) AS q FROM gaps GROUP BY customer_key
), base AS (
  SELECT sum(last_day - first_day) / sum(frequency) AS gap FROM buying
), rhythm AS (
  SELECT b.*, q[2] AS gap_median_days, (last_day - first_day + 2 * base.gap) / (frequency + 2) AS gap_expected_days,
    CASE WHEN frequency >= 4 THEN last_order_at + q[1] * 86400000000 END AS next_order_low,
    CASE WHEN frequency >= 4 THEN last_order_at + q[3] * 86400000000 END AS next_order_high
  FROM buying AS b CROSS JOIN base LEFT JOIN tempo USING (customer_key)
), runs AS (
  SELECT g.customer_key, max(day) AS run_day
  FROM gaps AS g JOIN rhythm AS r ON r.customer_key = g.customer_key AND g.gap >= 1.5 * r.gap_expected_days
  GROUP BY g.customer_key
), l AS (
  SELECT l.customer_key, l.product_id, l."at", l.day, quantity * unit_price AS spend, quantity * p.unit_cost AS cost,
    p.category, p.brand, p.lifetime_days, p.better_version
  FROM facts.order_lines AS l LEFT JOIN facts.products AS p USING (product_id)
  WHERE l."at" < {as_of} AND cancelled = 0
), goods AS (
  SELECT customer_key, sum(cost) / 1000 AS cost, sum(spend) FILTER (cost IS NOT NULL) / 1000 AS spend
  FROM l GROUP BY customer_key
), top_category AS (
  SELECT customer_key, arg_max(category, spend) AS top_category
  FROM (SELECT customer_key, category, sum(spend) AS spend FROM l GROUP BY ALL) GROUP BY customer_key
), top_brand AS (
  SELECT customer_key, arg_max(brand, spend) AS top_brand
  FROM (SELECT customer_key, brand, sum(spend) AS spend FROM l GROUP BY ALL) GROUP BY customer_key
), better AS (
  SELECT customer_key, arg_max(better_version, "at") AS better_product
  FROM l WHERE better_version IS NOT NULL
    AND (customer_key, better_version) NOT IN (SELECT (customer_key, product_id) FROM l WHERE product_id IN (
      SELECT better_version FROM facts.products WHERE better_version IS NOT NULL))
  GROUP BY customer_key
), pairs AS (
  SELECT customer_key, product_id, list_sort(list_distinct(list(day))) AS days, max("at") AS last_at,
    any_value(lifetime_days) AS lifetime_days
  FROM l LEFT JOIN (
    SELECT customer_key, product_id, true AS again FROM l GROUP BY customer_key, product_id HAVING count(*) >= 3
  ) USING (customer_key, product_id)
  WHERE again OR lifetime_days IS NOT NULL GROUP BY customer_key, product_id
), due AS (
  SELECT customer_key, product_id, last_at, days[-1] AS last_day,
    CASE WHEN len(days) >= 3
      THEN list_aggregate(list_transform(range(2, len(days) + 1), lambda i: days[i] - days[i - 1]), 'quantile_disc', 0.5)
      ELSE lifetime_days END AS gap
  FROM pairs
), replacement AS (
  SELECT customer_key, arg_min(product_id, last_day + gap) AS replacement_product,
    arg_min(last_at + gap * 86400000000, last_day + gap) AS replacement_due_at
  FROM due WHERE last_day + 2 * gap >= {as_of_day} GROUP BY customer_key
), engagement AS (
  SELECT customer_key, count(*) FILTER ("at" >= {as_of} - 7 * 86400000000) AS events_7d,
    count(*) FILTER ("at" >= {as_of} - 30 * 86400000000) AS events_30d,
    count(*) FILTER ("at" >= {as_of} - 60 * 86400000000) AS events_60d,
    count(*) FILTER ("at" >= {as_of} - 90 * 86400000000) AS events_90d, max("at") AS last_event_at
  FROM facts.events WHERE "at" < {as_of} AND known_at < {as_of} GROUP BY customer_key
), cart AS (
  SELECT e.customer_key, sum(p.price) AS cart_value, max(e."at") AS cart_at
  FROM facts.events AS e LEFT JOIN buying AS b USING (customer_key) LEFT JOIN facts.products AS p USING (product_id)
  WHERE e.name = 'Product Added' AND e."at" < {as_of} AND e.known_at < {as_of}
    AND (b.last_order_at IS NULL OR e."at" > b.last_order_at)
  GROUP BY e.customer_key
), tickets AS (
  SELECT customer_key, count(*) FILTER (closed_at IS NULL OR closed_at >= {as_of}) AS tickets_open,
    max("at") FILTER (kind = 'complaint') AS last_complaint_at, sum(cost) AS cost
  FROM facts.tickets WHERE "at" < {as_of} GROUP BY customer_key
), feedback AS (
  SELECT customer_key, arg_max(score, "at") FILTER (kind = 'csat') AS csat_last,
    arg_max(score, "at") FILTER (kind = 'nps') AS nps_last
  FROM facts.feedback WHERE "at" < {as_of} GROUP BY customer_key
), refunds AS (
  SELECT customer_key, sum(amount) AS amount FROM facts.refunds WHERE "at" < {as_of} GROUP BY customer_key
), contract AS (
  SELECT * FROM facts.subscriptions
  WHERE "at" < {as_of} AND (auto_renew = 1 OR ends_at IS NULL OR ends_at > {as_of})
  QUALIFY row_number() OVER (PARTITION BY customer_key ORDER BY "at" DESC) = 1
), used AS (
  SELECT customer_key, max(e."at") AS last_used_at
  FROM facts.events AS e JOIN contract AS c USING (customer_key)
  WHERE e."at" >= c."at" AND e."at" < {as_of} AND known_at < {as_of} GROUP BY customer_key
), contacts AS (
  SELECT customer_key, count(*) FILTER ("at" >= {as_of} - 7 * 86400000000) AS contacts_7d,
    count(*) FILTER ("at" >= {as_of} - 30 * 86400000000) AS contacts_30d, max("at") AS last_contact_at,
    sum(cost) / 1000 AS cost
  FROM facts.contacts WHERE "at" < {as_of} GROUP BY customer_key
), consent AS (
  SELECT customer_key, channel, state FROM facts.consents WHERE "at" < {as_of} AND purpose = 'marketing'
  QUALIFY row_number() OVER (PARTITION BY customer_key, channel ORDER BY "at" DESC) = 1
), allowed AS (
  SELECT customer_key, list(channel) AS channels FROM consent WHERE state = 'granted' GROUP BY customer_key
), whole AS (
  SELECT c.customer_key, c.customer_id, c.country, c.locale, channels, r.* EXCLUDE (customer_key, unpaid),
    coalesce(f.amount, 0) + coalesce(unpaid, 0) AS refunds,
    revenue - coalesce(f.amount, 0) - coalesce(unpaid, 0) - coalesce(g.cost, 0)
      - 0.7 * greatest(0, revenue - coalesce(g.spend, 0)) AS margin,
    t.cost AS cost_to_serve, n.cost AS contact_cost,
    margin - coalesce(t.cost, 0) - coalesce(n.cost, 0) AS profit,
    {as_of_day} - last_day AS recency_days, {as_of_day} - first_day AS tenure_days,
    recency_days / gap_expected_days AS overdue, last_order_at + (gap_expected_days * 86400000000)::BIGINT AS next_order_at,
    run_day, top_category, top_brand, better_product, replacement_product, replacement_due_at,
    events_7d, events_30d, events_90d, (2 * events_30d - events_60d) / nullif(events_60d, 0) AS engagement_trend,
    last_event_at, cart_value, cart_at, tickets_open, last_complaint_at, csat_last, nps_last,
    k.plan, k.price AS plan_price, k.trial_ends_at, k.ends_at AS contract_ends_at, k.auto_renew, last_used_at,
    contacts_7d, contacts_30d, last_contact_at, md5('|' || c.customer_id)[:8] < '0ccccccc' AS holdout
  FROM facts.customers AS c LEFT JOIN rhythm AS r USING (customer_key) LEFT JOIN runs USING (customer_key)
  LEFT JOIN goods AS g USING (customer_key) LEFT JOIN refunds AS f USING (customer_key)
  LEFT JOIN top_category USING (customer_key) LEFT JOIN top_brand USING (customer_key) LEFT JOIN better USING (customer_key)
  LEFT JOIN replacement USING (customer_key) LEFT JOIN engagement USING (customer_key) LEFT JOIN cart USING (customer_key)
  LEFT JOIN tickets AS t USING (customer_key) LEFT JOIN feedback USING (customer_key)
  LEFT JOIN contract AS k USING (customer_key) LEFT JOIN used USING (customer_key)
  LEFT JOIN contacts AS n USING (customer_key) LEFT JOIN allowed USING (customer_key)
), ranked AS (
  SELECT *, CASE WHEN orders > 0 THEN cume_dist() OVER (PARTITION BY orders > 0 ORDER BY profit) END AS value_rank
  FROM whole
)
SELECT *,
  CASE WHEN plan IS NOT NULL THEN CASE WHEN tenure_days < 30 THEN 'new' ELSE 'active' END
    WHEN orders IS NULL THEN 'prospect' WHEN tenure_days < 30 THEN 'new' WHEN overdue >= 6 THEN 'lost'
    WHEN overdue >= 3 THEN 'lapsed' WHEN overdue >= 1.5 THEN 'at_risk'
    WHEN orders >= 6 AND value_rank >= 0.8 THEN 'loyal' ELSE 'active' END AS stage,
  CASE WHEN overdue >= 6 THEN last_day + ceil(6 * gap_expected_days) WHEN overdue >= 3 THEN last_day + ceil(3 * gap_expected_days)
    WHEN overdue >= 1.5 THEN last_day + ceil(1.5 * gap_expected_days) ELSE greatest(run_day, first_day + 30) END AS stage_since
FROM ranked ORDER BY customer_key
