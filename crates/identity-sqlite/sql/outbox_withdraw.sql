DELETE FROM identity_outbox WHERE user = ?1 AND identifier = ?2 AND +sent_at IS NULL AND +failed_at IS NULL AND lease
  IS NULL
