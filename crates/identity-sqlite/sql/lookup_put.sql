INSERT INTO identity_lookup (tenant, kind, key, rule, verified, user_id, identifier, checksum) VALUES (?1, ?2, ?3, ?4,
  ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
