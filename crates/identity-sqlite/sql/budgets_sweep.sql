-- Removes those of the ?4 rows behind a place (?1, ?2, ?3) whose windows ended before ?5.
DELETE FROM identity_budgets
WHERE ends_at < ?5 AND (tenant, quota, kind) IN (
  SELECT tenant, quota, kind FROM identity_budgets WHERE (tenant, quota, kind) > (?1, ?2, ?3)
  ORDER BY tenant, quota, kind LIMIT ?4
)
