UPDATE identity_budgets SET drawn = max(0, drawn - ?4) WHERE tenant = ?1 AND quota = ?2 AND kind = ?3 AND began_at <=
  ?5 AND ends_at > ?5
