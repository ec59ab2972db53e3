-- purpose: the moment of the profiles that are published
-- grain: one row; its moment is NULL when there are no profiles
-- inputs: profiles
-- columns: as_of, customers
-- traps: none
SELECT MAX(as_of) AS as_of, COUNT(*) AS customers FROM profiles
