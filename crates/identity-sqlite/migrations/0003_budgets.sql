INSERT INTO identity_budgets (tenant, quota, kind, began_at, ends_at, drawn)
SELECT tenant, quota, kind, began_at, ends_at, drawn FROM identity_quotas;
DROP TABLE identity_quotas;
