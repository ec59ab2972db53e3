-- purpose: who exists: customers whom the business listed, and those whom a fact made known
-- grain: one row per customer who exists
-- inputs: customers, orders, refunds, subscriptions, payments, events, tickets, feedback, costs, consents, contacts,
--   deliveries, assignments
-- columns: customer_key, since_at
-- traps: since_at is when the customer was created or, for those not listed, first seen; facts are read only for the
--   customers who are not listed
WITH unlisted AS (
  SELECT customer_key FROM customers WHERE declared = 0
), seen AS (
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN orders AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN refunds AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN subscriptions AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN payments AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN events AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN tickets AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN feedback AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN costs AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN consents AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN contacts AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN deliveries AS f ON f.customer_key = u.customer_key
  UNION ALL
  SELECT u.customer_key AS customer_key, f.at AS at
  FROM unlisted AS u JOIN assignments AS f ON f.customer_key = u.customer_key
)
SELECT customer_key, c.at AS since_at FROM customers AS c WHERE declared = 1
UNION ALL
SELECT customer_key, MIN(s.at) AS since_at FROM seen AS s GROUP BY customer_key
