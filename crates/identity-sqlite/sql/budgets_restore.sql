UPDATE identity_budgets SET began_at = ?4, ends_at = ?5, drawn = ?6 WHERE tenant = ?1 AND quota = ?2 AND kind = ?3
