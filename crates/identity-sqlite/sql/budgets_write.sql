INSERT INTO identity_budgets (tenant, quota, kind, began_at, ends_at, drawn) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET began_at = ?4, ends_at = ?5, drawn = ?6
