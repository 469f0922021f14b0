SELECT tenant, quota, kind, ends_at FROM identity_budgets WHERE (tenant, quota, kind) > (?1, ?2, ?3) ORDER BY tenant,
  quota, kind LIMIT ?4
