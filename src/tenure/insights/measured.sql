-- purpose: what each campaign changed, as it was last measured
-- grain: one row per campaign
-- inputs: effects
-- columns: campaign, treated, control, treated_rate, control_rate, effect, effect_low, effect_high, revenue_effect,
--   revenue_low, revenue_high, alarm
-- traps: every measurement is kept; only the latest moment counts
WITH latest AS (SELECT MAX(as_of) AS as_of FROM effects)
SELECT e.campaign AS campaign, e.treated AS treated, e.control AS control, e.treated_rate AS treated_rate,
  e.control_rate AS control_rate, e.effect AS effect, e.effect_low AS effect_low, e.effect_high AS effect_high,
  e.revenue_effect AS revenue_effect, e.revenue_low AS revenue_low, e.revenue_high AS revenue_high, e.alarm AS alarm
FROM effects e
JOIN latest l ON l.as_of = e.as_of
