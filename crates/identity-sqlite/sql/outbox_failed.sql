UPDATE identity_outbox SET lease = NULL, leased_until = NULL, failed_at = ?3, error = ?4 WHERE id = ?2 AND lease = ?1
  AND sent_at IS NULL
