UPDATE identity_outbox SET lease = NULL, leased_until = NULL, failed_at = ?2, error = 'the stored message is damaged'
  WHERE id = ?1
