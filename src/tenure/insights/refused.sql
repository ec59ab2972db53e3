-- purpose: why the latest run kept silent, by campaign and rule
-- grain: one row per campaign and rule
-- inputs: refusals
-- columns: campaign, rule, customers, as_of
-- traps: only the latest run counts; one customer is refused by every campaign once, so campaigns do not add up to people
WITH latest AS (
  SELECT run_id, as_of, ROW_NUMBER() OVER (ORDER BY as_of DESC, run_id DESC) AS place FROM refusals
  GROUP BY run_id, as_of
)
SELECT r.campaign AS campaign, r.rule AS rule, CAST(SUM(r.customers) AS BIGINT) AS customers, MAX(r.as_of) AS as_of
FROM refusals r
JOIN latest l ON l.run_id = r.run_id
WHERE l.place = 1
GROUP BY r.campaign, r.rule
