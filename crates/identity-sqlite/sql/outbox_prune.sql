DELETE FROM identity_outbox WHERE (user, id) IN (SELECT user, id FROM identity_outbox
  WHERE (sent_at IS NOT NULL OR failed_at IS NOT NULL) AND coalesce(sent_at, failed_at) < ?1 LIMIT ?2)
