SELECT user, last_event, version, created_at IS NOT NULL, claims FROM identity_users WHERE tenant = ?1 AND id = ?2
