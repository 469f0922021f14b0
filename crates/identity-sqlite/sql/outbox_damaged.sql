UPDATE identity_outbox SET lease = NULL, leased_until = NULL, failed_at = ?3,
  error = 'the stored message is damaged'
WHERE user = ?1 AND id = ?2
