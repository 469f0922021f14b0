INSERT INTO identity_users (tenant, id, version, created_at, updated_at, last_event, record) SELECT tenant, id,
  version, created_at, updated_at, 0, 'damaged' FROM identity_old_users WHERE tenant = ?1 AND id = ?2 ON CONFLICT DO
  NOTHING
