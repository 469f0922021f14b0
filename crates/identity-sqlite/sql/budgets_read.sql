SELECT began_at, ends_at, drawn FROM identity_budgets WHERE tenant = ?1 AND quota = ?2 AND kind = ?3
