SELECT user, last_event, version FROM identity_users WHERE tenant = ?1 AND id = ?2
