-- The last of the ?4 rows behind a place (?1, ?2, ?3), if there are as many.
SELECT tenant, quota, kind FROM identity_budgets WHERE (tenant, quota, kind) > (?1, ?2, ?3)
ORDER BY tenant, quota, kind LIMIT 1 OFFSET ?4 - 1
