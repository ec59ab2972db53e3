-- purpose: what each campaign, and all of them together, changed as it was last measured
-- grain: one row per campaign; `everything` is all marketing against the global holdout
-- inputs: effects
-- columns: campaign, since, treated, control, waiting, treated_rate, control_rate, effect, effect_low, effect_high,
--   variance_ratio, believed, learned, people_needed, weeks_needed, revenue_effect, revenue_low, revenue_high,
--   profit_effect, profit_low, profit_high, discount, wasted, wasted_low, wasted_high, alarm
-- traps: every measurement is kept; only the latest moment counts; money is in units, not in minor units
WITH latest AS (SELECT MAX(as_of) AS as_of FROM effects)
SELECT e.campaign AS campaign, e.since AS since, e.treated AS treated, e.control AS control, e.waiting AS waiting,
  e.treated_rate AS treated_rate, e.control_rate AS control_rate, e.effect AS effect, e.effect_low AS effect_low,
  e.effect_high AS effect_high, e.variance_ratio AS variance_ratio, e.believed AS believed, e.learned AS learned,
  e.people_needed AS people_needed, e.weeks_needed AS weeks_needed, e.revenue_effect AS revenue_effect,
  e.revenue_low AS revenue_low, e.revenue_high AS revenue_high, e.profit_effect AS profit_effect,
  e.profit_low AS profit_low, e.profit_high AS profit_high, e.discount AS discount, e.wasted AS wasted,
  e.wasted_low AS wasted_low, e.wasted_high AS wasted_high, e.alarm AS alarm
FROM effects e
JOIN latest l ON l.as_of = e.as_of
