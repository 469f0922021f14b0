SELECT id, tenant, user, iif(format = 1, message, NULL), address, attempts - 1, uncertain, provider, 0 FROM
  identity_outbox WHERE sent_at IS NULL AND failed_at IS NULL AND lease = ?1 AND leased_until > ?2 ORDER BY due_at, id
