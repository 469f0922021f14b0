UPDATE {s}identity_budgets SET drawn = GREATEST(0, drawn - $4)
WHERE tenant = $1 AND kind = $2 AND quota = $3 AND began_at <= $5 AND ends_at > $5
