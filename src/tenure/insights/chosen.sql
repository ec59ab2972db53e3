-- purpose: what the latest run decided to say, by campaign
-- grain: one row per campaign that was chosen for anyone
-- inputs: decisions
-- columns: campaign, customers, worth_micro, as_of
-- traps: only the latest run counts; worth is made whole millionths before it is summed
WITH latest AS (
  SELECT run_id, as_of, ROW_NUMBER() OVER (ORDER BY as_of DESC, run_id DESC) AS place FROM decisions
  GROUP BY run_id, as_of
)
SELECT d.campaign AS campaign, COUNT(*) AS customers,
  CAST(SUM(CAST(ROUND(COALESCE(d.worth, 0) * 1000000) AS BIGINT)) AS BIGINT) AS worth_micro, MAX(d.as_of) AS as_of
FROM decisions d
JOIN latest l ON l.run_id = d.run_id
WHERE l.place = 1 AND d.rank = 1 AND d.outcome = 'chosen'
GROUP BY d.campaign
