SELECT began_at, drawn FROM {s}identity_budgets WHERE tenant = $1 AND kind = $2 AND quota = $3
