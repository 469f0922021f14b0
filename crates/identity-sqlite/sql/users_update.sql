UPDATE identity_users SET version = ?2, updated_at = ?3, last_event = ?4, claims = ?5, record = ?6 WHERE user = ?1
