DELETE FROM identity_outbox WHERE id IN (SELECT id FROM identity_outbox WHERE (sent_at IS NOT NULL OR failed_at IS NOT
  NULL) AND coalesce(sent_at, failed_at) < ?1 LIMIT ?2)
