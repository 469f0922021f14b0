INSERT INTO identity_outbox (id, tenant, user, identifier, channel, address, format, message, created_at, expires_at,
  due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9)
