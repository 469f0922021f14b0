INSERT INTO identity_users (tenant, id, version, created_at, updated_at, last_event, claims, record) VALUES (?1, ?2,
  ?3, ?4, ?5, (SELECT coalesce(max(event), 0) + 1 FROM identity_events), ?6, ?7) ON CONFLICT DO NOTHING
