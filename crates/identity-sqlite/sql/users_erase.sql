UPDATE identity_users SET version = ?2, created_at = NULL, updated_at = NULL, last_event = ?3, claims = NULL, record =
  NULL WHERE user = ?1
