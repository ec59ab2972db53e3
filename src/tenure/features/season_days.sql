-- purpose: how far each seasonal category's clock has come by each day; nothing is seasonal until a model says so
-- grain: one row per seasonal category and day
-- inputs: none
-- columns: category, day, clock_milli
-- scope: base
-- traps: the warehouse gives the rows of the season model in place instead of this text; only differences of two days
--   of one category mean anything, in thousandths of a day of an average week
SELECT CAST(NULL AS STRING) AS category, CAST(NULL AS BIGINT) AS day, CAST(NULL AS BIGINT) AS clock_milli
FROM (SELECT 1 AS one) AS nothing
WHERE one = 0
