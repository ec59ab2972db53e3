-- purpose: how many people each campaign treated and how many it left alone
-- grain: one row per campaign and arm
-- inputs: assignments
-- columns: campaign, arm, people, occasions
-- traps: a customer with two occasions of one campaign is one person
WITH people AS (
  SELECT campaign, arm, customer_key, COUNT(*) AS occasions
  FROM assignments
  GROUP BY campaign, arm, customer_key
)
SELECT campaign, arm, COUNT(*) AS people, CAST(SUM(occasions) AS BIGINT) AS occasions
FROM people
GROUP BY campaign, arm
