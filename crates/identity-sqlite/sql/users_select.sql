SELECT user, last_event, claims FROM identity_users WHERE tenant = ?1 AND id = ?2 AND version = ?3 AND created_at IS
  NOT NULL
