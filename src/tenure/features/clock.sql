-- purpose: by how much the customer's own seasonal time ran faster or slower than the calendar
-- grain: one row per customer who bought something of a seasonal category
-- inputs: purchases, seasonal_lines, season_days
-- columns: customer_key, span_more, since_more
-- traps: thousandths of a day to add to the calendar's: from the first to the latest order, and from that to as_of; the
--   customer's clock is the mean of their categories' clocks, weighted by their lines; what is not seasonal adds nothing
WITH passed AS (
  SELECT
    l.customer_key AS customer_key,
    l.all_lines AS all_lines,
    l.seasonal_lines * (latest.clock_milli - earliest.clock_milli - 1000 * (p.last_day - p.first_day)) AS span_more,
    l.seasonal_lines * (present.clock_milli - latest.clock_milli - 1000 * (:as_of_day - p.last_day)) AS since_more
  FROM seasonal_lines AS l
  JOIN purchases AS p ON p.customer_key = l.customer_key
  JOIN season_days AS earliest ON earliest.category = l.category AND earliest.day = p.first_day
  JOIN season_days AS latest ON latest.category = l.category AND latest.day = p.last_day
  JOIN season_days AS present ON present.category = l.category AND present.day = :as_of_day
)
SELECT
  customer_key,
  CAST(FLOOR(CAST(SUM(span_more) AS DOUBLE) / CAST(NULLIF(MAX(all_lines), 0) AS DOUBLE)) AS BIGINT) AS span_more,
  CAST(FLOOR(CAST(SUM(since_more) AS DOUBLE) / CAST(NULLIF(MAX(all_lines), 0) AS DOUBLE)) AS BIGINT) AS since_more
FROM passed
GROUP BY customer_key
