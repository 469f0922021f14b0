UPDATE identity_outbox SET lease = NULL, leased_until = NULL, due_at = ?3, attempts = max(attempts - 1, 0) WHERE id =
  ?2 AND lease = ?1 AND sent_at IS NULL
