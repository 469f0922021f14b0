UPDATE identity_outbox SET lease = NULL, leased_until = NULL, due_at = ?3, error = ?4, provider = ?5, uncertain =
  uncertain + ?6 WHERE id = ?2 AND lease = ?1 AND sent_at IS NULL
