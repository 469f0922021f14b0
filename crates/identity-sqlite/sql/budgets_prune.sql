-- Removes at most ?2 of the windows that ended before ?1.
DELETE FROM identity_budgets WHERE (tenant, quota, kind) IN (
  SELECT tenant, quota, kind FROM identity_budgets WHERE ends_at < ?1 LIMIT ?2
)
